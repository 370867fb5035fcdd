//! A socket on which nothing takes forever.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::counters::Counters;
use crate::limit::Limit;

/// Whether a request is being answered; while one is, its head is complete and its body has a clock of its own.
///
/// It counts: odd is busy, and another number than before means that another head has come to its end.
#[derive(Debug, Clone, Default)]
pub(super) struct Busy(Arc<AtomicUsize>);

impl Busy {
    /// Says that a request has begun or was answered.
    pub(super) fn turn(&self) {
        // Read and written on one task: the order is that of the program.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A socket that fails when the head of a request trickles in or an answer is not taken.
///
/// The HTTP library has one clock for the time without a request and for the time that a head takes. Here the head
/// has its own, which starts with the first byte (and at once on a new connection).
pub(super) struct Guard<S> {
    stream: S,
    busy: Busy,
    seen: usize,
    head_timeout: Duration,
    write_timeout: Duration,
    counters: Arc<Counters>,
    head: Option<Pin<Box<Sleep>>>,
    write: Option<Pin<Box<Sleep>>>,
}

impl<S> Guard<S> {
    pub(super) fn new(
        stream: S,
        head_timeout: Duration,
        write_timeout: Duration,
        counters: Arc<Counters>,
    ) -> (Self, Busy) {
        let busy = Busy::default();
        let head = Some(clock(head_timeout));
        let guard = Self {
            stream,
            busy: busy.clone(),
            seen: 0,
            head_timeout,
            write_timeout,
            counters,
            head,
            write: None,
        };
        (guard, busy)
    }

    /// Fails when a write has been waiting for too long.
    fn watch_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.write = None;
            return done;
        }
        let timeout = self.write_timeout;
        let clock = self.write.get_or_insert_with(|| clock(timeout));
        let expired = expired(clock, cx, "the answer is not being read");
        if expired.is_ready() {
            self.counters.reached(Limit::WriteTimeout);
        }
        expired
    }
}

fn clock(timeout: Duration) -> Pin<Box<Sleep>> {
    Box::pin(sleep_until(Instant::now() + timeout))
}

fn expired<T>(
    clock: &mut Pin<Box<Sleep>>,
    cx: &mut Context<'_>,
    what: &'static str,
) -> Poll<io::Result<T>> {
    clock
        .as_mut()
        .poll(cx)
        .map(|()| Err(io::Error::new(ErrorKind::TimedOut, what)))
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let done = Pin::new(&mut this.stream).poll_read(cx, buf);
        let count = this.busy.count();
        if count != this.seen {
            this.seen = count;
            this.head = None;
        }
        if count % 2 == 1 {
            return done;
        }
        if done.is_ready() {
            if buf.filled().len() > before {
                let timeout = this.head_timeout;
                this.head.get_or_insert_with(|| clock(timeout));
            }
            return done;
        }
        match &mut this.head {
            Some(clock) => {
                let expired = expired(clock, cx, "the head of a request is not complete");
                if expired.is_ready() {
                    this.counters.reached(Limit::HandshakeTimeout);
                }
                expired
            }
            None => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.watch_write(cx, done)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.watch_write(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
