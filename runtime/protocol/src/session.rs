//! The value that is kept with a connection.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The value kept with a connection, and how often it was set.
///
/// ```
/// use wsfn_protocol::SessionValue;
/// let session = SessionValue::from_header(r#"7 {"name":"Zo\u00eb"}"#).unwrap();
/// assert_eq!((session.version, session.value.get()), (7, r#"{"name":"Zo\u00eb"}"#));
/// assert_eq!(session.to_header(), r#"7 {"name":"Zo\u00eb"}"#);
/// assert_eq!(SessionValue::none().to_header(), "0");
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionValue {
    /// JSON; `null` at first.
    pub value: Box<RawValue>,
    /// 0 at first.
    pub version: u64,
}

impl SessionValue {
    /// The longest value of the header: with its name it stays below the 8 KiB that usual servers and proxies take for
    /// a line. A longer session is not sent along.
    pub const HEADER_MAX: usize = 7 << 10;

    /// What a connection has whose session was never set.
    #[must_use]
    pub fn none() -> Self {
        Self {
            value: RawValue::NULL.to_owned(),
            version: 0,
        }
    }

    /// The value of the header `Wsfn-Session`: with each event travels what the session was when it was sent, so that
    /// a function need not ask. It is the version and, behind a space, the value as JSON in ASCII. A version alone says
    /// that the value is too large for a header, 0 that there is none.
    #[must_use]
    pub fn to_header(&self) -> String {
        let json = self.value.get();
        let mut header = self.version.to_string();
        if self.version == 0 || json.len() > Self::HEADER_MAX {
            return header;
        }
        let alone = header.len();
        header.reserve(json.len() + 1);
        header.push(' ');
        for character in json.chars() {
            match character {
                // Between tokens, since a string has none.
                '\n' | '\r' | '\t' => header.push(' '),
                ' '..='~' => header.push(character),
                other => {
                    let mut units = [0; 2];
                    for unit in other.encode_utf16(&mut units) {
                        // Writing to a string cannot fail.
                        let _ = write!(header, "\\u{unit:04x}");
                    }
                }
            }
        }
        if header.len() > Self::HEADER_MAX {
            header.truncate(alone);
        }
        header
    }

    /// What such a header says; `None` where it does not say the value, which then has to be asked for.
    #[must_use]
    pub fn from_header(header: &str) -> Option<Self> {
        match header.split_once(' ') {
            Some((version, json)) => Some(Self {
                value: serde_json::from_str::<&RawValue>(json).ok()?.to_owned(),
                version: version.parse().ok()?,
            }),
            None => (header == "0").then(Self::none),
        }
    }
}
