//! A long text in many pieces.

use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::error::Why;
use super::{Push, PushError};
use crate::connection_id::ConnectionId;

/// How long a piece waits for others to go with it: no eye sees it, and a model's words come faster.
const EVERY: Duration = Duration::from_millis(50);

/// What is sent without waiting further: about what fits into one packet.
const SIZE: usize = 1200;

/// Pieces that wait to be put together. A writer that is faster waits.
const PIECES_MAX: usize = 64;

/// The first and the longest pause before another try, where the client's queue is full.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long a message waits for room in all. Our gateway cuts a client that takes nothing for `write-timeout`, which
/// is 30 s, so that the end of waiting is mostly that the client is gone.
const ROOM_WAIT: Duration = Duration::from_secs(35);

/// A long text that is sent to one client in many small pieces, while it is made: an answer word by word.
///
/// Pieces that are written soon after one another go out as one message: what has been waiting for 50 ms, or is 1,200
/// bytes long; [`Stream::every`] and [`Stream::size`] say otherwise. Where the client reads more slowly than it is
/// written to, [`Stream::write`] waits for room instead of failing. Once the client has left, it fails with
/// [`is_gone`](PushError::is_gone).
///
/// ```
/// use wsfn::{ConnectionId, Push, Result, on_message};
///
/// #[on_message]
/// async fn spell(id: &ConnectionId, push: &Push, line: &str) -> Result<()> {
///     let mut answer = push.stream(id);
///     for word in line.split_inclusive(' ') {
///         answer.write(word).await?;
///     }
///     answer.finish().await?;
///     Ok(())
/// }
/// # fn main() {}
/// ```
pub struct Stream {
    push: Push,
    id: ConnectionId,
    every: Duration,
    size: usize,
    running: Option<Running>,
}

/// Pieces on their way to the task that sends them.
struct Running {
    pieces: mpsc::Sender<String>,
    /// `None` once it has said why it ended.
    sending: Option<JoinHandle<Result<(), PushError>>>,
}

impl Stream {
    pub(super) const fn new(push: Push, id: ConnectionId) -> Self {
        Self {
            push,
            id,
            every: EVERY,
            size: SIZE,
            running: None,
        }
    }

    /// How long a piece waits for others; zero sends each piece that is ready. Before the first piece.
    #[must_use]
    pub const fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// How many bytes are sent without waiting further. Before the first piece.
    #[must_use]
    pub const fn size(mut self, bytes: usize) -> Self {
        self.size = bytes;
        self
    }

    /// Writes a piece. It is on its way when this returns, and sent a little later; an empty one is nothing.
    ///
    /// # Errors
    /// What became of the pieces before: the client has left, a message was larger than `max-message`, or there was no
    /// room for one for 35 s. After an error nothing more is sent.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    /// When dropped before it ends, the piece was not written.
    pub async fn write(&mut self, piece: impl Into<String>) -> Result<(), PushError> {
        let piece = piece.into();
        if piece.is_empty() {
            return Ok(());
        }
        let running = self.running.get_or_insert_with(|| {
            let (pieces, written) = mpsc::channel(PIECES_MAX);
            let (push, id) = (self.push.clone(), self.id.clone());
            let sending = send_all(push, id, written, self.every, self.size);
            Running {
                pieces,
                sending: Some(tokio::spawn(sending)),
            }
        });
        if running.pieces.send(piece).await.is_ok() {
            return Ok(());
        }
        match running.sending.take() {
            Some(sending) => joined(sending.await),
            None => Err(over()),
        }
    }

    /// Sends what was written and waits until the gateway has taken it. A stream that is dropped instead is sent as
    /// far as the process lives, and nobody learns of an error.
    ///
    /// # Errors
    /// As [`Stream::write`].
    ///
    /// # Cancel safety
    /// When dropped before it ends, the rest may or may not be sent.
    pub async fn finish(mut self) -> Result<(), PushError> {
        let Some(Running { pieces, sending }) = self.running.take() else {
            return Ok(());
        };
        drop(pieces);
        match sending {
            Some(sending) => joined(sending.await),
            None => Err(over()),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn over() -> PushError {
    Why::Broken("the stream has ended with an error before".to_owned()).into()
}

fn joined(ended: Result<Result<(), PushError>, tokio::task::JoinError>) -> Result<(), PushError> {
    ended.unwrap_or_else(|error| Err(Why::Broken(error.to_string()).into()))
}

async fn send_all(
    push: Push,
    id: ConnectionId,
    mut pieces: mpsc::Receiver<String>,
    every: Duration,
    size: usize,
) -> Result<(), PushError> {
    while let Some(mut text) = pieces.recv().await {
        let until = Instant::now() + every;
        while text.len() < size {
            match timeout_at(until, pieces.recv()).await {
                Ok(Some(piece)) => text.push_str(&piece),
                // Nothing more comes, or not soon.
                Ok(None) | Err(_) => break,
            }
        }
        send(&push, &id, &text).await?;
    }
    Ok(())
}

/// Sends one message, and waits for room.
async fn send(push: &Push, id: &ConnectionId, text: &str) -> Result<(), PushError> {
    let until = Instant::now() + ROOM_WAIT;
    let mut pause = PAUSE;
    loop {
        match push.text(id, text).await {
            Err(error) if error.is_throttled() && Instant::now() + pause < until => {}
            sent => return sent,
        }
        sleep(pause).await;
        pause = PAUSE_MAX.min(pause * 2);
    }
}
