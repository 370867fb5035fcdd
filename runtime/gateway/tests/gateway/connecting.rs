//! The handshake: what is accepted, refused and forwarded.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_gateway::{InvokeAnswer, InvokeError};
use wsfn_protocol::{ErrNo, Event, Kind, ReplyPush, Request};
use wsfn_settings::{AllowOrigin, Refuse, Settings};

use crate::support::{
    Server, action_json, ask, echo, handshake, ok, raw, read_head, send_json, until,
};

fn status(error: &Error) -> u16 {
    match error {
        Error::Http(response) => response.status().as_u16(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_is_tencents() {
    let settings = Settings {
        forward_query: true,
        ..Settings::default()
    };
    let server = Server::echo(settings).await;
    let mut request = handshake(
        server.addr,
        "User-Agent: me\r\nCookie: secret\r\nSec-WebSocket-Protocol: a, b\r\n",
    );
    request = request.replacen("GET /", "GET /chat/1?x=y", 1);
    let mut stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_head(&mut stream).await;
    let seen = server.wait_for(Kind::Connect, 1).await;
    let Event::Connect(event) = Event::parse(&seen[0].event, None).unwrap() else {
        panic!("{}", seen[0].event)
    };
    assert_eq!(event.connection_id, seen[0].id);
    assert_eq!(event.protocols.as_deref(), Some("a, b"));
    assert_eq!(event.extensions, None);
    let context = event.request_context().unwrap();
    assert_eq!(context.service_name.as_deref(), Some("wsfn"));
    assert_eq!(context.path.as_deref(), Some("/chat/1"));
    assert_eq!(context.query_string.as_deref(), Some("x=y"));
    assert_eq!(context.http_method.as_deref(), Some("GET"));
    assert_eq!(context.source_ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(context.stage.as_deref(), Some("release"));
    assert_eq!(context.websocket_enable, Some(true));
    assert_eq!(context.headers["user-agent"], "me");
    assert_eq!(context.headers["host"], server.addr.to_string());
    assert!(!context.headers.contains_key("cookie"));
    assert!(!seen[0].event.contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_functions_answer_decides() {
    let server = Server::start(Settings::default(), |call, handle| async move {
        match call.kind {
            Kind::Connect if call.event.contains("/no") => Ok(InvokeAnswer {
                err_no: ErrNo(4001),
                err_msg: "not today".into(),
                ..InvokeAnswer::ok()
            }),
            Kind::Connect if call.event.contains("/unsent") => Err(InvokeError::NotSent),
            Kind::Connect if call.event.contains("/full") => Err(InvokeError::QueueFull),
            Kind::Connect if call.event.contains("/late") => Err(InvokeError::TimedOut),
            Kind::Connect if call.event.contains("/fail") => {
                Err(InvokeError::Failed("the password is hunter2".into()))
            }
            _ => echo(&call, &handle),
        }
    })
    .await;
    let get = async |path: &str| {
        let request = handshake(server.addr, "").replacen("GET /", &format!("GET {path}"), 1);
        ask(server.addr, request.as_bytes()).await
    };
    let refused = get("/no").await;
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    assert!(
        refused.ends_with(r#"{"errNo":4001,"errMsg":"not today"}"#),
        "{refused}"
    );
    for (path, status) in [
        ("/unsent", 502),
        ("/full", 503),
        ("/late", 504),
        ("/fail", 502),
    ] {
        let answer = get(path).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert!(!answer.contains("hunter2"), "{answer}");
    }
    // Only those that the function may have accepted have a close event.
    let closes = server.wait_for(Kind::Close, 2).await;
    assert!(closes.iter().all(|seen| seen.event.contains("1006")));
    assert_eq!(closes.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_can_be_a_close() {
    let settings = Settings {
        refuse: Refuse::Close,
        ..Settings::default()
    };
    let server = Server::start(settings, |_, _| async {
        Ok(InvokeAnswer {
            err_no: ErrNo(4001),
            err_msg: "not today".into(),
            ..InvokeAnswer::ok()
        })
    })
    .await;
    let mut client = server
        .connect_with("Sec-WebSocket-Protocol", "a, b")
        .await
        .unwrap();
    let Message::Close(Some(close)) = client.next().await.unwrap().unwrap() else {
        panic!("no close")
    };
    assert_eq!(u16::from(close.code), 4403);
    assert_eq!(close.reason.as_str(), "not today");
    assert!(server.seen_of(Kind::Close).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_a_refusal_has_at_most_123_bytes() {
    // Two bytes each: the 123rd is half a character, which goes too.
    let (long, cut) = ("ä".repeat(100), "ä".repeat(61));
    let refusing = async |refuse| {
        let settings = Settings {
            refuse,
            ..Settings::default()
        };
        let err_msg = long.clone();
        Server::start(settings, move |_, _| {
            let err_msg = err_msg.clone();
            async move {
                Ok(InvokeAnswer {
                    err_no: ErrNo(4001),
                    err_msg: err_msg.into(),
                    ..InvokeAnswer::ok()
                })
            }
        })
        .await
    };
    let server = refusing(Refuse::Http).await;
    let answer = ask(server.addr, handshake(server.addr, "").as_bytes()).await;
    assert!(
        answer.ends_with(&format!(r#"{{"errNo":4001,"errMsg":"{cut}"}}"#)),
        "{answer}"
    );
    let server = refusing(Refuse::Close).await;
    let mut client = server.connect().await;
    let Message::Close(Some(close)) = client.next().await.unwrap().unwrap() else {
        panic!("no close")
    };
    assert_eq!(u16::from(close.code), 4403);
    assert_eq!(close.reason.as_str(), cut);
}

#[tokio::test(flavor = "multi_thread")]
async fn sub_protocols_are_checked_against_the_offer() {
    for (chosen, expected) in [
        (None, None),
        (Some("b"), Some("b")),
        (Some("a, b"), Some("a")),
        (Some("c"), None),
        (Some(""), None),
    ] {
        let server = Server::start(Settings::default(), move |_, _| async move {
            Ok(InvokeAnswer {
                protocol: chosen.map(str::to_owned),
                ..InvokeAnswer::ok()
            })
        })
        .await;
        let mut stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
        let request = handshake(server.addr, "Sec-WebSocket-Protocol: a, b\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let got = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert_eq!(got, expected, "{chosen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_hosts_are_refused() {
    let server = Server::echo(Settings::default()).await;
    let same = format!("http://{}", server.addr);
    for origin in [&*same, "http://localhost:3000"] {
        assert!(
            server.connect_with("Origin", origin).await.is_ok(),
            "{origin}"
        );
    }
    for origin in ["https://evil.example", "null"] {
        let error = server.connect_with("Origin", origin).await.unwrap_err();
        assert_eq!(status(&error), 403);
    }
    let server = Server::echo(Settings {
        allow_origin: AllowOrigin::List(vec!["https://a.example".into()]),
        ..Settings::default()
    })
    .await;
    assert!(
        server
            .connect_with("Origin", "https://a.example")
            .await
            .is_ok()
    );
    let error = server.connect_with("Origin", &same).await.unwrap_err();
    assert_eq!(status(&error), 403);
    assert_eq!(server.seen_of(Kind::Connect).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_requests() {
    let page = "<!doctype html><title>mine</title>";
    let server = Server::with_page(Settings::default(), Some(page), |_, _| async { ok() }).await;
    let get = async |line: &str| {
        let request = format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n");
        ask(server.addr, request.as_bytes()).await
    };
    let answer = get("GET /").await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(page),
        "{answer}"
    );
    let answer = get("HEAD /").await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
    assert!(get("GET /favicon.ico").await.starts_with("HTTP/1.1 404 "));
    assert!(get("POST /").await.starts_with("HTTP/1.1 405 "));
    assert!(server.seen().is_empty());
    // Without a page of the app's, a loopback listener has one.
    let server = Server::echo(Settings::default()).await;
    let answer = ask(server.addr, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_are_held_until_the_101() {
    let server = Server::start(Settings::default(), |call, handle| async move {
        if call.kind == Kind::Connect {
            let id = &call.connection_id;
            for text in ["one", "two"] {
                let push = send_json(id, text);
                let answer = handle.act(&Request::parse(&push).unwrap());
                assert_eq!(answer.err_no, 0);
            }
            return Ok(InvokeAnswer {
                pushes: vec![ReplyPush::Send(
                    wsfn_protocol::Data::Text("three".into()).into(),
                )],
                ..InvokeAnswer::ok()
            });
        }
        ok()
    })
    .await;
    let mut client = server.connect().await;
    for text in ["one", "two", "three"] {
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text(text));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_pushed_while_connecting_follows_the_101() {
    let server = Server::start(Settings::default(), |call, handle| async move {
        if call.kind == Kind::Connect {
            for push in [
                send_json(&call.connection_id, "bye"),
                action_json(
                    "closing",
                    &call.connection_id,
                    r#","code":4001,"reason":"no""#,
                ),
            ] {
                let answer = handle.act(&Request::parse(&push).unwrap());
                assert_eq!(answer.err_no, 0);
            }
            let late = send_json(&call.connection_id, "late");
            let answer = handle.act(&Request::parse(&late).unwrap());
            assert_eq!(answer.err_no, 1101);
        }
        ok()
    })
    .await;
    let mut client = server.connect().await;
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("bye"));
    let Message::Close(Some(close)) = client.next().await.unwrap().unwrap() else {
        panic!("no close")
    };
    assert_eq!((u16::from(close.code), close.reason.as_str()), (4001, "no"));
    let closes = server.wait_for(Kind::Close, 1).await;
    assert!(
        closes[0].event.contains(r#""code":"4001","reason":"no""#),
        "{}",
        closes[0].event
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_in_the_packet_of_the_handshake_are_kept() {
    let server = Server::start(Settings::default(), |call, handle| async move {
        if call.kind == Kind::Connect {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        echo(&call, &handle)
    })
    .await;
    let mut stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    let mut bytes = handshake(server.addr, "").into_bytes();
    bytes.extend(crate::support::frame(1, b"hi"));
    stream.write_all(&bytes).await.unwrap();
    read_head(&mut stream).await;
    let mut got = [0; 4];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut got)
        .await
        .unwrap();
    assert_eq!(&got, b"\x81\x02hi");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connect_leaves_its_rooms() {
    let server = Server::start(Settings::default(), |call, handle| async move {
        let join = action_json("join", &call.connection_id, r#","room":"r""#);
        let answer = handle.act(&Request::parse(&join).unwrap());
        assert_eq!(answer.err_no, 0);
        let members = r#"{"websocket":{"action":"members","room":"r"}}"#;
        let answer = handle.act(&Request::parse(members).unwrap());
        assert_eq!(answer.count, Some(1), "a registering connection counts");
        Ok(InvokeAnswer {
            err_no: ErrNo(1),
            ..InvokeAnswer::ok()
        })
    })
    .await;
    assert!(
        tokio_tungstenite::connect_async(server.url())
            .await
            .is_err()
    );
    let members = r#"{"websocket":{"action":"members","room":"r"}}"#;
    until(|| (server.push(members).count == Some(0)).then_some(())).await;
    let id = &server.seen()[0].id;
    assert_eq!(server.push(&action_json("rooms", id, "")).err_no, 1101);
}

#[tokio::test(flavor = "multi_thread")]
async fn bounds_on_connections_are_503() {
    let server = Server::echo(Settings {
        max_connections: 2,
        ..Settings::default()
    })
    .await;
    let first = server.connect().await;
    let _second = server.connect().await;
    let answer = ask(server.addr, handshake(server.addr, "").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("max-connections"), "{answer}");
    server.has_reached("max-connections", 1).await;
    drop(first);
    server.wait_for(Kind::Close, 1).await;
    until_connects(&server).await;

    let server = Server::start(
        Settings {
            max_registering: 1,
            ..Settings::default()
        },
        |_, _| async {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            ok()
        },
    )
    .await;
    let url = server.url();
    let waiting = tokio::spawn(async move { tokio_tungstenite::connect_async(url).await });
    server.wait_for(Kind::Connect, 1).await;
    let answer = ask(server.addr, handshake(server.addr, "").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("max-registering"), "{answer}");
    server.has_reached("max-registering", 1).await;
    waiting.abort();
}

async fn until_connects(server: &Server) {
    for _ in 0..6000 {
        if let Ok((mut client, _)) = tokio_tungstenite::connect_async(server.url()).await {
            client.send(Message::text("x")).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap(), Message::text("x"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no room came back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_connect_is_504_and_closed_when_it_is_over() {
    let settings = Settings {
        invoke_timeout: Duration::from_millis(50),
        ..Settings::default()
    };
    let told = Arc::new(Notify::new());
    let wait = Arc::clone(&told);
    let (answers, mut pushed) = mpsc::unbounded_channel();
    let server = Server::start(settings, move |call, handle| {
        let (wait, answers) = (Arc::clone(&wait), answers.clone());
        async move {
            if call.kind == Kind::Connect {
                wait.notified().await;
                for json in [
                    send_json(&call.connection_id, "late"),
                    action_json("join", &call.connection_id, r#","room":"red""#),
                ] {
                    answers
                        .send(handle.act(&Request::parse(&json).unwrap()).err_no())
                        .unwrap();
                }
            }
            ok()
        }
    })
    .await;
    let error = tokio_tungstenite::connect_async(server.url())
        .await
        .unwrap_err();
    assert_eq!(status(&error), 504);
    server.has_reached("invoke-timeout", 1).await;
    assert!(
        server.seen_of(Kind::Close).is_empty(),
        "the connect call is still running"
    );
    told.notify_one();
    // Nobody is there any more who could get a push (D3) or be in a room (R2).
    for _ in 0..2 {
        assert_eq!(pushed.recv().await, Some(ErrNo::GONE));
    }
    server.wait_for(Kind::Close, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_while_connecting_is_closed() {
    let server = Server::start(Settings::default(), |call, _| async move {
        if call.kind == Kind::Connect {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        ok()
    })
    .await;
    let mut stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    stream
        .write_all(handshake(server.addr, "").as_bytes())
        .await
        .unwrap();
    server.wait_for(Kind::Connect, 1).await;
    drop(stream);
    let closes = server.wait_for(Kind::Close, 1).await;
    assert!(closes[0].event.contains("1006"));
    let _ = raw(server.addr).await;
}
