//! One JSON text for every kind of event, reply, push and answer, to try a function or a gateway with.
//!
//! The same texts are files in the folder `samples` of this package, for other languages and for `curl`. They are
//! on one line and without spaces, as they travel. Each follows the schema of the same name in
#![cfg_attr(feature = "schema", doc = "[`schema`](crate::schema).")]
#![cfg_attr(not(feature = "schema"), doc = "the folder `schema`.")]
//!
//! ```
//! use wsfn_protocol::{Event, Kind, samples};
//!
//! let event = Event::parse(samples::event::MESSAGE_TEXT, None)?;
//! assert_eq!(event.kind(), Kind::Message);
//! for sample in samples::event::ALL {
//!     println!("{}: {}", sample.name, sample.json);
//! }
//! # Ok::<(), wsfn_protocol::EventError>(())
//! ```

/// One text of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// What its file is called, without `.json`.
    pub name: &'static str,
    /// The text.
    pub json: &'static str,
    /// Whether this crate's types print the very same text. An older spelling is read, and written anew.
    pub canonical: bool,
}

/// A module for each folder: `NAME "file" canonical, "what it is"`.
macro_rules! samples {
    ($(#[$about:meta])* $folder:ident { $($name:ident $file:literal $canonical:literal $what:literal)+ }) => {
        $(#[$about])*
        pub mod $folder {
            use super::Sample;

            $(
                #[doc = $what]
                #[doc = concat!("\n\n```json\n", include_str!(concat!("../samples/", stringify!($folder), "/", $file, ".json")), "\n```")]
                pub const $name: &str = include_str!(concat!("../samples/", stringify!($folder), "/", $file, ".json"));
            )+

            /// All of them.
            pub const ALL: &[Sample] = &[$(Sample { name: $file, json: $name, canonical: $canonical }),+];
        }
    };
}

samples! {
    /// Events, gateway → function: [`Event::parse`](crate::Event::parse) reads them.
    event {
        CONNECT "connect" true "A client connects, with every field that Tencent documents (583/31437)."
        CONNECT_BARE "connect_bare" true "A client connects, and nothing is said of it that may be left out."
        CONNECT_FULL "connect_full" true "A client connects, with the additions of our gateway: headers, query string, path parameters."
        CONNECT_OLD "connect_old" false "A client connects: the service stands in `serviceId`, as in Tencent's own code."
        MESSAGE_TEXT "message_text" true "A text message."
        MESSAGE_TEXT_OLD "message_text_old" false "A text message with the action of older gateways, `data recv`."
        MESSAGE_BINARY "message_binary" true "A binary message: the bytes 0, 1, 2, 255 in base64."
        MESSAGE_BINARY_OLD "message_binary_old" false "A binary message with the action of older gateways and base64 without padding."
        CLOSE "close" true "A connection ended; all that Tencent's gateway says of it."
        CLOSE_CODE "close_code" true "A connection ended, with the additions of our gateway: code and reason, as strings."
        CLOSE_NO_FRAME "close_no_frame" true "A connection ended without a close frame, as our gateway says it: code 1006, no reason."
    }
}

samples! {
    /// Replies, function → gateway: [`Reply::parse`](crate::Reply::parse) reads them.
    reply {
        OK "ok" true "Done. To a connect event: accepted, without a sub-protocol."
        ACCEPT "accept" true "A connect is accepted, without a sub-protocol."
        ACCEPT_PROTOCOL "accept_protocol" true "A connect is accepted with a sub-protocol; the client had offered extensions too."
        ACCEPT_UNORDERED "accept_unordered" true "A connect is accepted, and messages may come while earlier ones are still handled: an addition of our gateway."
        REFUSE "refuse" true "A connect is refused, or a message has failed, with a number of the function's own."
        NO_REQUEST_CONTEXT "no_request_context" true "101, to the letter of Tencent's sample (583/31438): the connect event has no `requestContext`."
        NO_WEBSOCKET_CONNECT "no_websocket_connect" true "102, to the letter of Tencent's sample: the connect event has no `websocket`."
        NO_WEBSOCKET "no_websocket" true "102, to the letter of Tencent's samples: the message or close event has no `websocket`."
        PUSH "push" true "Done, with pushes to the sender inside the reply: an addition of our gateway."
    }
}

samples! {
    /// Pushes, function → gateway: [`Request::parse`](crate::Request::parse) reads them. The first two and
    /// [`CLOSE`](push::CLOSE) are Tencent's protocol, the others are additions of our gateway.
    push {
        TEXT "text" true "A text to one connection."
        BINARY "binary" true "Bytes to one connection: 0, 1, 2, 255 in base64."
        CLOSE "close" true "Forces a client offline."
        TEXT_PLAIN "text_plain" true "A text that is not to be compressed."
        TEXT_TO_MANY "text_to_many" true "A text to several connections."
        CLOSE_CODE "close_code" true "Forces a client offline, with a code and a reason."
        JOIN "join" true "Puts a connection into a room."
        LEAVE "leave" true "Takes a connection out of a room."
        LEAVE_ALL "leave_all" true "Takes a connection out of all its rooms."
        BROADCAST "broadcast" true "A text to everyone in a room but one."
        BROADCAST_ROOMS "broadcast_rooms" true "A text to everyone in two rooms, once to who is in both."
        BROADCAST_EVERYONE "broadcast_everyone" true "Bytes to every open connection."
        MEMBERS "members" true "Who is in a room."
        MEMBERS_PAGE "members_page" true "A page of who is in a room, with their sessions."
        ROOMS "rooms" true "Which rooms a connection is in."
        ALIVE "alive" true "Which of these connections are open."
        SESSION "session" true "Reads the session of a connection."
        SESSION_SET "session_set" true "Sets the session of a connection, if it is still at version 3."
    }
}

samples! {
    /// Answers to pushes, gateway → function: [`Answer::parse`](crate::Answer::parse) reads them.
    answer {
        OK "ok" true "Queued, closed, joined or left."
        DELIVERED "delivered" true "To a push to many: who it was not queued to, and why."
        MEMBERS "members" true "A page of a room, with sessions, and where the next one starts."
        ROOMS "rooms" true "The rooms of a connection."
        ALIVE "alive" true "The open ones of those that were asked about."
        SESSION "session" true "A session and its version."
        SESSION_NEW "session_new" false "A session that was never set. The `null` is read as no value."
        GONE "gone" true "1101: there is no such connection, or not any more."
        TOO_LARGE "too_large" true "1102: larger than a limit, which is named."
        QUEUE_FULL "queue_full" true "1103: the client reads too slowly."
        BAD_PUSH "bad_push" true "1104: not a push; says where and why."
        FORBIDDEN "forbidden" true "1105: not allowed to push."
        CONFLICT "conflict" true "1106: the session was set by somebody else meanwhile; what it is now."
        BUSY "busy" true "1107: the gateway is busy, or shuts down."
    }
}
