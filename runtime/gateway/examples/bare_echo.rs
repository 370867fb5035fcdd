//! The codec and nothing else: an echo server without functions, queues or timers.
//!
//! It is the floor that benchmarks compare the gateway with, and what the conformance suite runs against:
//! `bare_echo [ADDRESS] [COMPRESS_ABOVE]` prints the address it listens on; without arguments it is `WSFN_LISTEN`, and
//! else `127.0.0.1:9101`. One thread, so that a benchmark counts what the codec costs and not how it is spread.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use wsfn_gateway::codec::{
    Decoder, DecoderLimits, DeflateParams, Event, MessageKind, close, control, encode_into,
    handshake::{HeadReader, accept, negotiate},
    scratch,
};

/// The largest messages of the conformance suite are 16 MiB.
const MAX_MESSAGE: usize = 64 << 20;
/// A request longer than this is none of a test's.
const HEAD_MAX: usize = 16 << 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .or_else(|| std::env::var("WSFN_LISTEN").ok())
        .unwrap_or_else(|| "127.0.0.1:9101".to_owned());
    let above = arguments
        .next()
        .or_else(|| std::env::var("WSFN_COMPRESS_ABOVE").ok())
        .and_then(|above| above.parse().ok())
        .unwrap_or(0);
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address.parse().map_err(io::Error::other)?)?;
    // As many may wait as at the gateway.
    let listener = socket.listen(4096)?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A client that goes away is no matter here.
            let _ = serve(stream, above).await;
        });
    }
}

async fn serve(mut stream: TcpStream, above: usize) -> io::Result<()> {
    let (params, mut early) = handshake(&mut stream).await?;
    let mut decoder = Decoder::new(DecoderLimits::new(MAX_MESSAGE), params);
    let deflate = params.as_ref().map(|params| (params, above));
    loop {
        let (unwritten, ended) = poll_fn(|cx| {
            scratch::with_read(|read| {
                let count = if early.is_empty() {
                    let mut buffer = ReadBuf::new(read);
                    ready!(Pin::new(&mut stream).poll_read(cx, &mut buffer))?;
                    buffer.filled().len()
                } else {
                    let early = std::mem::take(&mut early);
                    read[..early.len()].copy_from_slice(&early);
                    early.len()
                };
                if count == 0 {
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                scratch::with_out(|out| {
                    let ended = echo(&mut decoder, &mut read[..count], deflate, out);
                    let written = match stream.try_write(out) {
                        Ok(written) => written,
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                        Err(error) => return Poll::Ready(Err(error)),
                    };
                    Poll::Ready(Ok((out[written..].to_vec(), ended)))
                })
            })
        })
        .await?;
        stream.write_all(&unwritten).await?;
        if ended {
            return linger(stream).await;
        }
    }
}

/// Answers all events in `bytes`; true once the connection ends.
fn echo(
    decoder: &mut Decoder,
    mut bytes: &mut [u8],
    deflate: Option<(&DeflateParams, usize)>,
    out: &mut Vec<u8>,
) -> bool {
    while !bytes.is_empty() {
        let used = match decoder.decode(bytes) {
            Err(error) => {
                out.extend_from_slice(&close::refusal(error));
                return true;
            }
            Ok((used, event)) => {
                match event {
                    Some(Event::Text(text)) => {
                        encode_into(out, MessageKind::Text, text.as_bytes(), deflate);
                    }
                    Some(Event::Binary(data)) => {
                        encode_into(out, MessageKind::Binary, &data, deflate);
                    }
                    Some(Event::Ping(payload)) => out.extend_from_slice(&control::pong(&payload)),
                    Some(Event::Close(frame)) => {
                        out.extend_from_slice(&close::answer(&frame));
                        return true;
                    }
                    _ => {}
                }
                used
            }
        };
        bytes = &mut bytes[used..];
    }
    false
}

/// Ends the socket so that the close frame arrives.
async fn linger(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let drain = async {
        let mut thrown = [0; 1024];
        let mut left = close::LINGER_BYTES;
        while left > 0 {
            match stream.read(&mut thrown).await {
                Ok(count) if count > 0 => left = left.saturating_sub(count),
                _ => break,
            }
        }
    };
    let _ = tokio::time::timeout(close::LINGER_TIME, drain).await;
    Ok(())
}

/// The handshake. What was read behind it are frames.
async fn handshake(stream: &mut TcpStream) -> io::Result<(Option<DeflateParams>, Vec<u8>)> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut request = HeadReader::new(HEAD_MAX);
    let mut read = [0; 4096];
    loop {
        let count = stream.read(&mut read).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if request.push(&read[..count]).map_err(invalid)? {
            break;
        }
    }
    let head = request.head().map_err(invalid)?;
    let mut answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
        accept(head.check().map_err(invalid)?)
    );
    let agreed = head
        .joined("sec-websocket-extensions")
        .and_then(|offers| negotiate(&offers));
    if let Some((_, extensions)) = &agreed {
        answer.push_str(&format!("Sec-WebSocket-Extensions: {extensions}\r\n"));
    }
    answer.push_str("\r\n");
    stream.write_all(answer.as_bytes()).await?;
    let params = agreed.map(|(params, _)| params);
    Ok((params, request.behind().to_vec()))
}
