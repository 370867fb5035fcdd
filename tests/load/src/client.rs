//! A WebSocket client that costs little: no library between a socket and the check of what comes.

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

/// One read takes as much as this.
const READ: usize = 64 << 10;
/// A head or a message that is longer comes from no server that is meant here.
const LONGEST: usize = 16 << 20;
/// The key of RFC 6455, section 1.3, and its answer there.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FIN: u8 = 0x80;

thread_local! {
    /// Connections hold no buffer of their own to read into: with 15,000 of them that would be most of this process.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into());
}

/// Where clients connect to.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    /// The name that the certificate has, and who vouches for it.
    pub(crate) tls: Option<(ServerName<'static>, Arc<TlsConnector>)>,
    /// What clients ask for, unless a scenario has a room in mind.
    pub(crate) path: String,
    /// Bytes that the system takes in for a client that does not read; its own choice, megabytes, where this is none.
    pub(crate) receive_buffer: Option<u32>,
}

pub(crate) struct Client {
    stream: Stream,
    /// What was read and not yet looked at begins at `used`.
    kept: Vec<u8>,
    used: usize,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Client {
    /// Connects and asks for `path`; with `deflate` it offers compression, as browsers do, and wants it.
    pub(crate) async fn connect(endpoint: &Endpoint, path: &str, deflate: bool) -> Result<Self> {
        let socket = match endpoint.address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if let Some(bytes) = endpoint.receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        let stream = socket
            .connect(endpoint.address)
            .await
            .with_context(|| format!("cannot connect to {}", endpoint.address))?;
        stream.set_nodelay(true)?;
        let stream = match &endpoint.tls {
            None => Stream::Plain(stream),
            Some((name, connector)) => {
                let stream = connector.connect(name.clone(), stream).await;
                Stream::Tls(Box::new(stream.context("no TLS")?))
            }
        };
        let mut client = Self {
            stream,
            kept: Vec::new(),
            used: 0,
        };
        let offer = match deflate {
            true => "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
            false => "",
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{offer}\r\n",
            endpoint.address
        );
        client.write(request.as_bytes()).await?;
        let end = loop {
            let found = client.kept.windows(4).position(|four| four == b"\r\n\r\n");
            match found {
                Some(at) => break at + 4,
                None => client.read().await.context("in the handshake")?,
            }
        };
        let head = String::from_utf8_lossy(&client.kept[..end]).into_owned();
        ensure!(head.starts_with("HTTP/1.1 101"), Refused(head));
        ensure!(head.contains(ACCEPT), "the key is answered wrongly: {head}");
        ensure!(
            head.contains("permessage-deflate") == deflate,
            "compression was {}offered: {head}",
            if deflate { "" } else { "not " }
        );
        client.used = end;
        client.tidy();
        Ok(client)
    }

    /// Writes a frame, made with [`frame`].
    pub(crate) async fn write(&mut self, frame: &[u8]) -> Result<()> {
        self.stream.write_all(frame).await.context("cannot write")?;
        if let Stream::Tls(stream) = &mut self.stream {
            stream.flush().await.context("cannot write")?;
        }
        Ok(())
    }

    /// Waits for a message and looks at it. Pings are answered meanwhile.
    ///
    /// It may be dropped while it waits, and called again.
    pub(crate) async fn receive<T>(
        &mut self,
        mut look: impl FnMut(Message<'_>) -> Result<T>,
    ) -> Result<T> {
        loop {
            match self.parse()? {
                None => self.read().await?,
                Some((opcode, start, end)) => {
                    self.used = end;
                    let payload = &self.kept[start..end];
                    match opcode {
                        PING => {
                            let pong = frame_of(PONG, payload, [0; 4]);
                            self.write(&pong).await?;
                        }
                        PONG => {}
                        CLOSE => bail!(Closed::new(payload)),
                        _ => {
                            let seen = look(Message {
                                is_text: opcode == TEXT,
                                payload,
                            });
                            self.tidy();
                            return seen;
                        }
                    }
                    self.tidy();
                }
            }
        }
    }

    /// Whether something is there that nobody has waited for. It does not wait.
    pub(crate) async fn has_more(&mut self) -> Result<bool> {
        loop {
            match self.parse()? {
                Some((PING | PONG, _, end)) => self.used = end,
                Some((CLOSE, start, end)) => {
                    bail!(Closed::new(&self.kept[start..end]))
                }
                Some(_) => return Ok(true),
                None => {
                    let more = poll_fn(|cx| match self.poll_read(cx) {
                        Poll::Ready(read) => Poll::Ready(Some(read)),
                        Poll::Pending => Poll::Ready(None),
                    });
                    match more.await {
                        Some(read) => read?,
                        None => return Ok(false),
                    }
                }
            }
        }
    }

    /// Says goodbye and waits for the answer, which has to be one.
    pub(crate) async fn close(mut self) -> Result<()> {
        let goodbye = frame_of(CLOSE, &1000_u16.to_be_bytes(), [0; 4]);
        self.write(&goodbye).await?;
        loop {
            match self.parse()? {
                None => self.read().await.context("no answer to a close frame")?,
                Some((CLOSE, start, end)) => {
                    let code = &self.kept[start..end];
                    ensure!(code.starts_with(&1000_u16.to_be_bytes()), Closed::new(code));
                    return Ok(());
                }
                // What was on its way.
                Some((_, _, end)) => self.used = end,
            }
        }
    }

    /// Opcode, and from where to where the payload is, of the next whole frame.
    fn parse(&self) -> Result<Option<(u8, usize, usize)>> {
        let bytes = &self.kept[self.used..];
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        ensure!(second & 0x80 == 0, "a server's frame is masked");
        ensure!(
            first & 0xF0 == FIN,
            "a frame with fragments or extensions: {first:#x}"
        );
        let (length, header) = match (second & 0x7F, rest) {
            (126, [a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 4),
            (127, [a @ .., _]) if a.len() >= 7 => {
                let long: [u8; 8] = rest[..8].try_into()?;
                (usize::try_from(u64::from_be_bytes(long))?, 10)
            }
            (126 | 127, _) => return Ok(None),
            (short, _) => (usize::from(short), 2),
        };
        ensure!(length <= LONGEST, "a message of {length} bytes");
        let whole = bytes.len() >= header + length;
        let start = self.used + header;
        Ok(whole.then_some((first & 0x0F, start, start + length)))
    }

    async fn read(&mut self) -> Result<()> {
        ensure!(self.kept.len() - self.used <= LONGEST + 14, "it never ends");
        poll_fn(|cx| self.poll_read(cx)).await
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).context("cannot read")?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(anyhow::anyhow!("the connection ended")));
            }
            self.kept.extend_from_slice(buffer.filled());
            Poll::Ready(Ok(()))
        })
    }

    /// Forgets what was looked at, and keeps no memory that is not needed.
    fn tidy(&mut self) {
        if self.used == self.kept.len() {
            self.kept.clear();
        } else if self.used > READ {
            self.kept.drain(..self.used);
        } else {
            return;
        }
        self.used = 0;
        if self.kept.is_empty() && self.kept.capacity() > READ {
            self.kept = Vec::new();
        }
    }
}

/// A message as it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'p> {
    pub(crate) is_text: bool,
    pub(crate) payload: &'p [u8],
}

impl Message<'_> {
    /// For what is said about a message that is not the one that was expected.
    pub(crate) fn shown(&self) -> String {
        let beginning = &self.payload[..self.payload.len().min(120)];
        let kind = if self.is_text { "text" } else { "binary" };
        let length = self.payload.len();
        format!(
            "{kind}, {length} bytes, {:?}",
            String::from_utf8_lossy(beginning)
        )
    }
}

/// The frame of a text.
pub(crate) fn frame(text: &[u8], mask: [u8; 4]) -> Vec<u8> {
    frame_of(TEXT, text, mask)
}

fn frame_of(opcode: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![FIN | opcode];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap_or_default()),
        length => match u16::try_from(length) {
            Ok(middle) => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&middle.to_be_bytes());
            }
            Err(_) => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&(length as u64).to_be_bytes());
            }
        },
    }
    frame.extend_from_slice(&mask);
    let start = frame.len();
    frame.extend_from_slice(payload);
    for (at, byte) in frame[start..].iter_mut().enumerate() {
        *byte ^= mask[at % 4];
    }
    frame
}

/// The server said goodbye.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) code: Option<u16>,
    reason: String,
}

impl Closed {
    fn new(payload: &[u8]) -> Self {
        let (code, reason) = match payload {
            [a, b, reason @ ..] => (Some(u16::from_be_bytes([*a, *b])), reason),
            other => (None, other),
        };
        Self {
            code,
            reason: String::from_utf8_lossy(reason).into_owned(),
        }
    }
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self
            .code
            .map_or("no code".to_owned(), |code| code.to_string());
        write!(f, "closed by the server: {code} {:?}", self.reason)
    }
}

impl std::error::Error for Closed {}

/// The server lets nobody in; its answer.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl Refused {
    pub(crate) fn status(&self) -> &str {
        self.0.split(' ').nth(1).unwrap_or_default()
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused: {}", self.0)
    }
}

impl std::error::Error for Refused {}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
