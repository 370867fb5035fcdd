//! The three events a handler can be for, as far as a macro knows them: by name.

use proc_macro2::{Ident, Span};

/// Which attribute stands on the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Connect,
    Message,
    Close,
}

impl Slot {
    pub(crate) const ALL: [Self; 3] = [Self::Connect, Self::Message, Self::Close];

    /// The attribute's name.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Connect => "on_connect",
            Self::Message => "on_message",
            Self::Close => "on_close",
        }
    }

    /// The type of `wsfn::__private` that stands for the event.
    pub(crate) fn marker(self) -> Ident {
        let name = match self {
            Self::Connect => "OnConnect",
            Self::Message => "OnMessage",
            Self::Close => "OnClose",
        };
        Ident::new(name, Span::call_site())
    }

    /// What a function of this event looks like, in full, for whoever wrote another one.
    pub(crate) fn expected(self, name: &str) -> String {
        let attribute = self.attribute();
        let (own, returns, also, returned) = match self {
            Self::Connect => (
                "offered: Protocols",
                "Result<Accept>",
                "there are also `Headers`, `Query<T>`, `ClientAddr` and other parts of the handshake",
                "`()`, `Accept`, or a `Result` of these",
            ),
            Self::Message => (
                "text: &str",
                "Result<()>",
                "for `&str` there can stand `&[u8]`, `Json<T>` or `Message`",
                "`()`, or what goes back to the sender: `&str`, `String`, `Text`, `Binary`, `Json<T>`, `Message`, \
                 an `Option` of these; or a `Result`",
            ),
            Self::Close => (
                "reason: CloseReason",
                "Result<()>",
                "there is no body and no handshake in this event",
                "`()` or `Result<()>`",
            ),
        };
        format!(
            "help: `#[{attribute}]` expects\n    \
             async fn {name}(id: &ConnectionId, {own}, rooms: &Rooms, push: &Push, state: &MyState) -> {returns}\n\
             note: take only the arguments you need, in any order; {also}\n\
             note: return {returned}"
        )
    }
}
