//! A connection without a socket: two bounded rows of bytes in memory.
//!
//! It does what TCP does to a program: short reads and writes, a writer that has to wait, an end that is told (FIN) and
//! one that is not (RST). With a seed it cuts and delays as well, the same way every time.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::ReadBuf;
use tokio::sync::mpsc;

use crate::testing::Random;

/// How often bytes that have arrived may stay unseen for another turn of the scheduler.
const DELAYS_MAX: usize = 4;

/// How many clients wait to be accepted before the next one has to.
const BACKLOG: usize = 64;

/// Where the gateway waits for clients.
#[derive(Debug)]
pub(crate) struct Listener(mpsc::Receiver<(ServerEnd, SocketAddr)>);

impl Listener {
    pub(crate) fn new() -> (Self, Dialer) {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        (Self(receiver), Dialer(sender))
    }

    /// Waits for the next client, for ever once the dialer is gone.
    pub(super) async fn accept(&mut self) -> (ServerEnd, SocketAddr) {
        match self.0.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }
}

/// What connects clients to a gateway in memory. A clone reaches the same one.
#[derive(Debug, Clone)]
pub struct Dialer(mpsc::Sender<(ServerEnd, SocketAddr)>);

impl Dialer {
    /// Connects a client that comes from `address`; the rest as [`connection`].
    ///
    /// # Errors
    /// When the gateway accepts nobody any more.
    pub async fn dial(
        &self,
        address: SocketAddr,
        capacity: usize,
        random: Option<Random>,
    ) -> io::Result<ClientEnd> {
        let (server, client) = connection(capacity, random);
        match self.0.send((server, address)).await {
            Ok(()) => Ok(client),
            Err(_) => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }
}

/// Makes the two ends of a connection. `capacity` is how many bytes are on the way to the client at most, and how many
/// from it; with `random` reads come cut and late.
fn connection(capacity: usize, random: Option<Random>) -> (ServerEnd, ClientEnd) {
    let mut random = random;
    let mut lane = || Lane::new(capacity, random.as_mut().map(Random::fork));
    let lanes = Lanes {
        up: lane(),
        down: lane(),
        reset: false,
    };
    let wire = Arc::new(Wire {
        lanes: Mutex::new(lanes),
        id: OnceLock::new(),
    });
    let server = ServerEnd {
        reader: Reader(Arc::clone(&wire)),
        writer: Writer(Arc::clone(&wire)),
    };
    (server, ClientEnd(wire))
}

/// The end that the gateway gets. Its sides are there from the beginning, so that one that nobody takes in ends for its
/// client too.
#[derive(Debug)]
pub(crate) struct ServerEnd {
    reader: Reader,
    writer: Writer,
}

impl ServerEnd {
    pub(super) fn into_split(self) -> (Reader, Writer) {
        (self.reader, self.writer)
    }
}

/// The end of the client.
#[derive(Debug)]
pub struct ClientEnd(Arc<Wire>);

impl ClientEnd {
    /// Reads at most `buffer.len()` bytes; 0 says that the server has closed its side.
    ///
    /// # Errors
    /// When the connection was reset.
    ///
    /// # Cancel safety
    /// When dropped, nothing was read.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        poll_fn(|cx| {
            let mut read = ReadBuf::new(&mut *buffer);
            let mut lanes = self.0.lock();
            let reset = lanes.reset;
            let polled = lanes.down.poll_read(cx, &mut read, reset);
            polled.map_ok(|()| read.filled().len())
        })
        .await
    }

    /// Writes all of it, and waits for room where there is none. What the server no longer reads is dropped, as it is
    /// on a network.
    ///
    /// # Errors
    /// When the connection was reset, or the client has said that it sends nothing more.
    ///
    /// # Cancel safety
    /// When dropped, a beginning of the bytes may have been written.
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        poll_fn(|cx| {
            while !bytes.is_empty() {
                let mut lanes = self.0.lock();
                let reset = lanes.reset;
                if !reset && lanes.up.deaf {
                    return Poll::Ready(Ok(()));
                }
                match lanes.up.try_write(bytes, reset) {
                    Ok(count) => bytes = &bytes[count..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        lanes.up.writer = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// `secConnectionID`, once the gateway has made one.
    #[must_use]
    pub fn id(&self) -> Option<Arc<str>> {
        self.0.id.get().cloned()
    }

    /// Says that nothing more comes (FIN); reading goes on.
    pub fn finish(&self) {
        self.0.lock().up.finish();
    }

    /// Ends the connection without saying so (RST): what was on the way in either direction is lost.
    pub fn reset(&self) {
        self.0.lock().reset();
    }

    /// How many bytes may be on the way to the client from now on. What is there already stays.
    pub fn set_capacity(&self, bytes: usize) {
        let mut lanes = self.0.lock();
        lanes.down.capacity = bytes;
        lanes.down.wake_writer();
    }
}

impl Drop for ClientEnd {
    fn drop(&mut self) {
        let mut lanes = self.0.lock();
        lanes.up.finish();
        lanes.down.hang_up();
    }
}

/// The gateway's receiving side.
#[derive(Debug)]
pub(crate) struct Reader(Arc<Wire>);

impl Reader {
    pub(super) fn tell_id(&self, id: &Arc<str>) {
        // It is told once.
        let _ = self.0.id.set(Arc::clone(id));
    }

    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut lanes = self.0.lock();
        let reset = lanes.reset;
        lanes.up.poll_read(cx, buffer, reset)
    }

    pub(super) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut lanes = self.0.lock();
        let reset = lanes.reset;
        lanes.down.poll_write_ready(cx, reset)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut lanes = self.0.lock();
        // Nobody will read what lies there, and TCP answers that with a reset.
        if !lanes.up.bytes.is_empty() {
            lanes.reset();
        }
        lanes.up.hang_up();
    }
}

/// The gateway's sending side.
#[derive(Debug)]
pub(crate) struct Writer(Arc<Wire>);

impl Writer {
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut lanes = self.0.lock();
        let reset = lanes.reset;
        lanes.down.try_write(bytes, reset)
    }

    pub(super) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut written = 0;
        for piece in pieces {
            match self.try_write(piece) {
                Ok(count) if count == piece.len() => written += count,
                Ok(count) => return Ok(written + count),
                Err(_) if written > 0 => return Ok(written),
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    pub(super) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut lanes = self.0.lock();
        let reset = lanes.reset;
        match lanes.down.try_write(bytes, reset) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                lanes.down.writer = Some(cx.waker().clone());
                Poll::Pending
            }
            result => Poll::Ready(result),
        }
    }

    pub(super) fn finish(&self) {
        self.0.lock().down.finish();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.finish();
    }
}

/// What the ends share.
#[derive(Debug)]
struct Wire {
    lanes: Mutex<Lanes>,
    /// The connection's id, once there is one.
    id: OnceLock<Arc<str>>,
}

impl Wire {
    /// Nothing that panics runs under the lock, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both directions.
#[derive(Debug)]
struct Lanes {
    /// From the client.
    up: Lane,
    /// To the client.
    down: Lane,
    reset: bool,
}

impl Lanes {
    fn reset(&mut self) {
        self.reset = true;
        for lane in [&mut self.up, &mut self.down] {
            lane.bytes.clear();
            lane.wake_reader();
            lane.wake_writer();
        }
    }
}

/// One direction.
#[derive(Debug)]
struct Lane {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// Nothing more is written.
    finished: bool,
    /// Nothing more is read.
    deaf: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    random: Option<Random>,
    /// How often the reader is still put off; drawn when bytes are there.
    delays: Option<usize>,
}

impl Lane {
    const fn new(capacity: usize, random: Option<Random>) -> Self {
        Self {
            bytes: VecDeque::new(),
            capacity,
            finished: false,
            deaf: false,
            reader: None,
            writer: None,
            random,
            delays: None,
        }
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        reset: bool,
    ) -> Poll<io::Result<()>> {
        if reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if self.bytes.is_empty() && !self.finished {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let mut count = buffer.remaining().min(self.bytes.len());
        if let Some(random) = &mut self.random {
            let delays = self.delays.get_or_insert_with(|| random.below(DELAYS_MAX));
            if *delays > 0 {
                *delays -= 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.delays = None;
            // Most reads are whole, so that a long message does not come byte by byte.
            if count > 1 && random.below(4) == 0 {
                count = 1 + random.below(count - 1);
            }
        }
        let (front, back) = self.bytes.as_slices();
        let from_front = count.min(front.len());
        buffer.put_slice(&front[..from_front]);
        buffer.put_slice(&back[..count - from_front]);
        self.bytes.drain(..count);
        self.wake_writer();
        Poll::Ready(Ok(()))
    }

    fn try_write(&mut self, bytes: &[u8], reset: bool) -> io::Result<usize> {
        if reset {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if self.finished || self.deaf {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let mut count = self.capacity.saturating_sub(self.bytes.len());
        if count == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        count = count.min(bytes.len());
        if let Some(random) = &mut self.random
            && count > 1
            && random.below(4) == 0
        {
            count = 1 + random.below(count - 1);
        }
        self.bytes.extend(&bytes[..count]);
        self.wake_reader();
        Ok(count)
    }

    fn poll_write_ready(&mut self, cx: &mut Context<'_>, reset: bool) -> Poll<io::Result<()>> {
        if reset || self.finished || self.deaf || self.bytes.len() < self.capacity {
            return Poll::Ready(Ok(()));
        }
        self.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn finish(&mut self) {
        self.finished = true;
        self.wake_reader();
        self.wake_writer();
    }

    fn hang_up(&mut self) {
        self.deaf = true;
        self.bytes.clear();
        self.wake_writer();
    }

    fn wake_reader(&mut self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }

    fn wake_writer(&mut self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }
}
