//! What handlers asked of the gateway.

use std::borrow::Cow;
use std::time::Duration;

use serde::de::DeserializeOwned;
use wsfn_protocol::{Answer, Audience, Data, ReplyPush, Request};

use super::outcome::PushKind;
use super::record::{short_name, shown_bytes, shown_text};
use crate::connection_id::ConnectionId;
use crate::message::Message;

/// Something that a handler asked of the gateway: [`RunningApp::pushes`](super::RunningApp::pushes).
///
/// ```
/// # fn example(app: &wsfn::testing::RunningApp) {
/// let pushes = app.pushes();
/// let last = pushes.last().expect("somebody was written to");
/// assert_eq!((last.text(), last.err_no), (Some("hello"), Some(0)));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pushed {
    /// What.
    pub kind: PushKind,
    /// For which connections; a broadcast names none.
    pub ids: Vec<ConnectionId>,
    /// The rooms of a broadcast, or the room that is joined, left or looked into. A broadcast without rooms is to
    /// everyone.
    pub rooms: Vec<String>,
    /// The message, where there is one.
    pub message: Option<Message>,
    /// The code and the reason of a close, as far as they were given.
    pub close: Option<(Option<u16>, Option<String>)>,
    /// `errNo` of the answer: 0 where it was taken, `None` where there was no answer in time. What a message handler
    /// returned counts as taken: nobody is told what becomes of it.
    pub err_no: Option<i64>,
    /// How many connections a broadcast or a message to several reached.
    pub delivered: Option<usize>,
    /// When, since the application was started.
    pub at: Duration,
}

impl Pushed {
    /// The message, where it is a text.
    ///
    /// ```
    /// # fn example(app: &wsfn::testing::RunningApp) {
    /// assert_eq!(app.pushes()[0].text(), Some("hello"));
    /// # }
    /// ```
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.message {
            Some(Message::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The message as JSON.
    ///
    /// ```
    /// # fn example(app: &wsfn::testing::RunningApp) {
    /// let names: Vec<String> = app.pushes()[0].json();
    /// # }
    /// ```
    ///
    /// # Panics
    /// When it is no text, or not JSON of this type.
    #[must_use]
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        let Some(text) = self.text() else {
            panic!("expected a push of a text, but it was: {}", self.line(&[]));
        };
        serde_json::from_str(text).unwrap_or_else(|error| {
            panic!(
                "expected a push of JSON that is a `{}`, but it was {}: {error}",
                short_name::<T>(),
                shown_text(text)
            )
        })
    }

    pub(super) fn of_request(request: &Request<'_>, at: Duration) -> Self {
        let mut pushed = Self::new(PushKind::of(request), at);
        match request {
            Request::Send { to, data } => {
                pushed.ids = ids([to]);
                pushed.message = Some(message(&data.data));
            }
            Request::SendMany { to, data } => {
                pushed.ids = ids(to);
                pushed.message = Some(message(&data.data));
            }
            Request::Close { to, code, reason } => {
                pushed.ids = ids([to]);
                pushed.close = Some((*code, reason.as_deref().map(str::to_owned)));
            }
            Request::Join { id, room } => {
                pushed.ids = ids([id]);
                pushed.rooms = texts([room]);
            }
            Request::Leave { id, room } => {
                pushed.ids = ids([id]);
                pushed.rooms = texts(room);
            }
            Request::Broadcast { to, data, .. } => {
                if let Audience::Rooms(rooms) = to {
                    pushed.rooms = texts(rooms);
                }
                pushed.message = Some(message(&data.data));
            }
            Request::Members { room, .. } => pushed.rooms = texts([room]),
            Request::Rooms { id } | Request::Session { id, .. } => pushed.ids = ids([id]),
            Request::Alive { ids: all } => pushed.ids = ids(all),
            _ => {}
        }
        pushed
    }

    pub(super) fn of_reply(id: &str, push: &ReplyPush<'_>, at: Duration) -> Self {
        let mut pushed = Self::new(PushKind::of_reply(push), at);
        pushed.ids = vec![ConnectionId::new(id)];
        pushed.err_no = Some(0);
        match push {
            ReplyPush::Send(data) => pushed.message = Some(message(&data.data)),
            ReplyPush::Close { code, reason } => {
                pushed.close = Some((*code, reason.as_deref().map(str::to_owned)));
            }
        }
        pushed
    }

    const fn new(kind: PushKind, at: Duration) -> Self {
        Self {
            kind,
            ids: Vec::new(),
            rooms: Vec::new(),
            message: None,
            close: None,
            err_no: None,
            delivered: None,
            at,
        }
    }

    /// The same with what came of it.
    pub(super) fn answered(self, answer: Option<&Answer>) -> Self {
        Self {
            err_no: answer.map(|answer| answer.err_no),
            delivered: answer.and_then(|answer| answer.delivered),
            ..self
        }
    }

    /// It in a line; `names` are what its connections are called.
    pub(super) fn line(&self, names: &[String]) -> String {
        let mut line = format!("{:?}", self.kind).to_lowercase();
        if !names.is_empty() {
            line += &format!(" of {}", names.join(", "));
        }
        if !self.rooms.is_empty() {
            line += &format!(" in {}", self.rooms.join(", "));
        }
        match &self.message {
            Some(Message::Text(text)) => line += &format!(": {}", shown_text(text)),
            Some(Message::Binary(bytes)) => line += &format!(": {}", shown_bytes(bytes)),
            None => {}
        }
        if let Some((code, reason)) = &self.close {
            let code = code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
            line += &format!(": {code} {}", reason.as_deref().unwrap_or_default());
        }
        match (self.err_no, self.delivered) {
            (Some(0), Some(delivered)) => line += &format!(" ⇒ {delivered} delivered"),
            (Some(0), None) => {}
            (Some(err_no), _) => line += &format!(" ⇒ errNo {err_no}"),
            (None, _) => line += " ⇒ no answer",
        }
        line
    }
}

fn message(data: &Data<'_>) -> Message {
    match data {
        Data::Text(text) => Message::Text((**text).to_owned()),
        Data::Binary(bytes) => Message::Binary(bytes.to_vec()),
    }
}

fn ids<'r>(all: impl IntoIterator<Item = &'r Cow<'r, str>>) -> Vec<ConnectionId> {
    let ids = all.into_iter().map(|id| ConnectionId::new(&**id));
    ids.collect()
}

fn texts<'r>(all: impl IntoIterator<Item = &'r Cow<'r, str>>) -> Vec<String> {
    all.into_iter().map(|text| (**text).to_owned()).collect()
}
