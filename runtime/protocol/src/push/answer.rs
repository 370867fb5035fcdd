//! What the gateway answers to a push.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::code::ErrNo;
use crate::session::SessionValue;

/// The answer to a push. Tencent's gateway gives `errNo` and `errMsg` at most; the other fields are our own
/// gateway's, each for the action that asks for it.
///
/// ```
/// use wsfn_protocol::{Answer, ErrNo};
/// let answer = Answer::parse(br#"{"errNo":1101,"errMsg":"no such connection"}"#).unwrap();
/// assert_eq!(answer.err_no(), ErrNo::GONE);
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, rename_all = "camelCase")]
pub struct Answer {
    /// `errNo`.
    pub err_no: i64,
    /// `errMsg`.
    pub err_msg: String,
    /// To how many connections a message was queued (several connections, broadcast).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<usize>,
    /// Which connections it was not queued to, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<Vec<Failed>>,
    /// A page of the ids in a room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<String>>,
    /// How many the whole room has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// What `after` of the next page has to be; nothing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The sessions of the page's members, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<BTreeMap<String, SessionValue>>,
    /// The rooms of a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Vec<String>>,
    /// Which of the ids are open connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alive: Option<Vec<String>>,
    /// The session of a connection, as JSON; `null` at first, which is read as nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Box<RawValue>>,
    /// How often the session was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A connection that a message was not queued to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failed {
    /// `secConnectionID`.
    #[serde(rename = "secConnectionID")]
    pub id: String,
    /// 1101 or 1103.
    #[serde(rename = "errNo")]
    pub err_no: i64,
}

impl Answer {
    /// `errNo` 0, `errMsg` `ok`.
    #[must_use]
    pub fn ok() -> Self {
        Self::error(ErrNo::OK, "ok")
    }

    /// A number and its text.
    #[must_use]
    pub fn error(err_no: ErrNo, err_msg: impl Into<String>) -> Self {
        Self {
            err_no: err_no.0,
            err_msg: err_msg.into(),
            ..Self::default()
        }
    }

    /// The number, as a type.
    #[must_use]
    pub const fn err_no(&self) -> ErrNo {
        ErrNo(self.err_no)
    }

    /// The answer as the gateway sends it.
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::reply::json(self)
    }

    /// Reads an answer: `None` for an empty body or one that is no such JSON, which a gateway may send with a 200
    /// that means delivered (Tencent documents no body).
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        // What serde derives would take an array as the fields in their order.
        let is_object = body.trim_ascii_start().first() == Some(&b'{');
        is_object.then(|| serde_json::from_slice(body).ok())?
    }
}
