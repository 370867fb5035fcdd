//! Messages: what comes from a client and goes to one.

use std::borrow::Cow;

use serde::Serialize;
use wsfn_protocol::{Data, Payload};

use crate::error::Result;

/// A whole message, text or binary.
///
/// As an argument it is the message that came, as a return value the answer to it.
///
/// ```
/// use wsfn::{Message, on_message};
///
/// #[on_message]
/// async fn mirror(message: Message) -> Message {
///     match message {
///         Message::Text(text) => Message::Text(text.chars().rev().collect()),
///         Message::Binary(bytes) => Message::Binary(bytes.into_iter().rev().collect()),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(mirror(Message::from("abc")).await, Message::from("cba"));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Message {
    /// The message with a JSON text of `value`.
    ///
    /// ```
    /// use wsfn::Message;
    /// assert_eq!(Message::json(&["a", "list"])?, Message::from(r#"["a","list"]"#));
    /// # Ok::<(), wsfn::Error>(())
    /// ```
    ///
    /// # Errors
    /// When `value` cannot be written as JSON (a map whose keys are no strings).
    pub fn json(value: &impl Serialize) -> Result<Self> {
        Ok(Self::Text(serde_json::to_string(value)?))
    }

    /// The same, sent without compression: [`Plain`].
    ///
    /// ```
    /// let secret = wsfn::Message::from("a token").plain();
    /// ```
    #[must_use]
    pub const fn plain(self) -> Plain<Self> {
        Plain(self)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Message> for Data<'static> {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
        }
    }
}

impl<'m> From<&'m Message> for Data<'m> {
    fn from(message: &'m Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
        }
    }
}

/// A text message. As an argument it refuses a binary one.
///
/// ```
/// use wsfn::{Text, on_message};
///
/// #[on_message]
/// async fn shout(Text(line): Text<&str>) -> Text {
///     Text(line.to_uppercase())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(shout(Text("hello")).await, Text("HELLO".to_owned()));
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Text<T = String>(
    /// The text.
    pub T,
);

/// A binary message. As an argument it refuses a text one.
///
/// ```
/// use wsfn::{Binary, on_message};
///
/// #[on_message]
/// async fn invert(Binary(bytes): Binary) -> Binary {
///     Binary(bytes.into_iter().map(|byte| !byte).collect())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(invert(Binary(vec![0, 255])).await, Binary(vec![255, 0]));
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Binary<T = Vec<u8>>(
    /// The bytes.
    pub T,
);

/// A text message that is JSON. As an argument it reads the message; as a return value, and to push, it is written as
/// JSON.
///
/// What it reads may borrow from the message: `Json<Line<'_>>` with `&str` fields. A string with escapes (`\"`, `\n`)
/// can be borrowed too, at the price of a second reading of that message; a `Cow<str>` with `#[serde(borrow)]` needs
/// none.
///
/// A message that is not a `T` is answered with 1003, and its sender told what is wrong in words of JSON:
/// `lines[0].text: expected a string, got 7`.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use wsfn::{Json, on_message};
///
/// #[derive(Deserialize)]
/// struct Add<'a> {
///     name: &'a str,
///     numbers: Vec<i64>,
/// }
///
/// #[derive(Debug, PartialEq, Serialize)]
/// struct Sum {
///     text: String,
/// }
///
/// #[on_message]
/// async fn add(Json(add): Json<Add<'_>>) -> Json<Sum> {
///     let sum: i64 = add.numbers.iter().sum();
///     Json(Sum { text: format!("{sum} for {}", add.name) })
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let answer = add(Json(Add { name: "ann", numbers: vec![1, 2] })).await;
/// assert_eq!(answer.0, Sum { text: "3 for ann".to_owned() });
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(
    /// The value.
    pub T,
);

/// A message that is sent without compression, whatever its size and whatever was agreed on with the client.
///
/// A compressed message tells by its size how much of it stands there twice. So one that holds a secret beside text
/// that somebody else chose gives the secret away, a little with each message; this one does not. It is for our own
/// gateway: nothing says what Tencent's does, and it is not told.
///
/// ```
/// use wsfn::{Message, Plain, Text, on_message};
///
/// #[on_message]
/// async fn token(line: &str) -> Plain<Text> {
///     Plain(Text(format!("token=s3cr3t, you said: {line}")))
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(token("hello").await, Plain(Text("token=s3cr3t, you said: hello".to_owned())));
/// assert_eq!(Message::from("s3cr3t").plain(), Plain(Message::from("s3cr3t")));
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Plain<T>(
    /// The message.
    pub T,
);

/// What can be sent: texts, bytes, JSON, and whole messages.
///
/// ```no_run
/// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
/// use wsfn::{Binary, Json};
/// push.message(id, "a text").await?;
/// push.message(id, Binary(vec![1, 2, 3])).await?;
/// push.message(id, Json(["a", "list"])).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent",
    label = "not a message",
    note = "send a `&str`, a `String`, `Text`, `Binary`, `Json` or a `Message`"
)]
pub trait IntoMessage: Sized {
    /// The payload, borrowed where possible.
    ///
    /// ```
    /// use wsfn::IntoMessage;
    /// assert!("a text".into_message().is_ok());
    /// ```
    ///
    /// # Errors
    /// When a value cannot be written as JSON.
    fn into_message<'m>(self) -> Result<Payload<'m>>
    where
        Self: 'm;
}

/// Implements [`IntoMessage`] for a type: `variant` of what `value` is turned into.
macro_rules! into_message {
    ([$($generic:tt)*] $type:ty, $value:pat => $data:expr) => {
        impl<$($generic)*> IntoMessage for $type {
            fn into_message<'m>(self) -> Result<Payload<'m>>
            where
                Self: 'm,
            {
                let $value = self;
                Ok(Payload::from($data))
            }
        }
    };
}

into_message!([] &str, text => Data::Text(Cow::Borrowed(text)));
into_message!([] String, text => Data::Text(text.into()));
into_message!([] &String, text => Data::Text(text.into()));
into_message!([] Text, Text(text) => Data::Text(text.into()));
into_message!([] Text<&str>, Text(text) => Data::Text(text.into()));
into_message!([T: AsRef<str>] &Text<T>, Text(text) => Data::Text(text.as_ref().into()));
into_message!([] Binary, Binary(bytes) => Data::Binary(bytes.into()));
into_message!([] Binary<&[u8]>, Binary(bytes) => Data::Binary(bytes.into()));
into_message!([T: AsRef<[u8]>] &Binary<T>, Binary(bytes) => Data::Binary(bytes.as_ref().into()));
into_message!([T: Serialize] Json<T>, Json(value) => Data::Text(serde_json::to_string(&value)?.into()));
into_message!([T: Serialize] &Json<T>, Json(value) => Data::Text(serde_json::to_string(value)?.into()));
into_message!([] Message, message => Data::from(message));
into_message!([] &Message, message => Data::from(message));

#[diagnostic::do_not_recommend]
impl<T: IntoMessage> IntoMessage for Plain<T> {
    fn into_message<'m>(self) -> Result<Payload<'m>>
    where
        Self: 'm,
    {
        self.0
            .into_message()
            .map(|payload| Payload::plain(payload.data))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Binary, IntoMessage, Json, Message, Plain, Text};
    use wsfn_protocol::{Data, Payload};

    fn sent(message: impl IntoMessage) -> Data<'static> {
        let payload = message.into_message().expect("a message");
        assert!(payload.compress);
        payload.data.into_owned()
    }

    #[test]
    #[expect(
        clippy::needless_borrows_for_generic_args,
        reason = "borrowed ones are what is tested"
    )]
    fn everything_that_the_page_lists_can_be_sent() {
        let text = || Data::Text("hi".into());
        let bytes = || Data::Binary(vec![1, 2].into());
        assert_eq!(sent("hi"), text());
        assert_eq!(sent(String::from("hi")), text());
        assert_eq!(sent(&String::from("hi")), text());
        assert_eq!(sent(Text("hi")), text());
        assert_eq!(sent(&Text("hi".to_owned())), text());
        assert_eq!(sent(Message::from("hi")), text());
        assert_eq!(sent(&Message::from("hi")), text());
        assert_eq!(sent(Json("hi")), Data::Text("\"hi\"".into()));
        assert_eq!(sent(&Json([1])), Data::Text("[1]".into()));
        assert_eq!(sent(Binary(vec![1, 2])), bytes());
        assert_eq!(sent(Binary(&[1_u8, 2][..])), bytes());
        assert_eq!(sent(&Binary([1_u8, 2])), bytes());
        assert_eq!(sent(Message::Binary(vec![1, 2])), bytes());
    }

    #[test]
    fn what_is_plain_says_so() {
        let payload = Plain("hi").into_message().expect("a message");
        assert_eq!(payload, Payload::plain(Data::Text("hi".into())));
        let payload = Message::from("hi").plain().into_message();
        assert!(!payload.expect("a message").compress);
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        let map = BTreeMap::from([([1_u8], 1_u8)]);
        assert!(Json(&map).into_message().is_err());
    }
}
