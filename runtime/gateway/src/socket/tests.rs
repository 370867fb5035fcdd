//! What a program may expect of a connection in memory, and the whole gateway over one.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use wsfn_protocol::{Data, Event, ReplyPush};
use wsfn_settings::Settings;

use super::memory::{ClientEnd, Listener};
use super::{Reader, Socket, Writer};
use crate::testing::Random;
use crate::{BoxFuture, Call, Gateway, Handle, Invoke, InvokeAnswer, InvokeError};

async fn connected(capacity: usize, random: Option<Random>) -> (ClientEnd, Reader, Writer) {
    let (listener, dialer) = Listener::new();
    let address = "127.0.0.1:1".parse().unwrap();
    let client = dialer.dial(address, capacity, random).await.unwrap();
    let (socket, from) = super::Listener::Memory(listener).accept().await.unwrap();
    assert_eq!(from, address);
    let (reader, writer) = Socket::into_split(socket);
    (client, reader, writer)
}

/// Reads to the end of what the other side sends, and how it came in pieces.
async fn pieces(client: &ClientEnd) -> std::io::Result<(Vec<u8>, Vec<usize>)> {
    let (mut all, mut pieces) = (Vec::new(), Vec::new());
    let mut buffer = [0; 64];
    loop {
        let count = client.read(&mut buffer).await?;
        if count == 0 {
            return Ok((all, pieces));
        }
        all.extend_from_slice(&buffer[..count]);
        pieces.push(count);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_one_makes_the_writer_wait() {
    let (client, reader, writer) = connected(4, None).await;
    assert_eq!(writer.try_write(b"abcdef").unwrap(), 4);
    let full = writer.try_write(b"ef").unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::WouldBlock);
    let ready = std::future::poll_fn(|cx| reader.poll_write_ready(cx));
    let mut ready = std::pin::pin!(ready);
    let second = Duration::from_secs(1);
    assert!(tokio::time::timeout(second, &mut ready).await.is_err());
    let mut buffer = [0; 3];
    assert_eq!(client.read(&mut buffer).await.unwrap(), 3);
    ready.await.unwrap();
    let pieces = [b"x", b"y", b"z", b"!"].map(|piece| std::io::IoSlice::new(piece));
    assert_eq!(writer.try_write_vectored(&pieces).unwrap(), 3);
    client.set_capacity(5);
    assert_eq!(writer.try_write(b"!!").unwrap(), 1);

    // The other way: what does not fit waits for the reader.
    let mut reader = reader;
    let (sent, received) = tokio::join!(client.write_all(b"0123456789"), async {
        let mut all = [0; 10];
        reader.read_exact(&mut all).await.map(|_| all)
    });
    sent.unwrap();
    assert_eq!(&received.unwrap(), b"0123456789");
}

#[tokio::test(start_paused = true)]
async fn one_that_nobody_takes_in_ends_for_its_client() {
    let (listener, dialer) = Listener::new();
    let address = "127.0.0.1:1".parse().unwrap();
    let client = dialer.dial(address, 64, None).await.unwrap();
    drop(listener);
    let minute = Duration::from_secs(60);
    let ended = tokio::time::timeout(minute, pieces(&client)).await;
    assert_eq!(ended.expect("it ends").unwrap().0, b"");
    // What was sent before is lost, and TCP says so.
    let (listener, dialer) = Listener::new();
    let client = dialer.dial(address, 64, None).await.unwrap();
    client.write_all(b"anybody?").await.unwrap();
    let mut listener = super::Listener::Memory(listener);
    let (socket, _) = listener.accept().await.unwrap();
    drop(socket);
    let ended = tokio::time::timeout(minute, pieces(&client)).await;
    let error = ended.expect("it ends").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_end_that_is_told_leaves_the_other_direction_open() {
    let (client, mut reader, writer) = connected(64, None).await;
    client.write_all(b"last").await.unwrap();
    client.finish();
    let mut all = Vec::new();
    reader.read_to_end(&mut all).await.unwrap();
    assert_eq!(all, b"last");
    assert!(client.write_all(b"more").await.is_err());
    assert_eq!(writer.try_write(b"answer").unwrap(), 6);
    drop(writer);
    assert_eq!(pieces(&client).await.unwrap().0, b"answer");
    // Nobody reads any more: what is sent goes nowhere, and that is no error.
    let (client, reader, writer) = connected(2, None).await;
    drop((reader, writer));
    client.write_all(b"into the void").await.unwrap();
}

#[tokio::test]
async fn a_reset_is_an_error_on_both_sides() {
    let (client, mut reader, writer) = connected(64, None).await;
    client.write_all(b"lost").await.unwrap();
    writer.try_write(b"lost too").unwrap();
    client.reset();
    assert!(reader.read_u8().await.is_err());
    assert!(writer.try_write(b"x").is_err());
    assert!(client.read(&mut [0]).await.is_err());
    // A server that closes with bytes unread resets, as TCP does.
    let (client, reader, writer) = connected(64, None).await;
    client.write_all(b"unread").await.unwrap();
    writer.try_write(b"goodbye").unwrap();
    drop((reader, writer));
    assert!(pieces(&client).await.is_err());
}

#[tokio::test]
async fn a_seed_cuts_the_same_way_every_time() {
    async fn cut(seed: u64) -> Vec<usize> {
        let (client, _reader, writer) = connected(1 << 10, Some(Random::new(seed))).await;
        let text = [7; 500];
        let mut written = 0;
        while written < text.len() {
            written += writer.try_write(&text[written..]).unwrap();
        }
        drop(writer);
        let (all, pieces) = pieces(&client).await.unwrap();
        assert_eq!(all, text);
        pieces
    }
    let mut different = std::collections::HashSet::new();
    for seed in 0..20 {
        let first = cut(seed).await;
        assert_eq!(first, cut(seed).await);
        different.insert(first);
    }
    assert!(different.len() > 10, "{}", different.len());
}

/// Sends every message back inside its answer.
struct Echo;

impl Invoke for Echo {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            let mut answer = InvokeAnswer::ok();
            if let Ok(Event::Message(message)) = Event::parse(&call.event, None) {
                let text = String::from_utf8_lossy(message.data.as_bytes()).into_owned();
                answer.pushes = vec![ReplyPush::Send(Data::Text(text.into()).into())];
            }
            Ok(answer)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_gateway_speaks_over_it() {
    // Byte by byte, then in pieces that a seed chooses.
    let mut ids = std::collections::HashSet::new();
    for (seed, capacity) in [(1, 1), (2, 1 << 16)] {
        let random = Some(Random::new(seed)).filter(|_| capacity > 1);
        let settings = Settings::default();
        let handle = Handle::seeded(&settings, seed);
        let (gateway, dialer) = Gateway::in_memory(handle, &settings, Arc::new(Echo), None)
            .await
            .unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(gateway.serve(async {
            let _ = stopped.await;
        }));
        let address = "127.0.0.1:1".parse().unwrap();
        let client = dialer.dial(address, capacity, random).await.unwrap();
        let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        client.write_all(request.as_bytes()).await.unwrap();
        // A mask of zero leaves the payload as it is.
        client.write_all(b"\x81\x85\0\0\0\0hello").await.unwrap();
        let end = b"\x81\x05hello";
        let mut all = Vec::new();
        let mut buffer = [0; 64];
        while !all.ends_with(end) {
            let count = client.read(&mut buffer).await.unwrap();
            assert!(count > 0, "{:?}", String::from_utf8_lossy(&all));
            all.extend_from_slice(&buffer[..count]);
        }
        assert!(all.starts_with(b"HTTP/1.1 101 "), "{all:?}");
        let id = client.id().unwrap();
        assert!(ids.insert(id), "the ids of one seed differ from another's");
        // A shutdown closes with 1001, and everything ends.
        stop.send(()).unwrap();
        client.write_all(b"\x88\x82\0\0\0\0\x03\xe9").await.unwrap();
        let (rest, _) = pieces(&client).await.unwrap();
        assert_eq!(rest[0], 0x88, "{rest:?}");
        serving.await.unwrap();
    }
}
