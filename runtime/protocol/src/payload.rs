//! What a push carries: a message, and how it may travel.

use serde::ser::SerializeStruct;

use crate::data::{Data, DataError};
use crate::text::{FieldError, Loose};

/// The message of a push. Our gateway compresses it where the client agreed to that and it is large enough, unless it is
/// told not to.
///
/// ```
/// use wsfn_protocol::{Data, Payload, Request};
///
/// let secret = Payload::plain(Data::Text("a secret".into()));
/// let push = Request::Send { to: "x==".into(), data: secret };
/// assert!(push.to_json().ends_with(r#""data":"a secret","compress":false}}"#));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Payload<'a> {
    /// The message.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub data: Data<'a>,
    /// Whether it may be compressed; `"compress": false` on the wire where it may not. Our gateway only: another one
    /// does as it does with every message.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub compress: bool,
}

impl<'a> Payload<'a> {
    /// A message that is sent as it is, whatever its size. Compression tells the size of a secret beside text that
    /// somebody else chose.
    #[must_use]
    pub const fn plain(data: Data<'a>) -> Self {
        Self {
            data,
            compress: false,
        }
    }

    /// The same without a borrow.
    #[must_use]
    pub fn into_owned(self) -> Payload<'static> {
        Payload {
            data: self.data.into_owned(),
            compress: self.compress,
        }
    }

    /// A borrow of the same.
    #[must_use]
    pub fn borrowed(&self) -> Payload<'_> {
        Payload {
            data: self.data.borrowed(),
            compress: self.compress,
        }
    }

    pub(crate) fn write<S: SerializeStruct>(&self, out: &mut S) -> Result<(), S::Error> {
        self.data.write(out)?;
        if !self.compress {
            out.serialize_field("compress", &false)?;
        }
        Ok(())
    }
}

impl<'a> From<Data<'a>> for Payload<'a> {
    fn from(data: Data<'a>) -> Self {
        Self {
            data,
            compress: true,
        }
    }
}

/// The fields of `websocket` that make one.
#[derive(Default)]
pub(crate) struct Wire<'a> {
    pub(crate) data_type: Loose<'a>,
    pub(crate) data: Loose<'a>,
    pub(crate) compress: Option<bool>,
}

/// Why they make none.
pub(crate) enum WireError {
    Field(FieldError),
    Data(DataError),
}

impl std::fmt::Display for WireError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field(error) => error.fmt(f),
            Self::Data(error) => error.fmt(f),
        }
    }
}

impl<'a> Wire<'a> {
    pub(crate) fn read(self) -> Result<Payload<'a>, WireError> {
        let field = WireError::Field;
        let data_type = self
            .data_type
            .required("websocket.dataType")
            .map_err(field)?;
        let data = self.data.required("websocket.data").map_err(field)?;
        Ok(Payload {
            data: Data::from_wire(&data_type, data).map_err(WireError::Data)?,
            compress: self.compress.unwrap_or(true),
        })
    }
}
