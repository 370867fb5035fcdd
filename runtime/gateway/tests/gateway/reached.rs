//! Limits that no other test reaches: each is counted under its name, and whoever reaches it reads that name.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::Message;
use wsfn_gateway::{InvokeAnswer, InvokeError};
use wsfn_protocol::{Data, Kind, ReplyPush};
use wsfn_settings::Settings;

use crate::support::{
    Client, SOON, Server, action_json, ask, echo, frame, handshake, ok, raw, read_all, send_json,
};

/// Code and reason of the close frame that comes next.
async fn closed(client: &mut Client) -> (u16, String) {
    loop {
        let next = tokio::time::timeout(SOON, client.next()).await;
        match next.expect("a close in time") {
            Some(Ok(Message::Close(Some(frame)))) => {
                return (frame.code.into(), frame.reason.to_string());
            }
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A function that answers connects, and holds up whatever else it gets until there is a permit.
async fn held_up(settings: Settings) -> (Server, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let opener = Arc::clone(&gate);
    let server = Server::start(settings, move |call, _| {
        let gate = Arc::clone(&gate);
        async move {
            if call.kind != Kind::Connect {
                gate.acquire().await.unwrap().forget();
            }
            ok()
        }
    })
    .await;
    (server, opener)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_above_max_message_is_1009_and_a_push_above_it_1102() {
    let server = Server::start(
        Settings {
            max_message: 1000,
            ..Settings::default()
        },
        |call, _| async move {
            let large = Data::Text("x".repeat(1001).into());
            let small = Data::Text("small".into());
            let mut answer = InvokeAnswer::ok();
            if call.kind == Kind::Message {
                answer.pushes = vec![ReplyPush::Send(large.into()), ReplyPush::Send(small.into())];
            }
            Ok(answer)
        },
    )
    .await;
    let mut client = server.connect().await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    let answer = server.push(&send_json(&id, &"x".repeat(1001)));
    assert_eq!(answer.err_no, 1102);
    assert!(answer.err_msg.contains("max-message"), "{}", answer.err_msg);
    // Inside a reply it is left out.
    client.send(Message::text("go")).await.unwrap();
    let next = client.next().await.unwrap().unwrap();
    assert_eq!(next, Message::text("small"));
    client.send(Message::text("x".repeat(1001))).await.unwrap();
    let told = (1009, "message above max-message".to_owned());
    assert_eq!(closed(&mut client).await, told);
    server.has_reached("max-message", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_above_push_max_body_is_413() {
    let server = Server::echo(Settings {
        push_max_body: Some(1000),
        // Long enough for what is sent at once.
        message_timeout: Duration::from_secs(2),
        handshake_timeout: Duration::from_secs(2),
        header_max: 16 << 10,
        push_listen: Some(vec!["127.0.0.1:0".parse().unwrap()]),
        ..Settings::default()
    })
    .await;
    let endpoint = server.push_addr.unwrap();
    let post = |length: usize, body: &str| {
        format!(
            "POST /api-wsfn HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let answer = ask(endpoint, post(1001, &"x".repeat(1001)).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("push-max-body"), "{answer}");
    server.has_reached("push-max-body", 1).await;
    let answer = ask(endpoint, post(1000, "half").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("message-timeout"), "{answer}");
    server.has_reached("message-timeout", 1).await;
    // Its library tells that a head is too large without words.
    let large = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let answer = ask(endpoint, large.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    server.has_reached("header-max", 1).await;
    assert_eq!(ask(endpoint, b"POST /").await, "");
    server.has_reached("handshake-timeout", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_takes_longer_than_message_timeout_is_1008() {
    let server = Server::echo(Settings {
        message_timeout: Duration::from_millis(100),
        ..Settings::default()
    })
    .await;
    let mut stream = raw(server.addr).await;
    stream.write_all(&frame(1, b"whole")[..8]).await.unwrap();
    let got = read_all(&mut stream).await;
    assert_eq!(got[2..4], 1008u16.to_be_bytes(), "{got:x?}");
    let reason = String::from_utf8_lossy(&got[4..]);
    assert!(reason.contains("message-timeout"), "{reason}");
    server.has_reached("message-timeout", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_message_for_idle_timeout_is_4408() {
    let server = Server::echo(Settings {
        idle_timeout: Some(Duration::from_millis(100)),
        ..Settings::default()
    })
    .await;
    let mut client = server.connect().await;
    let told = (4408, "no message for idle-timeout".to_owned());
    assert_eq!(closed(&mut client).await, told);
    server.has_reached("idle-timeout", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_pong_for_pong_timeout_is_1006() {
    let server = Server::echo(Settings {
        ping_interval: Duration::from_millis(50),
        pong_timeout: Duration::from_millis(100),
        ..Settings::default()
    })
    .await;
    // Nobody reads it, so nobody answers.
    let _stream = raw(server.addr).await;
    let closes = server.wait_for(Kind::Close, 1).await;
    let why = r#""code":"1006","reason":"no pong within pong-timeout""#;
    assert!(closes[0].event.contains(why), "{}", closes[0].event);
    server.has_reached("pong-timeout", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_takes_longer_than_invoke_timeout_and_call_grace_is_given_up() {
    let (server, _gate) = held_up(Settings {
        invoke_timeout: Duration::from_millis(100),
        call_grace: Duration::from_millis(100),
        ..Settings::default()
    })
    .await;
    let mut client = server.connect().await;
    client.send(Message::text("x")).await.unwrap();
    let (code, reason) = closed(&mut client).await;
    assert_eq!(code, 1011);
    assert!(reason.contains("invoke-timeout"), "{reason}");
    server.has_reached("invoke-timeout", 1).await;
    // Its close event was not sent before the call was given up.
    server.wait_for(Kind::Close, 1).await;
    server.has_reached("call-grace", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_invoke_max_calls_wait_and_beyond_invoke_queue_they_are_refused() {
    for (calls, bytes, reached) in [
        (1, 1 << 20, "invoke-queue"),
        (1000, 200, "invoke-queue-bytes"),
    ] {
        let (server, gate) = held_up(Settings {
            // One for messages, one for connects.
            invoke_max: 2,
            invoke_queue: calls,
            invoke_queue_bytes: bytes,
            ..Settings::default()
        })
        .await;
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(server.connect().await);
        }
        clients[0].send(Message::text("runs")).await.unwrap();
        server.wait_for(Kind::Message, 1).await;
        clients[1].send(Message::text("waits")).await.unwrap();
        server.has_reached("invoke-max", 1).await;
        clients[2]
            .send(Message::text("x".repeat(100)))
            .await
            .unwrap();
        let told = (1013, "too many calls wait (invoke-queue)".to_owned());
        assert_eq!(closed(&mut clients[2]).await, told);
        server.has_reached(reached, 1).await;
        gate.add_permits(100);
        // The one that waited is called.
        server.wait_for(Kind::Message, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_beyond_invoke_queue_is_503() {
    let gate = Arc::new(Semaphore::new(0));
    let closed = Arc::clone(&gate);
    let server = Server::start(
        Settings {
            invoke_max: 1,
            invoke_queue: 0,
            ..Settings::default()
        },
        move |_, _| {
            let gate = Arc::clone(&closed);
            async move {
                gate.acquire().await.unwrap().forget();
                ok()
            }
        },
    )
    .await;
    let request = handshake(server.addr, "");
    let mut waiting = Vec::new();
    // One in the place that connects own, and one in that of all.
    for at in 1..=2 {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        waiting.push(stream);
        server.wait_for(Kind::Connect, at).await;
    }
    let answer = ask(server.addr, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("invoke-queue"), "{answer}");
    server.has_reached("invoke-queue", 1).await;
    gate.add_permits(100);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_close_max_close_events_wait() {
    let (server, gate) = held_up(Settings {
        close_max: 1,
        ..Settings::default()
    })
    .await;
    for _ in 0..2 {
        drop(raw(server.addr).await);
    }
    server.has_reached("close-max", 1).await;
    assert_eq!(server.wait_for(Kind::Close, 1).await.len(), 1);
    gate.add_permits(100);
    server.wait_for(Kind::Close, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_event_is_given_up_after_close_retry_for() {
    let server = Server::start(
        Settings {
            close_retry_for: Duration::from_millis(100),
            ..Settings::default()
        },
        |call, _| async move {
            match call.kind {
                Kind::Close => Err(InvokeError::Failed("never".into())),
                _ => ok(),
            }
        },
    )
    .await;
    drop(raw(server.addr).await);
    server.has_reached("close-retry-for", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_out_max_messages_or_out_max_bytes_is_1103() {
    for (messages, reached) in [(10, "out-max-messages"), (1_000_000, "out-max-bytes")] {
        let server = Server::echo(Settings {
            max_message: 100_000,
            out_max_messages: messages,
            out_max_bytes: 10_000_000,
            ..Settings::default()
        })
        .await;
        let _stream = raw(server.addr).await;
        let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
        let large = "x".repeat(100_000);
        let answer = loop {
            let answer = server.push(&send_json(&id, &large));
            if answer.err_no != 0 {
                break answer;
            }
        };
        assert_eq!(answer.err_no, 1103);
        assert!(answer.err_msg.contains(reached), "{}", answer.err_msg);
        server.has_reached(reached, 1).await;
        // A broadcast says of whom it was.
        let broadcast = format!(
            r#"{{"websocket":{{"action":"broadcast","dataType":"text","data":"{large}"}}}}"#
        );
        let failed = server.push(&broadcast).failed.unwrap();
        assert_eq!((&*failed[0].id, failed[0].err_no), (&*id, 1103));
        server.has_reached(reached, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_and_sessions_have_limits_that_are_1102() {
    let server = Server::echo(Settings {
        rooms_per_connection: 2,
        room_members: Some(1),
        room_name: 10,
        session_max: 10,
        ..Settings::default()
    })
    .await;
    let _clients = [server.connect().await, server.connect().await];
    let seen = server.wait_for(Kind::Connect, 2).await;
    let (ann, bob) = (&seen[0].id, &seen[1].id);
    let join = |id: &str, room: &str| action_json("join", id, &format!(r#","room":"{room}""#));
    for room in ["red", "blue"] {
        assert_eq!(server.push(&join(ann, room)).err_no, 0);
    }
    for (push, reached) in [
        (join(ann, "green"), "rooms-per-connection"),
        (join(bob, "red"), "room-members"),
        (join(bob, "elevenbytes"), "room-name"),
        (
            action_json("session", ann, r#","set":"123456789""#),
            "session-max",
        ),
    ] {
        let answer = server.push(&push);
        assert_eq!(answer.err_no, 1102, "{reached}: {}", answer.err_msg);
        assert!(answer.err_msg.contains(reached), "{}", answer.err_msg);
        server.has_reached(reached, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_queue_memory_is_full_a_handshake_is_503_and_reading_pauses() {
    let (server, gate) = held_up(Settings {
        queue_memory: 1000,
        ..Settings::default()
    })
    .await;
    let mut client = server.connect().await;
    // The first is at the function, the second fills the queue, and what is read and not decoded of the others fills it
    // alone: they must come through all the same.
    for _ in 0..8 {
        client.feed(Message::text("x".repeat(1000))).await.unwrap();
    }
    client.flush().await.unwrap();
    server.has_reached("queue-memory", 1).await;
    let answer = ask(server.addr, handshake(server.addr, "").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("queue-memory"), "{answer}");
    server.has_reached("queue-memory", 2).await;
    gate.add_permits(100);
    server.wait_for(Kind::Message, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_close_that_cannot_be_written_within_close_timeout_is_1006() {
    let server = Server::start(
        Settings {
            close_timeout: Duration::from_millis(100),
            ..Settings::default()
        },
        |call, handle| async move { echo(&call, &handle) },
    )
    .await;
    let mut stream = raw(server.addr).await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    let large = "x".repeat(100_000);
    while server.push(&send_json(&id, &large)).err_no == 0 {}
    assert_eq!(server.push(&action_json("closing", &id, "")).err_no, 0);
    let closes = server.wait_for(Kind::Close, 1).await;
    let why = r#""code":"1006","reason":"no close frame could be written within close-timeout""#;
    assert!(closes[0].event.contains(why), "{}", closes[0].event);
    server.has_reached("close-timeout", 1).await;
    let _ = stream.read(&mut [0; 1]).await;
}
