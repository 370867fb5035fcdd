//! A client's socket, whatever carries it.
//!
//! An enum rather than a trait: the driver stays free of a type parameter, nothing is boxed, and with TCP alone there
//! is nothing to tell apart.

#[cfg(any(test, feature = "testing"))]
pub(crate) mod memory;
#[cfg(test)]
mod tests;

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Where clients come from.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(any(test, feature = "testing"))]
    Memory(memory::Listener),
}

/// A socket that was accepted.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    #[cfg(any(test, feature = "testing"))]
    Memory(memory::ServerEnd),
}

/// Its receiving side.
#[derive(Debug)]
pub(crate) enum Reader {
    Tcp(OwnedReadHalf),
    #[cfg(any(test, feature = "testing"))]
    Memory(memory::Reader),
}

/// Its sending side. Dropping it tells the client that nothing more comes (FIN).
#[derive(Debug)]
pub(crate) enum Writer {
    Tcp(OwnedWriteHalf),
    #[cfg(any(test, feature = "testing"))]
    Memory(memory::Writer),
}

impl Listener {
    /// Waits for the next client.
    pub(crate) async fn accept(&mut self) -> io::Result<(Socket, SocketAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, client) = listener.accept().await?;
                Ok((Socket::Tcp(stream), client))
            }
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(listener) => {
                let (end, client) = listener.accept().await;
                Ok((Socket::Memory(end), client))
            }
        }
    }
}

impl Socket {
    pub(crate) fn into_split(self) -> (Reader, Writer) {
        match self {
            Self::Tcp(stream) => {
                // Messages are small and waited for.
                let _ = stream.set_nodelay(true);
                let (reader, writer) = stream.into_split();
                (Reader::Tcp(reader), Writer::Tcp(writer))
            }
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(end) => {
                let (reader, writer) = end.into_split();
                (Reader::Memory(reader), Writer::Memory(writer))
            }
        }
    }
}

impl Reader {
    /// Tells a client in memory the id that its connection has got, which no real client learns.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn tell_id(&self, id: &std::sync::Arc<str>) {
        if let Self::Memory(half) = self {
            half.tell_id(id);
        }
    }

    /// Waits until the sending side of the same socket takes bytes, or has failed. It stands here because the writer
    /// is behind the lock of its queue, and the reader is the task's own.
    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(half) => half.as_ref().poll_write_ready(cx),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => half.poll_write_ready(cx),
        }
    }
}

impl Writer {
    /// Writes what fits now.
    ///
    /// # Errors
    /// `WouldBlock` when nothing does; anything else is the end of the socket.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => half.try_write(bytes),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => half.try_write(bytes),
        }
    }

    /// As [`Writer::try_write`], of several pieces one after the other.
    pub(crate) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => half.try_write_vectored(pieces),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => half.try_write_vectored(pieces),
        }
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_read(cx, buffer),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => half.poll_read(cx, buffer),
        }
    }
}

/// For the answers to handshakes that are not accepted, which a task writes and waits for.
impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_write(cx, bytes),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => half.poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_flush(cx),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => {
                half.finish();
                Poll::Ready(Ok(()))
            }
        }
    }
}
