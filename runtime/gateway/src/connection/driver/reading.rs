//! From the socket to the inbox.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use wsfn_protocol::{CloseCode, Data};

use super::Driver;
use crate::codec::{self, ProtocolError, scratch};
use crate::connection::event;
use crate::connection::inbox::Undecoded;
use crate::limit::Limit;
use crate::machine::{Ending, Input};
use crate::socket::Reader;

/// How many reads one poll does before it lets other tasks run.
const READS_PER_POLL: usize = 8;

impl Driver<'_> {
    /// The limit by which the socket is not read at the moment.
    pub(super) fn paused_by(&mut self) -> Option<Limit> {
        if !self.machine.takes_messages() {
            return None;
        }
        let options = &self.service.options;
        self.memory_full = self.shared.hub.is_memory_full();
        if self.memory_full {
            return Some(Limit::QueueMemory);
        }
        self.inbox
            .full_by(options.in_max_messages, options.in_max_bytes)
    }

    /// Reading stops for a while, where it has to.
    fn pauses(&mut self) -> bool {
        let Some(limit) = self.paused_by() else {
            return false;
        };
        if !self.was_paused {
            self.reached(limit);
        }
        self.was_paused = true;
        self.paused_for_memory = self.memory_full;
        true
    }

    /// Whether nothing of this connection is under way but what was read and not decoded. Where all queues are full of
    /// that, everybody would wait for everybody: so it goes on, a message at a time.
    fn is_held_up_by_itself(&self) -> bool {
        self.paused_for_memory
            && self.inbox.undecoded() > 0
            && self.inbox.is_empty()
            && self.calls.is_empty()
            && self.replies.is_empty()
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Input>> {
        let polled = self.poll_socket(cx);
        self.count_held();
        polled
    }

    /// Counts what was read and is no message yet among the bytes of all queues.
    pub(super) fn count_held(&mut self) {
        let now = self.decoder.held() + self.inbox.undecoded();
        let memory = self.shared.hub.memory();
        match now.checked_sub(self.held) {
            Some(0) => {}
            Some(more) => _ = memory.fetch_add(more, Ordering::Relaxed),
            None => _ = memory.fetch_sub(self.held - now, Ordering::Relaxed),
        }
        self.held = now;
    }

    fn poll_socket(&mut self, cx: &mut Context<'_>) -> Poll<Option<Input>> {
        if let Some((_, left)) = &mut self.linger {
            return discard(self.reader.as_mut(), left, cx).map(Some);
        }
        if !self.machine.reads() {
            return Poll::Pending;
        }
        if self.pauses() {
            if !self.is_held_up_by_itself() {
                return Poll::Pending;
            }
        } else if std::mem::take(&mut self.was_paused) {
            self.resume();
        }
        if let Some(mut kept) = self.inbox.take_undecoded() {
            let (consumed, input) = self.decode(kept.rest());
            self.inbox.keep(kept.advanced(consumed));
            if input.is_some() {
                return Poll::Ready(input);
            }
            if self.pauses() {
                return Poll::Pending;
            }
        }
        for _ in 0..READS_PER_POLL {
            let Some(mut reader) = self.reader.take() else {
                return Poll::Pending;
            };
            // The buffer is the thread's: it is lent for this closure and holds nothing afterwards.
            let result = scratch::with_read(|buffer| {
                let mut read = ReadBuf::new(buffer);
                match Pin::new(&mut reader).poll_read(cx, &mut read) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Err(_)) => Poll::Ready(Some(Input::Gone)),
                    Poll::Ready(Ok(())) if read.filled().is_empty() => {
                        Poll::Ready(Some(Input::Gone))
                    }
                    Poll::Ready(Ok(())) => {
                        self.last_read = self.now;
                        self.ping_sent = None;
                        let bytes = read.filled_mut();
                        let (consumed, input) = self.decode(bytes);
                        self.inbox.keep(Undecoded::new(&bytes[consumed..]));
                        Poll::Ready(input)
                    }
                }
            });
            self.reader = Some(reader);
            if let Some(input) = ready!(result) {
                return Poll::Ready(Some(input));
            }
            if !self.outputs.is_empty() {
                // A message is due: its call goes before the next read.
                return Poll::Ready(None);
            }
            if self.pauses() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reading goes on. What came meanwhile was not looked at, so its absence says nothing.
    pub(super) fn resume(&mut self) {
        self.last_read = self.now;
        self.last_message = self.now;
        self.ping_sent = None;
        // One that waited because all queues were full had part in it, and gets no time back.
        if !std::mem::take(&mut self.paused_for_memory) && self.message_since.is_some() {
            self.message_since = Some(self.now);
        }
    }

    /// Decodes until nothing is left, the inbox is full, or something comes that ends the reading. Says how much was
    /// consumed.
    pub(super) fn decode(&mut self, bytes: &mut [u8]) -> (usize, Option<Input>) {
        let mut consumed = 0;
        loop {
            let rest = &mut bytes[consumed..];
            let last = rest.len();
            let (used, event) = match self.decoder.decode(rest) {
                Ok(decoded) => decoded,
                Err(error) => {
                    match error {
                        ProtocolError::MessageTooBig => self.reached(Limit::MaxMessage),
                        ProtocolError::FrameTooBig => self.reached(Limit::MaxFrame),
                        _ => {}
                    }
                    let ending = Ending::new(error.close_code(), error.reason());
                    let broken = true;
                    return (bytes.len(), Some(Input::End { ending, broken }));
                }
            };
            consumed += used;
            let mut refused = None;
            match event {
                None if used == last => {
                    self.note_progress();
                    return (consumed, None);
                }
                None | Some(codec::Event::Pong(_)) => {}
                Some(codec::Event::Text(text)) => refused = self.received(&Data::Text(text)),
                Some(codec::Event::Binary(data)) => refused = self.received(&Data::Binary(data)),
                Some(codec::Event::Ping(payload)) => {
                    self.peer.out().set_pong(codec::control::pong(&payload));
                    self.flush_soon();
                }
                Some(codec::Event::Close(close)) => {
                    self.close_answer = Some(codec::close::answer(&close));
                    let code = close.code.unwrap_or(CloseCode::NO_STATUS);
                    let ending = Ending::new(code, close.reason.into_owned());
                    return (bytes.len(), Some(Input::CloseReceived(ending)));
                }
            }
            if let Some(ending) = refused {
                let broken = false;
                return (consumed, Some(Input::End { ending, broken }));
            }
            if self.paused_by().is_some() {
                return (consumed, None);
            }
        }
    }

    /// A message is complete: it is the function's, unless the end has begun, or it is a heartbeat. The answer is how
    /// the connection ends because of it, where it does.
    pub(super) fn received(&mut self, data: &Data<'_>) -> Option<Ending> {
        self.message_since = None;
        if !self.machine.takes_messages() {
            return None;
        }
        self.last_message = self.last_read;
        let options = &self.service.options;
        if let Some(rate) = options.rate
            && !rate.allows(&mut self.rate_used, self.last_read)
        {
            self.reached(Limit::MaxRate);
            let reason = "more messages a second than max-rate";
            return Some(Ending::new(CloseCode::POLICY, reason));
        }
        if let Some(heartbeat) = &options.heartbeat
            && matches!(data, Data::Text(text) if *text == heartbeat.ping)
        {
            let pong = Data::Text((&*heartbeat.pong).into());
            // A client that does not read has no use for it.
            let _ = self.shared.hub.send_to(&self.peer, &pong.into());
            return None;
        }
        let event = event::message(self.peer.id(), data);
        if event.len() > options.event_max {
            self.reached(Limit::Limits);
            let reason = "its event is above the 6 MB of limits = tencent";
            return Some(Ending::new(CloseCode::TOO_BIG, reason));
        }
        self.inbox.push(event, self.shared.hub.memory());
        self.feed(Input::Message);
        None
    }

    pub(super) fn note_progress(&mut self) {
        self.message_since = if self.decoder.is_within_message() {
            self.message_since.or(Some(self.last_read))
        } else {
            None
        };
    }
}

/// Reads and throws away, so that no RST eats the close frame.
fn discard(reader: Option<&mut Reader>, left: &mut usize, cx: &mut Context<'_>) -> Poll<Input> {
    let Some(reader) = reader else {
        return Poll::Ready(Input::SocketEnded);
    };
    loop {
        let read = scratch::with_read(|buffer| {
            let mut read = ReadBuf::new(buffer);
            let result = Pin::new(&mut *reader).poll_read(cx, &mut read);
            result.map_ok(|()| read.filled().len())
        });
        match ready!(read) {
            Ok(count) if count > 0 && count < *left => *left -= count,
            _ => return Poll::Ready(Input::SocketEnded),
        }
    }
}
