//! A TCP connection with TLS on it, cut into its two sides.

#[cfg(test)]
mod tests;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::tls::Session;

/// The receiving side. It does the handshake too, whoever reads first.
#[derive(Debug)]
pub(crate) struct Reader {
    half: OwnedReadHalf,
    session: Arc<Mutex<Session>>,
}

/// The sending side. Dropping it ends the session and then the connection, as far as the socket takes it.
#[derive(Debug)]
pub(crate) struct Writer {
    half: OwnedWriteHalf,
    session: Arc<Mutex<Session>>,
}

pub(super) fn into_split(stream: TcpStream, session: Session) -> (Reader, Writer) {
    let (reader, writer) = stream.into_split();
    let session = Arc::new(Mutex::new(session));
    (
        Reader {
            half: reader,
            session: Arc::clone(&session),
        },
        Writer {
            half: writer,
            session,
        },
    )
}

fn lock(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reader {
    /// Waits until the handshake is done.
    ///
    /// # Errors
    /// When it failed.
    pub(super) fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while lock(&self.session).is_handshaking() {
            // What it decrypts meanwhile is kept.
            let mut nowhere = ReadBuf::new(&mut []);
            ready!(self.poll_receive(cx, &mut nowhere))?;
            if let Some(Err(error)) = lock(&self.session).decrypted(&mut nowhere) {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            if let Some(done) = lock(&self.session).decrypted(buffer) {
                return Poll::Ready(done);
            }
            ready!(self.poll_receive(cx, buffer))?;
            if buffer.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }

    pub(super) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.half.as_ref().poll_write_ready(cx)
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        lock(&self.session).poll_receive(cx, &mut self.half, buffer)
    }
}

impl Writer {
    pub(super) fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        lock(&self.session).try_write(self.half.as_ref(), pieces)
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.try_write(&[IoSlice::new(bytes)]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.half.as_ref().poll_write_ready(cx))?;
                }
                done => return Poll::Ready(done),
            }
        }
    }

    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let finished = lock(&self.session).finish(self.half.as_ref());
            match finished {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.half.as_ref().poll_write_ready(cx))?;
                }
                finished => {
                    finished?;
                    return Pin::new(&mut self.half).poll_shutdown(cx);
                }
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nobody waits for what the socket does not take; FIN follows, with the half.
        let _ = lock(&self.session).finish(self.half.as_ref());
    }
}
