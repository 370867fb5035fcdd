//! What the journal keeps of a connection: what its close event needs, should this process not live to send it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use wsfn_protocol::CloseCode;

use super::Route;
use crate::machine::Ending;

/// Where an entry stands: the start of the gateway that wrote it, and its number within that. Entries of earlier runs
/// are all before those of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) start: u64,
    pub(crate) number: u64,
}

/// An entry, as JSON in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry<'a> {
    /// The connection's id.
    pub(crate) id: Cow<'a, str>,
    /// The same for every delivery of the close event.
    pub(crate) event: Cow<'a, str>,
    /// Whose close function is called: settings may be others at the next start.
    #[serde(flatten)]
    pub(crate) route: Cow<'a, Route>,
    /// How the connection ended, where that was known before the process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<Ended<'a>>,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended<'a> {
    pub(crate) code: u16,
    pub(crate) reason: Cow<'a, str>,
    /// When, in seconds since 1970.
    pub(crate) at: u64,
}

impl Entry<'_> {
    pub(super) fn encode(&self) -> Box<[u8]> {
        // Strings and numbers: this does not fail, and an entry that cannot be read is reported where it is read.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Entry<'static>> {
        serde_json::from_slice(bytes).ok()
    }

    /// What the close event says: where nothing is known of the end, that there was no close frame.
    pub(crate) fn ending(&self) -> Ending {
        self.ended.as_ref().map_or(Ending::LOST, |ended| {
            Ending::new(CloseCode(ended.code), ended.reason.clone().into_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let route = Route {
            host: Some("chat.example".into()),
            path: None,
        };
        let entry = Entry {
            id: "x==".into(),
            event: "e".into(),
            route: Cow::Borrowed(&route),
            ended: Some(Ended {
                code: 4000,
                reason: "\"bye\"".into(),
                at: 7,
            }),
        };
        assert_eq!(Entry::decode(&entry.encode()), Some(entry.clone()));
        assert_eq!(entry.ending().code.0, 4000);
        let entry = Entry {
            ended: None,
            ..entry
        };
        let written = entry.encode();
        assert_eq!(
            std::str::from_utf8(&written),
            Ok(r#"{"id":"x==","event":"e","host":"chat.example"}"#)
        );
        assert_eq!(Entry::decode(&written), Some(entry.clone()));
        assert_eq!(entry.ending(), Ending::LOST);
    }

    #[test]
    fn what_is_no_entry_is_none() {
        for wrong in ["", "{}", "[]", "{\"id\":1}", "\u{1}"] {
            assert_eq!(Entry::decode(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
