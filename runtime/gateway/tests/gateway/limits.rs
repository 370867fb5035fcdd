//! Limits on what one client may do, and who the client is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_protocol::{Event, Kind};
use wsfn_settings::{Settings, Sources};

use crate::support::{Client, SOON, Server, ok, until};

fn settings(set: &[(&str, &str)]) -> Settings {
    let sources = set.iter().fold(Sources::new(), |sources, (name, value)| {
        sources.env(name, value)
    });
    Settings::load(&sources).unwrap()
}

fn status(result: Result<Client, Error>) -> u16 {
    match result {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

async fn closed_with(client: &mut Client) -> u16 {
    loop {
        let next = tokio::time::timeout(SOON, client.next()).await;
        match next.expect("a close in time") {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_faster_than_max_rate_is_closed_with_1008() {
    let server = Server::echo(settings(&[("WSFN_MAX_RATE", "5")])).await;
    let mut client = server.connect().await;
    let begun = Instant::now();
    for _ in 0..20 {
        client.feed(Message::text("x")).await.unwrap();
    }
    client.flush().await.unwrap();
    assert_eq!(closed_with(&mut client).await, 1008);
    // What came within the limit was delivered: a second's at once, and more where it took longer to read them.
    let seen = server.wait_for(Kind::Close, 1).await;
    let more = begun.elapsed().as_millis() as usize * 5 / 1000;
    assert!(seen[0].event.contains("max-rate"), "{}", seen[0].event);
    let delivered = server.seen_of(Kind::Message).len();
    assert!((5..=5 + more).contains(&delivered), "{delivered}, {more}");
    server.has_reached("max-rate", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections_and_no_more() {
    let server = Server::echo(settings(&[("WSFN_MAX_PER_ADDRESS", "2")])).await;
    let first = server.connect().await;
    let _second = server.connect().await;
    let connect = || async {
        tokio_tungstenite::connect_async(server.url())
            .await
            .map(|(client, _)| client)
    };
    let Err(Error::Http(refused)) = connect().await else {
        panic!("it was let in");
    };
    assert_eq!(refused.status(), 429);
    let body = refused.into_body().unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    assert!(body.contains("max-per-address"), "{body}");
    server.has_reached("max-per-address", 1).await;
    drop(first);
    // Its place is free once the gateway has noticed.
    server.wait_for(Kind::Close, 1).await;
    let mut free = false;
    for _ in 0..3000 {
        free = status(connect().await) == 101;
        if free {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(free);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_the_client_is_who_the_proxy_says() {
    let trusting = [
        ("WSFN_TRUST_PROXY", "127.0.0.0/8"),
        ("WSFN_MAX_PER_ADDRESS", "1"),
    ];
    let server = Server::echo(settings(&trusting)).await;
    let from = |address: &'static str| server.connect_with("x-forwarded-for", address);
    let _first = from("203.0.113.9, 198.51.100.1").await.unwrap();
    assert_eq!(status(from("198.51.100.1").await), 429);
    let _other = from("198.51.100.2").await.unwrap();
    let seen = server.wait_for(Kind::Connect, 2).await;
    let Event::Connect(event) = Event::parse(&seen[0].event, None).unwrap() else {
        panic!("{}", seen[0].event);
    };
    let context = event.request_context().unwrap();
    assert_eq!(context.source_ip.as_deref(), Some("198.51.100.1"));
    // Without trust the header is a claim of a stranger.
    let server = Server::echo(Settings::default()).await;
    let _client = server
        .connect_with("x-forwarded-for", "198.51.100.1")
        .await
        .unwrap();
    let seen = server.wait_for(Kind::Connect, 1).await;
    assert!(seen[0].event.contains("127.0.0.1") && !seen[0].event.contains("198.51"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_origin_is_compared_with_the_host_that_the_proxy_was_asked_for() {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

    let server = Server::echo(settings(&[("WSFN_TRUST_PROXY", "127.0.0.1")])).await;
    for (host, expected) in [("chat.example", 101), ("other.example", 403)] {
        let mut request = server.url().into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("origin", "https://chat.example".parse().unwrap());
        headers.insert("x-forwarded-host", host.parse().unwrap());
        let result = tokio_tungstenite::connect_async(request).await;
        assert_eq!(status(result.map(|(client, _)| client)), expected, "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_wakes_no_function() {
    let server = Server::echo(settings(&[("WSFN_HEARTBEAT", "ping=pong")])).await;
    let mut client = server.connect().await;
    for text in ["ping", "ping ", "ping"] {
        client.send(Message::text(text)).await.unwrap();
        let answer = if text == "ping" { "pong" } else { text };
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text(answer));
    }
    assert_eq!(server.seen_of(Kind::Message).len(), 1);
    // Bytes are no text.
    client.send(Message::binary("ping")).await.unwrap();
    assert_eq!(
        client.next().await.unwrap().unwrap(),
        Message::binary("ping")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_not_pass_there_does_not_pass_here() {
    let tencent = [("WSFN_LIMITS", "tencent"), ("WSFN_MAX_MESSAGE", "8MiB")];
    let server = Server::echo(settings(&tencent)).await;
    let mut client = server.connect().await;
    // Below max-message, but each byte is six in the event.
    client
        .send(Message::text("\u{1}".repeat(2 << 20)))
        .await
        .unwrap();
    assert_eq!(closed_with(&mut client).await, 1009);
    until(|| (!server.seen_of(Kind::Close).is_empty()).then_some(())).await;
    assert!(server.seen_of(Kind::Message).is_empty());
    server.has_reached("limits", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_above_max_frame_is_1009_and_a_message_of_several_frames_is_none() {
    let server = Server::echo(settings(&[("WSFN_MAX_FRAME", "1024")])).await;
    let mut client = server.connect().await;
    for (last, opcode) in [
        (false, OpCode::Data(Data::Text)),
        (true, OpCode::Data(Data::Continue)),
    ] {
        let frame = Frame::message(vec![b'x'; 1024], opcode, last);
        client.send(Message::Frame(frame)).await.unwrap();
    }
    let back = client.next().await.unwrap().unwrap();
    assert_eq!(back, Message::text("x".repeat(2048)));
    client.send(Message::text("x".repeat(1025))).await.unwrap();
    assert_eq!(closed_with(&mut client).await, 1009);
    let seen = server.wait_for(Kind::Close, 1).await;
    assert!(seen[0].event.contains("max-frame"), "{}", seen[0].event);
    server.has_reached("max-frame", 1).await;
    assert_eq!(server.seen_of(Kind::Message).len(), 1);
}

/// What is received and not delivered is bounded in bytes; then TCP slows the client down, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_slowed_down_at_in_max_bytes() {
    const COUNT: usize = 256;
    let gate = Arc::new(Semaphore::new(0));
    let opener = Arc::clone(&gate);
    let settings = settings(&[
        ("WSFN_IN_MAX_BYTES", "1MiB"),
        ("WSFN_IN_MAX_MESSAGES", "100000"),
    ]);
    let server = Server::start(settings, move |call, _| {
        let gate = Arc::clone(&gate);
        async move {
            if call.kind == Kind::Message {
                gate.acquire().await.unwrap().forget();
            }
            ok()
        }
    })
    .await;
    let mut client = server.connect().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let sender = tokio::spawn(async move {
        for at in 0..COUNT {
            let mut text = at.to_string();
            text.push_str(&" ".repeat(250_000));
            client.send(Message::text(text)).await.unwrap();
            counter.fetch_add(1, Ordering::Relaxed);
        }
        client
    });
    server.wait_for(Kind::Message, 1).await;
    // Until it gets no further: what is on its way is in the sockets' buffers, which hold much less than all of it.
    let mut before = usize::MAX;
    while before != sent.load(Ordering::Relaxed) {
        before = sent.load(Ordering::Relaxed);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    assert!(before < COUNT / 2, "{before} of {COUNT} were taken");
    server.has_reached("in-max-bytes", 1).await;
    opener.add_permits(COUNT);
    let seen = server.wait_for(Kind::Message, COUNT).await;
    for (at, seen) in seen.iter().enumerate() {
        assert!(seen.event.contains(&format!("\"data\":\"{at} ")), "{at}");
    }
    drop(sender.await.unwrap());
}
