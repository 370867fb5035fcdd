//! What comes in pieces.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use wsfn_protocol::Kind;

use super::support::{Authority, over, raw, secured};
use crate::support::{SOON, Server, frame, handshake, read_head};

/// A socket that takes one byte at a time, and sends each in a packet of its own.
struct Trickle(TcpStream);

impl AsyncWrite for Trickle {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, &bytes[..bytes.len().min(1)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl AsyncRead for Trickle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

async fn echo(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), addr: std::net::SocketAddr) {
    stream
        .write_all(handshake(addr, "").as_bytes())
        .await
        .unwrap();
    stream.flush().await.unwrap();
    let head = read_head(stream).await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream.write_all(&frame(1, &[b'x'; 100])).await.unwrap();
    stream.flush().await.unwrap();
    let mut back = [0; 102];
    tokio::time::timeout(SOON, stream.read_exact(&mut back))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(back[..3], [0x81, 100, b'x']);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_a_packet() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    for version in [&TLS12, &TLS13] {
        let stream = TcpStream::connect(server.addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut stream = over(Trickle(stream), authority.client(&[version]))
            .await
            .unwrap();
        echo(&mut stream, server.addr).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_a_record() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    for version in [&TLS12, &TLS13] {
        let mut stream = secured(&server, authority.client(&[version]))
            .await
            .unwrap();
        for byte in handshake(server.addr, "").as_bytes() {
            stream.write_all(&[*byte]).await.unwrap();
            stream.flush().await.unwrap();
        }
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        for byte in frame(1, b"hello") {
            stream.write_all(&[byte]).await.unwrap();
            stream.flush().await.unwrap();
        }
        let mut back = [0; 7];
        tokio::time::timeout(SOON, stream.read_exact(&mut back))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&back, b"\x81\x05hello");
    }
}

/// A handshake that is cut into records of 32 bytes, so that its messages have to be put together.
#[tokio::test(flavor = "multi_thread")]
async fn small_records() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    for version in [&TLS12, &TLS13] {
        let mut config = authority.client(&[version]);
        config.max_fragment_size = Some(32);
        let stream = TcpStream::connect(server.addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut stream = over(Trickle(stream), config).await.unwrap();
        echo(&mut stream, server.addr).await;
    }
}

/// Frames that end in one record, and frames that begin in the one and end in the next.
#[tokio::test(flavor = "multi_thread")]
async fn frames_across_records() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let mut stream = raw(&server, authority.client(&[&TLS13])).await;
    let frames: Vec<u8> = (0..200u8)
        .flat_map(|at| frame(1, &[b'a' + at % 26; 61]))
        .collect();
    for piece in frames.chunks(97) {
        stream.write_all(piece).await.unwrap();
        stream.flush().await.unwrap();
    }
    let mut back = vec![0; 200 * 63];
    tokio::time::timeout(SOON, stream.read_exact(&mut back))
        .await
        .unwrap()
        .unwrap();
    for (at, echo) in back.chunks(63).enumerate() {
        assert_eq!(echo[..3], [0x81, 61, b'a' + (at % 26) as u8]);
    }
    assert_eq!(server.seen_of(Kind::Message).len(), 200);
}
