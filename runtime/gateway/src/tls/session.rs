//! A client's TLS session.
//!
//! It uses the library's interface without buffers of its own, so that an idle session holds none: records are
//! received into a buffer of the thread and decrypted there, and what is kept is the beginning of a record whose end
//! has not come, and records that the socket did not take.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice};
use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use crate::codec::scratch;

/// The most that is encrypted before the socket has taken what was encrypted before: one record.
const SEALED_MAX: usize = 16 << 10;

/// Room for the records that end a session: an alert and, before it, the change of a key.
const GOODBYE_MAX: usize = 256;

/// The first byte of a session: a record of the handshake.
const HANDSHAKE: u8 = 0x16;

/// The alert "protocol version", for a hello of TLS 1.1 or older.
const TOO_OLD: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46";

/// What somebody gets who speaks HTTP where TLS is spoken.
const PLAIN_ANSWER: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 62\r\n\
    Connection: close\r\n\r\n400 Bad Request: this port speaks TLS; use wss:// or https://\n";

/// The session that the two halves of a socket share.
pub(crate) struct Session {
    tls: UnbufferedServerConnection,
    /// Received, and of no use before more is.
    incoming: Vec<u8>,
    /// Decrypted, where whoever reads had room for less.
    plain: Vec<u8>,
    /// Encrypted, and not yet taken by the socket.
    outgoing: Vec<u8>,
    /// How much of what was to be written is in `outgoing`.
    sealed: usize,
    begun: bool,
    end: Option<End>,
}

/// How the client's side ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It said so.
    Told,
    /// The socket ended.
    Cut,
    /// What came is no TLS, or not ours.
    Broken,
}

impl Session {
    pub(super) fn new(config: Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        Ok(Self {
            tls: UnbufferedServerConnection::new(config)?,
            incoming: Vec::new(),
            plain: Vec::new(),
            outgoing: Vec::new(),
            sealed: 0,
            begun: false,
            end: None,
        })
    }

    /// Whether the handshake is not done.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// What is decrypted already, or the end; `None` where more has to be received.
    ///
    /// # Errors
    /// When the session ended otherwise than by its own words.
    pub(crate) fn decrypted(&mut self, out: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        if !self.plain.is_empty() {
            let plain = take(&mut self.plain);
            hand_over(&plain, out, &mut self.plain);
            return Some(Ok(()));
        }
        Some(match self.end? {
            End::Told => Ok(()),
            End::Cut => Err(ErrorKind::UnexpectedEof.into()),
            End::Broken => Err(ErrorKind::InvalidData.into()),
        })
    }

    /// Receives once and decrypts, into `out` what fits there. That may be no data: a record can come in many pieces, or
    /// be one of the session's own.
    ///
    /// # Errors
    /// Those of the socket. What is wrong with the session is its end.
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut OwnedReadHalf,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The client does not go on before it has our side of the handshake.
        while self.is_handshaking() && !self.outgoing.is_empty() {
            match self.flush(socket.as_ref()) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    ready!(socket.as_ref().poll_write_ready(cx))?;
                }
                flushed => flushed?,
            }
        }
        ready!(scratch::with_records(|records| {
            // Within the buffer, or the session would have ended.
            let kept = self.incoming.len();
            records[..kept].copy_from_slice(&self.incoming);
            let mut received = ReadBuf::new(&mut records[kept..]);
            ready!(Pin::new(&mut *socket).poll_read(cx, &mut received))?;
            let all = kept + received.filled().len();
            if all == kept {
                self.end = Some(End::Cut);
            } else {
                self.decrypt(records, all, out, socket.as_ref());
            }
            Poll::Ready(Ok::<_, io::Error>(()))
        }))?;
        // What the socket does not take now goes before what is written next.
        let _ = self.flush(socket.as_ref());
        Poll::Ready(Ok(()))
    }

    /// Decrypts `records` up to `all` and keeps what is incomplete.
    fn decrypt(
        &mut self,
        records: &mut [u8],
        all: usize,
        out: &mut ReadBuf<'_>,
        socket: &TcpStream,
    ) {
        let first = records[0];
        if !std::mem::replace(&mut self.begun, true) && first != HANDSHAKE {
            if first.is_ascii_uppercase() {
                // It may not be taken: then it is closed without a word, as everything else is.
                let _ = socket.try_write(PLAIN_ANSWER);
            }
            self.end = Some(End::Broken);
            return;
        }
        let room = records.len();
        let done = match self.process(&mut records[..all], out) {
            Ok(done) => done,
            Err(error) => {
                tracing::debug!(%error, "a TLS session is broken");
                let too_old = self.tls.protocol_version().is_none() && is_too_old(&records[..all]);
                self.break_off();
                if too_old {
                    // The library stumbles over extensions that such a client does not have, before it comes to the
                    // version.
                    self.outgoing = TOO_OLD.to_vec();
                }
                return;
            }
        };
        let rest = records.get(done..all).unwrap_or_default();
        if rest.len() == room {
            tracing::debug!("a TLS session is broken: a handshake larger than {room} bytes");
            return self.break_off();
        }
        if rest.is_empty() {
            self.incoming = Vec::new();
        } else {
            self.incoming.clear();
            self.incoming.extend_from_slice(rest);
        }
    }

    /// Has the library do all it can with what was received; says how much of it is of no more use.
    fn process(
        &mut self,
        records: &mut [u8],
        out: &mut ReadBuf<'_>,
    ) -> Result<usize, rustls::Error> {
        let mut done = 0;
        loop {
            let rest = records.get_mut(done..).unwrap_or_default();
            let UnbufferedStatus {
                mut discard, state, ..
            } = self.tls.process_tls_records(rest);
            let goes_on = match state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        discard += record.discard;
                        hand_over(record.payload, out, &mut self.plain);
                    }
                    true
                }
                ConnectionState::EncodeTlsData(data) => {
                    encode(data, &mut self.outgoing)?;
                    true
                }
                // It goes out in its turn.
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    true
                }
                ConnectionState::PeerClosed => {
                    self.end = Some(End::Told);
                    true
                }
                ConnectionState::WriteTraffic(_)
                | ConnectionState::BlockedHandshake
                | ConnectionState::Closed => false,
                // Data before the handshake, which is not offered to anybody.
                _ => return Err(rustls::Error::General("unexpected data".to_owned())),
            };
            done += discard;
            if !goes_on {
                return Ok(done);
            }
        }
    }

    /// Ends a session that is broken, with the alert that says why.
    fn break_off(&mut self) {
        self.end = Some(End::Broken);
        self.incoming = Vec::new();
        // Nothing else may be asked of the library after an error than what it still has to send.
        while self.tls.wants_write() {
            match self.tls.process_tls_records(&mut []).state {
                Ok(ConnectionState::EncodeTlsData(data)) => {
                    if encode(data, &mut self.outgoing).is_err() {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    /// Encrypts and writes; says how much of `pieces` the socket has taken. What is encrypted and not yet taken is not
    /// reported, and the next call has to begin with it, as it does for whoever writes until all is written.
    ///
    /// # Errors
    /// `WouldBlock` when the socket does not take all that is encrypted, `NotConnected` before the handshake is done;
    /// anything else is the end of the socket.
    pub(crate) fn try_write(
        &mut self,
        socket: &TcpStream,
        pieces: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        if self.end == Some(End::Broken) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.flush(socket)?;
        if self.sealed == 0 {
            match pieces {
                [one] => self.seal(socket, one)?,
                pieces => scratch::with_out(|plain| {
                    for piece in pieces {
                        let room = SEALED_MAX - plain.len();
                        plain.extend_from_slice(&piece[..piece.len().min(room)]);
                    }
                    self.seal(socket, plain)
                })?,
            }
            self.flush(socket)?;
        }
        Ok(take(&mut self.sealed))
    }

    /// Encrypts at most one record, and keeps what the socket does not take of it.
    fn seal(&mut self, socket: &TcpStream, plain: &[u8]) -> io::Result<()> {
        let plain = &plain[..plain.len().min(SEALED_MAX)];
        scratch::with_records(|records| {
            let UnbufferedStatus { state, .. } = self.tls.process_tls_records(&mut self.incoming);
            let Ok(ConnectionState::WriteTraffic(mut traffic)) = state else {
                return Err(ErrorKind::NotConnected.into());
            };
            let length = traffic
                .encrypt(plain, records)
                .map_err(|error| io::Error::other(error.to_string()))?;
            self.sealed = plain.len();
            let sealed = records.get(..length).unwrap_or_default();
            // An error comes again when the rest is written.
            let taken = socket.try_write(sealed).unwrap_or(0);
            self.outgoing
                .extend_from_slice(sealed.get(taken..).unwrap_or_default());
            Ok(())
        })
    }

    /// Tells the client that nothing more comes, as far as the socket takes it.
    ///
    /// # Errors
    /// `WouldBlock` when the socket does not take all; anything else is the end of the socket.
    pub(crate) fn finish(&mut self, socket: &TcpStream) -> io::Result<()> {
        if self.end != Some(End::Broken) {
            let mut goodbye = [0; GOODBYE_MAX];
            let UnbufferedStatus { state, .. } = self.tls.process_tls_records(&mut self.incoming);
            if let Ok(ConnectionState::WriteTraffic(mut traffic)) = state
                && let Ok(length) = traffic.queue_close_notify(&mut goodbye)
            {
                // Nothing where it was said before.
                self.outgoing
                    .extend_from_slice(goodbye.get(..length).unwrap_or_default());
            }
        }
        self.flush(socket)
    }

    /// Has the socket take what is encrypted.
    fn flush(&mut self, socket: &TcpStream) -> io::Result<()> {
        while !self.outgoing.is_empty() {
            match socket.try_write(&self.outgoing)? {
                0 => return Err(ErrorKind::WriteZero.into()),
                taken => drop(self.outgoing.drain(..taken)),
            }
        }
        // What was needed once is no memory of an idle connection.
        self.outgoing = Vec::new();
        Ok(())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// Whether records begin with the hello of a client that speaks nothing newer than TLS 1.1.
fn is_too_old(records: &[u8]) -> bool {
    // The record: type, version, length. The message in it: type, length, version.
    matches!(records, [HANDSHAKE, _, _, _, _, 1, _, _, _, major, minor, ..] if (*major, *minor) < (3, 3))
}

/// Copies what fits, and keeps the rest.
fn hand_over(plain: &[u8], out: &mut ReadBuf<'_>, rest: &mut Vec<u8>) {
    let fits = if rest.is_empty() {
        plain.len().min(out.remaining())
    } else {
        0
    };
    out.put_slice(&plain[..fits]);
    rest.extend_from_slice(&plain[fits..]);
}

fn encode(
    mut data: rustls::unbuffered::EncodeTlsData<'_, rustls::server::ServerConnectionData>,
    outgoing: &mut Vec<u8>,
) -> Result<(), rustls::Error> {
    use rustls::unbuffered::EncodeError;

    let before = outgoing.len();
    // The first call says how much it is.
    let Err(EncodeError::InsufficientSize(size)) = data.encode(&mut []) else {
        return Ok(());
    };
    outgoing.resize(before + size.required_size, 0);
    let written = data
        .encode(&mut outgoing[before..])
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    outgoing.truncate(before + written);
    Ok(())
}
