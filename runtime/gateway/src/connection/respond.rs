//! What a client gets before, or instead of, a WebSocket.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wsfn_protocol::{CloseCode, Data, ErrNo, Event, Kind, MessageEvent, Note, Reply};
use wsfn_settings::Refuse;

use crate::codec;
use crate::journal::Route;
use crate::limit::Limit;
use crate::machine::CallError;
use crate::shared::Shared;
use crate::socket::{Reader, Writer};

/// What the answer to a good handshake needs.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) key: String,
    /// `Sec-WebSocket-Protocol` of the request, one list.
    pub(super) offered: Option<String>,
    /// `Sec-WebSocket-Extensions` of the answer.
    pub(super) extensions: Option<String>,
}

impl Handshake {
    fn offers(&self) -> impl Iterator<Item = &str> {
        let offered = self.offered.as_deref().unwrap_or_default();
        offered
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
    }

    /// The sub-protocol of the answer: what the function chose, if it was offered. Several count as the first.
    pub(super) fn choose_protocol(
        &self,
        chosen: Option<&str>,
        route: &Route,
        shared: &Shared,
    ) -> Option<String> {
        let first = chosen
            .and_then(|chosen| chosen.split(',').next())
            .map(str::trim)
            .filter(|first| !first.is_empty());
        match first {
            Some(first) if self.offers().any(|offer| offer == first) => Some(first.to_owned()),
            Some(first) => {
                if shared.warns_first(&format!("protocol not offered at {route}")) {
                    tracing::warn!(
                        %route,
                        protocol = first,
                        "the function chose a sub-protocol that the client did not offer; the answer has none"
                    );
                }
                None
            }
            None => {
                if self.offered.is_some()
                    && shared.warns_first(&format!("no protocol chosen at {route}"))
                {
                    tracing::warn!(
                        %route,
                        "the client offered sub-protocols and the function chose none: browsers drop such a connection"
                    );
                }
                None
            }
        }
    }

    /// The 101.
    pub(super) fn accepted(&self, protocol: Option<String>) -> Bytes {
        let mut text = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            codec::handshake::accept(&self.key)
        );
        // Writing to a string cannot fail.
        if let Some(protocol) = protocol {
            let _ = write!(text, "Sec-WebSocket-Protocol: {protocol}\r\n");
        }
        if let Some(extensions) = &self.extensions {
            let _ = write!(text, "Sec-WebSocket-Extensions: {extensions}\r\n");
        }
        text.push_str("\r\n");
        text.into()
    }

    /// A refusal by the function: 403 and a small JSON, or a connection that is closed at once with 4403.
    pub(super) fn refused(&self, err_no: ErrNo, err_msg: &str, how: Refuse) -> Answer {
        let err_msg = &err_msg[..err_msg.floor_char_boundary(CloseCode::REASON_MAX)];
        match how {
            Refuse::Http => {
                let body = Reply::error(err_no, err_msg).to_json();
                response(403, "application/json", body.as_bytes())
            }
            Refuse::Close => {
                let mut bytes = self
                    .accepted(self.offers().next().map(str::to_owned))
                    .to_vec();
                bytes.extend_from_slice(&codec::close::frame(CloseCode::REFUSED, err_msg));
                Answer {
                    status: 101,
                    bytes: bytes.into(),
                }
            }
        }
    }
}

const fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}

/// An answer after which the connection ends.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) bytes: Bytes,
}

pub(super) fn response(status: u16, content_type: &str, body: &[u8]) -> Answer {
    let more = match status {
        426 => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        405 => "Allow: GET, HEAD\r\n",
        503 => "Retry-After: 5\r\n",
        _ => "",
    };
    let mut bytes = format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{more}\r\n",
        phrase(status),
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    Answer {
        status,
        bytes: bytes.into(),
    }
}

/// An answer that says what it is and why, and nothing about the function.
pub(super) fn explained(status: u16, why: &str) -> Answer {
    let body = format!("{status} {}: {why}\n", phrase(status));
    response(status, "text/plain; charset=utf-8", body.as_bytes())
}

/// The answer to one more than the gateway takes.
pub(super) fn busy(limit: Limit) -> Answer {
    let why = match limit {
        Limit::MaxConnections => "too many connections",
        Limit::MaxRegistering => "too many handshakes wait for the function",
        Limit::QueueMemory => "all queues together are full",
        _ => "too many calls wait",
    };
    explained(503, &format!("{why} ({}), try again later", limit.name()))
}

/// The answer with this status.
pub(super) fn status(status: u16) -> Answer {
    explained(
        status,
        match status {
            408 => "the request took longer than handshake-timeout",
            426 => "this is a WebSocket endpoint",
            502 => "the function did not answer",
            503 => "busy, try again later",
            504 => "the function did not answer within invoke-timeout",
            _ => phrase(status),
        },
    )
}

/// What the sender of a failed message is told under `failed-message = tell`. `event` is the one of that message.
pub(super) fn failed_message(error: CallError, event: Option<&str>) -> Data<'static> {
    let (err_no, err_msg) = match error {
        CallError::Late => (
            ErrNo::TIMED_OUT,
            "the function did not answer within invoke-timeout",
        ),
        CallError::Failed => (ErrNo::FAILED, "the function failed"),
        CallError::NotSent => (ErrNo::BUSY, "the function is not reachable"),
        CallError::QueueFull => (ErrNo::BUSY, "too many calls wait (invoke-queue)"),
    };
    // What failed on the way may go well later; what the function itself did with it is not known.
    let note = Note::new(err_no, err_msg, error != CallError::Failed);
    let event = event.and_then(|event| Event::parse(event, Some(Kind::Message)).ok());
    let note = match &event {
        Some(Event::Message(MessageEvent {
            data: Data::Text(text),
            ..
        })) => note.answering(text),
        _ => note,
    };
    Data::Text(Cow::Owned(note.to_json()))
}

/// Writes an answer and closes as the codec says: first our side, then a bounded look at what the client still sends.
pub(super) async fn write_and_close(
    answer: Answer,
    mut reader: Reader,
    mut writer: Writer,
    timeout: Duration,
) {
    let write = async {
        writer.write_all(&answer.bytes).await?;
        writer.shutdown().await
    };
    if !matches!(tokio::time::timeout(timeout, write).await, Ok(Ok(()))) {
        return;
    }
    let drain = async {
        let mut buffer = [0; 1024];
        let mut left = codec::close::LINGER_BYTES;
        while let Ok(count) = reader.read(&mut buffer).await {
            if count == 0 || count >= left {
                return;
            }
            left -= count;
        }
    };
    // Whether the client was done in time or not: the socket is closed now.
    let _ = tokio::time::timeout(codec::close::LINGER_TIME, drain).await;
}
