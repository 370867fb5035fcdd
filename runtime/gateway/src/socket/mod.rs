//! A client's socket, whatever carries it.
//!
//! An enum rather than a trait: the driver stays free of a type parameter, nothing is boxed, and with TCP alone there
//! is nothing to tell apart.

#[cfg(any(test, feature = "testing"))]
pub(crate) mod memory;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::tls::Certificate;

/// Where clients come from.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(feature = "tls")]
    Tls(TcpListener, Certificate),
    #[cfg(any(test, feature = "testing"))]
    Memory(memory::Listener),
}

/// A socket that was accepted.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    /// Boxed, so that the others are no larger for it.
    #[cfg(feature = "tls")]
    Tls(TcpStream, Box<crate::tls::Session>),
    #[cfg(any(test, feature = "testing"))]
    Memory(memory::ServerEnd),
}

/// Its receiving side.
#[derive(Debug)]
pub(crate) enum Reader {
    Tcp(OwnedReadHalf),
    #[cfg(feature = "tls")]
    Tls(tls::Reader),
    #[cfg(any(test, feature = "testing"))]
    Memory(memory::Reader),
}

/// Its sending side. Dropping it tells the client that nothing more comes (FIN).
#[derive(Debug)]
pub(crate) enum Writer {
    Tcp(OwnedWriteHalf),
    #[cfg(feature = "tls")]
    Tls(tls::Writer),
    #[cfg(any(test, feature = "testing"))]
    Memory(memory::Writer),
}

impl Listener {
    /// Whoever connects there; over TLS where there is a certificate.
    pub(crate) fn new(listener: TcpListener, certificate: Option<Certificate>) -> Self {
        match certificate {
            #[cfg(feature = "tls")]
            Some(certificate) => Self::Tls(listener, certificate),
            #[cfg(not(feature = "tls"))]
            Some(none) => none.never(),
            None => Self::Tcp(listener),
        }
    }

    /// Waits for the next client.
    pub(crate) async fn accept(&mut self) -> io::Result<(Socket, SocketAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, client) = listener.accept().await?;
                Ok((Socket::Tcp(stream), client))
            }
            #[cfg(feature = "tls")]
            Self::Tls(listener, certificate) => {
                let (stream, client) = listener.accept().await?;
                Ok((
                    Socket::Tls(stream, Box::new(certificate.session()?)),
                    client,
                ))
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
            #[cfg(feature = "tls")]
            Self::Tls(stream, session) => {
                let _ = stream.set_nodelay(true);
                let (reader, writer) = tls::into_split(stream, *session);
                (Reader::Tls(reader), Writer::Tls(writer))
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

    /// Waits until answers can be written: over TLS its handshake comes before that. Reading does it as well.
    ///
    /// # Errors
    /// When that failed.
    pub(crate) async fn handshake(&mut self) -> io::Result<()> {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(half) => std::future::poll_fn(|cx| half.poll_handshake(cx)).await,
            _ => Ok(()),
        }
    }

    /// Waits until the sending side of the same socket takes bytes, or has failed. It stands here because the writer
    /// is behind the lock of its queue, and the reader is the task's own.
    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(half) => half.as_ref().poll_write_ready(cx),
            #[cfg(feature = "tls")]
            Self::Tls(half) => half.poll_write_ready(cx),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => half.poll_write_ready(cx),
        }
    }
}

impl Writer {
    /// Writes what fits now. After `WouldBlock` the next call begins with the same bytes: over TLS they are encrypted
    /// already.
    ///
    /// # Errors
    /// `WouldBlock` when nothing does; anything else is the end of the socket.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => half.try_write(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(half) => half.try_write(&[IoSlice::new(bytes)]),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => half.try_write(bytes),
        }
    }

    /// As [`Writer::try_write`], of several pieces one after the other.
    pub(crate) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => half.try_write_vectored(pieces),
            #[cfg(feature = "tls")]
            Self::Tls(half) => half.try_write(pieces),
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
            #[cfg(feature = "tls")]
            Self::Tls(half) => half.poll_read(cx, buffer),
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
            #[cfg(feature = "tls")]
            Self::Tls(half) => half.poll_write(cx, bytes),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => half.poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_flush(cx),
            // What is reported as written has been taken by the socket.
            #[cfg(feature = "tls")]
            Self::Tls(_) => Poll::Ready(Ok(())),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            #[cfg(feature = "tls")]
            Self::Tls(half) => half.poll_shutdown(cx),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(half) => {
                half.finish();
                Poll::Ready(Ok(()))
            }
        }
    }
}
