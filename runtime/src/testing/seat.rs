//! What a client and the two tasks that read and write for it share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use wsfn_gateway::testing::ClientEnd;

use super::record::{PING_CAME, PONG_SENT, shown_bytes, shown_close, shown_text};
use super::wire::{self, Came, Frames};
use super::world::World;
use crate::message::Message;

/// Bytes that a client takes from its socket at once.
const READ_SIZE: usize = 16 << 10;
/// The code of a connection that ended without a close frame (RFC 6455, section 7.1.5), and of a frame without one.
const ABNORMAL: u16 = 1006;
const NO_STATUS: u16 = 1005;

/// One client's place.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) end: ClientEnd,
    state: Mutex<State>,
    /// Something came, or the connection ended.
    pub(super) changed: Notify,
    /// There is something to write.
    to_write: Notify,
    /// Reading was paused or goes on.
    reading: Notify,
}

/// What a client has got and not looked at yet, and what it has to send.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) inbox: VecDeque<Message>,
    pub(super) pongs: usize,
    /// How the connection was closed.
    pub(super) closed: Option<Closed>,
    /// Whether the test knows that.
    pub(super) closed_is_known: bool,
    /// The server has closed its side of the socket, or there is no socket any more.
    pub(super) ended: bool,
    pub(super) is_paused: bool,
    close_sent: bool,
    /// Nothing more is sent.
    finished: bool,
    out: VecDeque<Vec<u8>>,
}

/// How a connection was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Closed {
    const fn abnormal() -> Self {
        Self {
            code: ABNORMAL,
            reason: String::new(),
        }
    }
}

impl Seat {
    pub(super) fn new(number: usize, name: String, end: ClientEnd) -> Self {
        Self {
            number,
            name,
            end,
            state: Mutex::default(),
            changed: Notify::new(),
            to_write: Notify::new(),
            reading: Notify::new(),
        }
    }

    /// Nothing that panics runs under the lock.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a frame as soon as there is room.
    pub(super) fn send(&self, frame: Vec<u8>) {
        self.state().out.push_back(frame);
        self.to_write.notify_one();
    }

    /// Sends a close frame, unless one was sent. Says whether this one was.
    pub(super) fn send_close(&self, code: Option<u16>, reason: &str) -> bool {
        if std::mem::replace(&mut self.state().close_sent, true) {
            return false;
        }
        self.send(wire::close_frame(code, reason));
        true
    }

    /// Sends what there is to send, and nothing after it.
    pub(super) fn finish(&self) {
        self.state().finished = true;
        self.to_write.notify_one();
    }

    /// The client is gone, and knows it.
    pub(super) fn vanished(&self) {
        let mut state = self.state();
        state.closed.get_or_insert_with(Closed::abnormal);
        state.closed_is_known = true;
    }

    pub(super) fn pause(&self, paused: bool) {
        self.state().is_paused = paused;
        self.reading.notify_one();
    }

    /// Starts to read and to write for the client. `rest` is what came behind the answer to the handshake.
    pub(super) fn start(self: &Arc<Self>, world: Arc<World>, rest: &[u8]) {
        let mut frames = Frames::default();
        frames.feed(rest);
        tokio::spawn(Arc::clone(self).read(world, frames));
        tokio::spawn(Arc::clone(self).write());
    }

    async fn read(self: Arc<Self>, world: Arc<World>, mut frames: Frames) {
        let mut buffer = vec![0; READ_SIZE];
        loop {
            loop {
                match frames.next() {
                    Ok(Some(came)) => self.came(&world, came),
                    Ok(None) => break,
                    Err(why) => {
                        world.wire(&self, format!("← not a frame: {why}"));
                        self.end.reset();
                        return self.ended(&world);
                    }
                }
            }
            let paused = self.state().is_paused;
            let count = tokio::select! {
                biased;
                () = self.reading.notified() => continue,
                count = self.end.read(&mut buffer), if !paused => count,
            };
            match count {
                Ok(count) if count > 0 => frames.feed(&buffer[..count]),
                _ => return self.ended(&world),
            }
        }
    }

    fn came(&self, world: &World, came: Came) {
        match came {
            Came::Text(text) => {
                world.wire(self, format!("← text {}", shown_text(&text)));
                self.state().inbox.push_back(Message::Text(text));
            }
            Came::Binary(bytes) => {
                world.wire(self, format!("← binary {}", shown_bytes(&bytes)));
                self.state().inbox.push_back(Message::Binary(bytes));
            }
            Came::Ping(payload) => {
                world.wire(self, PING_CAME.to_owned());
                world.wire(self, PONG_SENT.to_owned());
                self.send(wire::frame(wire::PONG, &payload));
            }
            Came::Pong => {
                world.wire(self, "← pong".to_owned());
                self.state().pongs += 1;
            }
            Came::Close(code, reason) => {
                world.wire(self, format!("← {}", shown_close(code, &reason)));
                if self.send_close(code, "") {
                    world.wire(self, format!("→ {}", shown_close(code, "")));
                }
                let code = code.unwrap_or(NO_STATUS);
                self.state().closed.get_or_insert(Closed { code, reason });
            }
        }
        self.changed.notify_one();
    }

    fn ended(&self, world: &World) {
        let mut state = self.state();
        state.ended = true;
        if state.closed.is_none() {
            world.wire(self, "← the end, without a close frame".to_owned());
            state.closed = Some(Closed::abnormal());
        }
        drop(state);
        self.finish();
        self.changed.notify_one();
    }

    async fn write(self: Arc<Self>) {
        loop {
            let (frame, finished) = {
                let mut state = self.state();
                (state.out.pop_front(), state.finished)
            };
            match frame {
                // An error is a connection that was reset, which the reader tells.
                Some(frame) => {
                    if self.end.write_all(&frame).await.is_err() {
                        return;
                    }
                }
                None if finished => return self.end.finish(),
                None => self.to_write.notified().await,
            }
        }
    }
}
