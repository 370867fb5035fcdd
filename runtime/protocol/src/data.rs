//! What a message carries: text, or bytes that travel as base64.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Standard alphabet; written padded, read padded or not (protocol: `dataType` `binary`).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The payload of a message, as `dataType` and `data` give it: `text` is the string itself, `binary` is base64 with
/// the standard alphabet, padded or not.
///
/// ```
/// use wsfn_protocol::Data;
///
/// let data = Data::from_wire("binary", "AAEC/w==".into())?;
/// assert_eq!(data, Data::Binary(vec![0, 1, 2, 255].into()));
/// assert_eq!((data.data_type(), &*data.to_wire()), ("binary", "AAEC/w=="));
/// # Ok::<(), wsfn_protocol::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(tag = "dataType", content = "data", rename_all = "lowercase")
)]
pub enum Data<'a> {
    /// A text message.
    Text(Cow<'a, str>),
    /// A binary message, which travels as base64.
    Binary(#[cfg_attr(feature = "schema", schemars(with = "crate::schema::Base64"))] Cow<'a, [u8]>),
}

impl<'a> Data<'a> {
    /// The payload that `dataType` and `data` describe.
    ///
    /// # Errors
    /// When the type is neither `text` nor `binary`, or the data of a binary message is not base64.
    pub fn from_wire(data_type: &str, data: Cow<'a, str>) -> Result<Self, DataError> {
        match data_type {
            "text" => Ok(Self::Text(data)),
            "binary" => match BASE64.decode(data.as_bytes()) {
                Ok(bytes) => Ok(Self::Binary(Cow::Owned(bytes))),
                Err(error) => Err(DataError(Kind::Base64(error))),
            },
            other => Err(DataError(Kind::Type(shortened(other)))),
        }
    }

    /// `text` or `binary`.
    #[must_use]
    pub const fn data_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
        }
    }

    /// What stands in `data`: the text itself, or base64.
    #[must_use]
    pub fn to_wire(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Binary(bytes) => Cow::Owned(BASE64.encode(bytes)),
        }
    }

    /// The bytes of the payload as a WebSocket frame carries them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The same without a borrow.
    #[must_use]
    pub fn into_owned(self) -> Data<'static> {
        match self {
            Self::Text(text) => Data::Text(Cow::Owned(text.into_owned())),
            Self::Binary(bytes) => Data::Binary(Cow::Owned(bytes.into_owned())),
        }
    }

    /// A borrow of the same.
    #[must_use]
    pub fn borrowed(&self) -> Data<'_> {
        match self {
            Self::Text(text) => Data::Text(Cow::Borrowed(text)),
            Self::Binary(bytes) => Data::Binary(Cow::Borrowed(bytes)),
        }
    }

    pub(crate) fn write<S: SerializeStruct>(&self, out: &mut S) -> Result<(), S::Error> {
        out.serialize_field("dataType", self.data_type())?;
        out.serialize_field("data", &*self.to_wire())
    }
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Data", 2)?;
        self.write(&mut out)?;
        out.end()
    }
}

/// The most characters of a value of the sender's that stand in a message about it.
const SHOWN: usize = 40;

/// A value for a message: whole when short, else its beginning.
pub(crate) fn shortened(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", &value[..end]),
    }
}

/// Why `dataType` and `data` are no payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Type(String),
    Base64(base64::DecodeError),
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Type(found) => {
                write!(
                    f,
                    "websocket.dataType: expected `text` or `binary`, found `{found}`"
                )
            }
            Kind::Base64(error) => {
                let error = error.to_string();
                let error = error.trim_end_matches('.');
                write!(f, "websocket.data: expected base64: {}", lowered(error))
            }
        }
    }
}

fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

impl std::error::Error for DataError {}
