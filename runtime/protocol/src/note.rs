//! Notes to clients whose message failed.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::code::ErrNo;

/// The longest `id` that is repeated, in bytes as it was sent: a UUID twice over, and no room for a client to have a
/// second message sent along.
const ID_MAX: usize = 80;

/// What the sender of a message that failed is told: an addition of our own, since Tencent's gateway tells nothing.
///
/// ```
/// use wsfn_protocol::{ErrNo, Note};
/// let note = Note::new(ErrNo::TIMED_OUT, "handler timed out", true);
/// let message = r#"{"id":7,"text":"hello"}"#;
/// assert_eq!(
///     note.answering(message).to_json(),
///     r#"{"errNo":1006,"errMsg":"handler timed out","id":7,"temporary":true}"#
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note<'n> {
    /// `errNo`.
    #[serde(serialize_with = "number")]
    pub err_no: ErrNo,
    /// `errMsg`.
    pub err_msg: &'n str,
    /// `id` of the message, as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id<'n>>,
    /// Whether the same message may go well later. It does not say that nothing was done.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
}

/// JSON as it was sent: a string or a number.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
struct Id<'n>(&'n RawValue);

impl PartialEq for Id<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Eq for Id<'_> {}

impl<'n> Note<'n> {
    /// A note about no message in particular.
    #[must_use]
    pub const fn new(err_no: ErrNo, err_msg: &'n str, temporary: bool) -> Self {
        Self {
            err_no,
            err_msg,
            id: None,
            temporary,
        }
    }

    /// The same with the `id` of a message: where its text is a JSON object that has one, a string or a number of at
    /// most 80 bytes. So a client that has sent several knows which of them failed.
    #[must_use]
    pub fn answering(self, text: &'n str) -> Self {
        let id = id(text);
        Self { id, ..self }
    }

    /// The number of a text that is a note, whoever wrote it: a JSON object with `errNo` and `errMsg`.
    ///
    /// ```
    /// use wsfn_protocol::{ErrNo, Note};
    /// let note = r#"{"errNo":1006,"errMsg":"handler timed out","temporary":true}"#;
    /// assert_eq!(Note::err_no_of(note), Some(ErrNo::TIMED_OUT));
    /// assert_eq!(Note::err_no_of("hello"), None);
    /// ```
    #[must_use]
    pub fn err_no_of(text: &str) -> Option<ErrNo> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Written {
            err_no: i64,
            #[serde(rename = "errMsg")]
            _err_msg: IgnoredAny,
        }
        // Only an object: serde's derive takes an array for a struct too.
        if !text.trim_start().starts_with('{') {
            return None;
        }
        let written: Written = serde_json::from_str(text).ok()?;
        Some(ErrNo(written.err_no))
    }

    /// `id` of the message, as it was sent: JSON, a string with its quotes.
    #[must_use]
    pub fn id(&self) -> Option<&'n str> {
        self.id.map(|id| id.0.get())
    }

    /// The JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn id(text: &str) -> Option<Id<'_>> {
    #[derive(Deserialize)]
    struct Message<'m> {
        #[serde(borrow)]
        id: Option<&'m RawValue>,
    }
    // Only an object: serde's derive takes an array for a struct too.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let id = serde_json::from_str::<Message<'_>>(text).ok()?.id?;
    let is_text_or_number = id
        .get()
        .starts_with(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    (is_text_or_number && id.get().len() <= ID_MAX).then_some(Id(id))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn number<S: serde::Serializer>(err_no: &ErrNo, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(err_no.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answering(text: &str) -> String {
        Note::new(ErrNo(1), "e", false).answering(text).to_json()
    }

    #[test]
    fn an_id_comes_back_as_it_was_sent() {
        for id in [
            "7",
            "-7",
            "1.50",
            "1e3",
            r#""a\"\u0041\n""#,
            r#""""#,
            "18446744073709551616",
        ] {
            let text = format!(r#" {{"text":{{"id":1}},"id": {id} ,"more":[]}}"#);
            assert_eq!(
                answering(&text),
                format!(r#"{{"errNo":1,"errMsg":"e","id":{id}}}"#)
            );
        }
    }

    #[test]
    fn anything_else_has_none() {
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(ID_MAX - 1));
        for text in [
            "",
            "7",
            "[7]",
            r#"{"id":7"#,
            r#"{"id":7}x"#,
            r#"{"id":7,"id":8}"#,
            r#"{"id":{}}"#,
            r#"{"id":[7]}"#,
            r#"{"id":true}"#,
            r#"{"id":null}"#,
            r#"{"text":{"id":7}}"#,
            r#"{"ID":7}"#,
            &long,
        ] {
            assert_eq!(answering(text), r#"{"errNo":1,"errMsg":"e"}"#, "{text}");
        }
        let short = long.replacen("xx", "x", 1);
        assert!(answering(&short).contains("xxx"), "one byte less");
    }

    #[test]
    fn the_text_is_a_text_whatever_it_holds() {
        let note = Note::new(ErrNo(-1), "\"}\n\u{2028}", true).answering(r#"{"id":"\u2028"}"#);
        let read: serde_json::Value = serde_json::from_str(&note.to_json()).expect("JSON");
        assert_eq!(
            read,
            serde_json::json!({"errNo": -1, "errMsg": "\"}\n\u{2028}", "id": "\u{2028}", "temporary": true})
        );
        assert_eq!(note.id(), Some(r#""\u2028""#));
    }
}
