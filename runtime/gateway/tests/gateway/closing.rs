//! Ends, in all orders.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use wsfn_gateway::InvokeError;
use wsfn_protocol::Kind;
use wsfn_settings::{FailedMessage, Settings};

use crate::support::{
    Client, SOON, Server, action_json, echo, frame, ok, raw, read_all, text, until,
};

async fn close_code(client: &mut Client) -> u16 {
    let reading = async {
        while let Some(Ok(message)) = client.next().await {
            if let Message::Close(close) = message {
                return close.map_or(1005, |close| close.code.into());
            }
        }
        1006
    };
    tokio::time::timeout(SOON, reading).await.unwrap()
}

async fn code_in_event(server: &Server) -> String {
    let closes = server.wait_for(Kind::Close, 1).await;
    let event = &closes[0].event;
    let (_, rest) = event.split_once(r#""code":""#).unwrap();
    rest[..4].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_code_and_reason() {
    let server = Server::echo(Settings::default()).await;
    let mut client = server.connect().await;
    let close = CloseFrame {
        code: 4321.into(),
        reason: "enough".into(),
    };
    client.close(Some(close)).await.unwrap();
    assert_eq!(close_code(&mut client).await, 4321);
    let closes = server.wait_for(Kind::Close, 1).await;
    assert!(
        closes[0]
            .event
            .contains(r#""code":"4321","reason":"enough""#)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_1006() {
    let server = Server::echo(Settings::default()).await;
    drop(raw(server.addr).await);
    assert_eq!(code_in_event(&server).await, "1006");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_before_the_close_are_delivered_before_its_event() {
    let server = Server::start(Settings::default(), |call, _| async move {
        if call.kind == Kind::Message {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        ok()
    })
    .await;
    let mut stream = raw(server.addr).await;
    let mut bytes = Vec::new();
    for _ in 0..5 {
        bytes.extend(frame(1, b"x"));
    }
    bytes.extend(frame(8, &1000u16.to_be_bytes()));
    // Nothing is read behind a close frame.
    bytes.extend(frame(1, b"late"));
    stream.write_all(&bytes).await.unwrap();
    let got = read_all(&mut stream).await;
    assert_eq!(got, [0x88, 2, 0x03, 0xe8]);
    server.wait_for(Kind::Close, 1).await;
    let kinds: Vec<_> = server.seen().iter().map(|seen| seen.kind).collect();
    let mut expected = vec![Kind::Connect];
    expected.extend([Kind::Message; 5]);
    expected.push(Kind::Close);
    assert_eq!(kinds, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_answer_a_close_is_cut() {
    let server = Server::echo(Settings {
        close_timeout: Duration::from_millis(100),
        ..Settings::default()
    })
    .await;
    let mut stream = raw(server.addr).await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    let close = action_json("closing", &id, r#","code":4000"#);
    assert_eq!(server.push(&close).err_no, 0);
    assert_eq!(read_all(&mut stream).await, [0x88, 2, 0x0f, 0xa0]);
    assert_eq!(code_in_event(&server).await, "4000");
    server.has_reached("close-timeout", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closes_that_cross() {
    let server = Server::echo(Settings::default()).await;
    for _ in 0..20 {
        let before = server.seen_of(Kind::Connect).len();
        let mut stream = raw(server.addr).await;
        let id = server.wait_for(Kind::Connect, before + 1).await[before]
            .id
            .clone();
        let close = frame(8, &4001u16.to_be_bytes());
        let (pushed, sent) = tokio::join!(
            async { server.push(&action_json("closing", &id, r#","code":4000"#)) },
            stream.write_all(&close)
        );
        sent.unwrap();
        let got = read_all(&mut stream).await;
        assert_eq!(got.len(), 4, "one close frame and FIN: {got:x?} {pushed:?}");
    }
    let closes = server.wait_for(Kind::Close, 20).await;
    assert!(
        closes
            .iter()
            .all(|seen| seen.event.contains(r#""code":"400"#))
    );
}

/// A client that keeps sending although the gateway has closed its side: were the socket closed whole, its next write
/// would fail, and many clients look no further then.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_keeps_sending_is_not_reset_before_it_reads_the_close_frame() {
    let server = Server::echo(Settings::default()).await;
    // What it sends has to be there within a second, which a busy machine may miss now and then.
    for _ in 0..20 {
        let mut stream = raw(server.addr).await;
        stream.write_all(&frame(3, b"")).await.unwrap();
        stream.readable().await.unwrap();
        // The end of the gateway's side comes behind the frame.
        tokio::time::sleep(Duration::from_millis(20)).await;
        // Less than what is drained.
        let mut sent = Ok(());
        for _ in 0..32 {
            sent = sent.and(stream.write_all(&[0; 1024]).await);
        }
        let mut got = Vec::new();
        let reading = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut got);
        let read = tokio::time::timeout(SOON, reading).await.unwrap();
        if sent.is_ok() && read.is_ok() {
            assert_eq!(got[..4], [0x88, got.len() as u8 - 2, 0x03, 0xea]);
            return;
        }
    }
    panic!("every client was reset");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_is_1011_and_an_unreachable_function_1013() {
    for (error, code) in [
        (InvokeError::Failed("boom".into()), 1011),
        (InvokeError::TimedOut, 1011),
        (InvokeError::NotSent, 1013),
        (InvokeError::QueueFull, 1013),
    ] {
        let failing = error.clone();
        let server = Server::start(Settings::default(), move |call, _| {
            let error = failing.clone();
            async move {
                if call.kind == Kind::Message {
                    return Err(error);
                }
                ok()
            }
        })
        .await;
        let mut client = server.connect().await;
        client.send(Message::text("x")).await.unwrap();
        assert_eq!(close_code(&mut client).await, code);
        assert_eq!(code_in_event(&server).await, code.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_can_be_told() {
    let settings = Settings {
        failed_message: FailedMessage::Tell,
        // Long enough for an answer that is there at once.
        invoke_timeout: Duration::from_secs(2),
        ..Settings::default()
    };
    let server = Server::start(settings, |call, handle| async move {
        match &*text(&call) {
            "fail" | r#"{"id":"f","do":"fail"}"# => Err(InvokeError::Failed("hunter2".into())),
            r#"{"id":7}"# => Err(InvokeError::NotSent),
            r#"{"id":8}"# => Err(InvokeError::QueueFull),
            "panic" => panic!("on purpose"),
            "hang" => {
                tokio::time::sleep(Duration::from_secs(3)).await;
                ok()
            }
            _ => echo(&call, &handle),
        }
    })
    .await;
    let mut client = server.connect().await;
    let failed = r#"{"errNo":1004,"errMsg":"the function failed"}"#;
    for (text, expected) in [
        ("fail", failed),
        (
            r#"{"id":"f","do":"fail"}"#,
            r#"{"errNo":1004,"errMsg":"the function failed","id":"f"}"#,
        ),
        ("panic", failed),
        (
            "hang",
            r#"{"errNo":1006,"errMsg":"the function did not answer within invoke-timeout","temporary":true}"#,
        ),
        (
            r#"{"id":7}"#,
            r#"{"errNo":1107,"errMsg":"the function is not reachable","id":7,"temporary":true}"#,
        ),
        (
            r#"{"id":8}"#,
            r#"{"errNo":1107,"errMsg":"too many calls wait (invoke-queue)","id":8,"temporary":true}"#,
        ),
        ("fine", "fine"),
    ] {
        client.send(Message::text(text)).await.unwrap();
        let message = tokio::time::timeout(SOON, client.next()).await.unwrap();
        let told = message.unwrap().unwrap().into_text().unwrap();
        assert_eq!(told, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_event_is_sent_again_until_it_is_answered() {
    let tries = Arc::new(AtomicUsize::new(0));
    let count = tries.clone();
    let server = Server::start(Settings::default(), move |call, _| {
        let count = count.clone();
        async move {
            if call.kind == Kind::Close && count.fetch_add(1, Ordering::SeqCst) < 2 {
                return Err(InvokeError::Failed("not yet".into()));
            }
            ok()
        }
    })
    .await;
    drop(raw(server.addr).await);
    let closes = server.wait_for(Kind::Close, 3).await;
    assert!(
        closes
            .iter()
            .all(|seen| seen.event_id == closes[0].event_id)
    );
    assert!(closes.iter().all(|seen| seen.seq == Some(1)));
    let rooms = action_json("rooms", &closes[0].id, "");
    until(|| (server.push(&rooms).err_no == 1101).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_closes_with_1001_and_waits_for_the_close_events() {
    let mut server = Server::start(Settings::default(), |call, handle| async move {
        if call.kind == Kind::Close {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        echo(&call, &handle)
    })
    .await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.connect().await);
    }
    server.begin_stop();
    for client in &mut clients {
        assert_eq!(close_code(client).await, 1001);
    }
    drop(clients);
    let seen = server.wait_for(Kind::Close, 20).await;
    assert!(seen.iter().all(|seen| seen.event.contains("1001")));
    let addr = server.addr;
    server.stop().await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_while_connecting_is_503() {
    let mut server = Server::start(Settings::default(), |call, _| async move {
        if call.kind == Kind::Connect {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        ok()
    })
    .await;
    let url = server.url();
    let connecting = tokio::spawn(async move { tokio_tungstenite::connect_async(url).await });
    server.wait_for(Kind::Connect, 1).await;
    server.begin_stop();
    let error = connecting.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
    // The function accepted it meanwhile, so it gets its close.
    server.wait_for(Kind::Close, 1).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_that_say_nothing_do_not_delay_the_end() {
    let server = Server::echo(Settings {
        handshake_timeout: Duration::from_secs(3600),
        drain: Duration::from_secs(3600),
        ..Settings::default()
    })
    .await;
    let mut silent = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    // Whoever is served behind it shows that it was accepted.
    drop(server.connect().await);
    server.stop().await;
    assert!(read_all(&mut silent).await.starts_with(b"HTTP/1.1 503 "));
}
