//! What functions ask of the gateway, and its bounds.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncReadExt as _;
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::Message;
use wsfn_gateway::InvokeAnswer;
use wsfn_protocol::{Data, Kind, ReplyPush};
use wsfn_settings::Settings;

use crate::support::{Client, SOON, Server, action_json, echo, ok, raw, send_json, text, until};

/// A client and its id.
async fn joined(server: &Server) -> (Client, String) {
    let before = server.seen_of(Kind::Connect).len();
    let client = server.connect().await;
    let id = server.wait_for(Kind::Connect, before + 1).await[before]
        .id
        .clone();
    (client, id)
}

async fn next(client: &mut Client) -> Message {
    tokio::time::timeout(SOON, client.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_and_broadcasts() {
    let server = Server::echo(Settings::default()).await;
    let (mut a, a_id) = joined(&server).await;
    let (mut b, b_id) = joined(&server).await;
    let (mut c, c_id) = joined(&server).await;
    for (id, room) in [(&a_id, "x"), (&a_id, "x"), (&b_id, "x"), (&b_id, "y")] {
        let join = action_json("join", id, &format!(r#","room":"{room}""#));
        assert_eq!(server.push(&join).err_no, 0);
    }
    let broadcast = |fields: &str, data: &str| {
        server.push(&format!(
            r#"{{"websocket":{{"action":"broadcast"{fields},"dataType":"text","data":"{data}"}}}}"#
        ))
    };
    assert_eq!(broadcast(r#","rooms":["x","y"]"#, "1").delivered, Some(2));
    assert_eq!(
        broadcast(&format!(r#","room":"x","except":["{a_id}"]"#), "2").delivered,
        Some(1)
    );
    assert_eq!(broadcast("", "3").delivered, Some(3));
    let nobody = broadcast(r#","room":"nobody""#, "4");
    assert_eq!((nobody.err_no, nobody.delivered), (0, Some(0)));
    for (client, texts) in [
        (&mut a, &["1", "3"][..]),
        (&mut b, &["1", "2", "3"]),
        (&mut c, &["3"]),
    ] {
        for text in texts {
            assert_eq!(next(client).await, Message::text(*text));
        }
    }
    let rooms = server.push(&action_json("rooms", &b_id, "")).rooms.unwrap();
    assert_eq!(rooms, ["x", "y"]);
    let page = |after: &str| {
        server.push(&format!(
            r#"{{"websocket":{{"action":"members","room":"x","limit":1,"with":"session"{after}}}}}"#
        ))
    };
    let first = page("");
    assert_eq!(first.count, Some(2));
    assert_eq!(first.sessions.unwrap().len(), 1);
    let next_id = first.next.unwrap();
    let second = page(&format!(r#","after":"{next_id}""#));
    assert_eq!(second.next, None);
    let mut members = [first.members.unwrap(), second.members.unwrap()].concat();
    members.sort();
    let mut expected = [a_id.clone(), b_id.clone()];
    expected.sort();
    assert_eq!(members, expected);
    // The last leave removes the room, and a leave is idempotent.
    for _ in 0..2 {
        let leave = action_json("leave", &a_id, r#","room":"x""#);
        assert_eq!(server.push(&leave).err_no, 0);
    }
    assert_eq!(server.push(&action_json("leave", &b_id, "")).err_no, 0);
    assert_eq!(page("").count, Some(0));
    let alive =
        format!(r#"{{"websocket":{{"action":"alive","secConnectionIDs":["{c_id}","nobody"]}}}}"#);
    assert_eq!(server.push(&alive).alive.unwrap(), [c_id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_checked_before_its_target_is_looked_up() {
    let server = Server::echo(Settings {
        max_message: 10,
        room_name: 5,
        ..Settings::default()
    })
    .await;
    let push = |json: &str| server.push(json).err_no;
    assert_eq!(push(&send_json("nobody", "12345678901")), 1102);
    assert_eq!(push(&send_json("nobody", "1234567890")), 1101);
    assert_eq!(
        push(&action_json("join", "nobody", r#","room":"123456""#)),
        1102
    );
    assert_eq!(
        push(&action_json("join", "nobody", r#","room":"12345""#)),
        1101
    );
    assert_eq!(push(&action_json("closing", "nobody", "")), 1101);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_targets_report_who_failed() {
    let server = Server::echo(Settings::default()).await;
    let (mut a, id) = joined(&server).await;
    let answer = server.push(&format!(
        r#"{{"websocket":{{"action":"data send","secConnectionIDs":["{id}","gone"],"dataType":"text","data":"x"}}}}"#
    ));
    assert_eq!((answer.err_no, answer.delivered), (0, Some(1)));
    let failed = answer.failed.unwrap();
    assert_eq!((failed[0].id.as_str(), failed[0].err_no), ("gone", 1101));
    assert_eq!(next(&mut a).await, Message::text("x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions() {
    let server = Server::echo(Settings::default()).await;
    let (_a, id) = joined(&server).await;
    let session = |fields: &str| server.push(&action_json("session", &id, fields));
    assert_eq!(session("").version, Some(0));
    assert_eq!(
        session(r#","set":{"name":"a"},"version":0"#).version,
        Some(1)
    );
    let conflict = session(r#","set":1,"version":0"#);
    assert_eq!((conflict.err_no, conflict.version), (1106, Some(1)));
    assert_eq!(session(r#","set":2"#).version, Some(2));
    assert_eq!(session("").value.unwrap().get(), "2");
    let large = format!(r#","set":"{}""#, "x".repeat(5000));
    assert_eq!(session(&large).err_no, 1102);
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_readable_while_closing_and_nobody_can_join() {
    let server = Server::start(Settings::default(), |call, handle| async move {
        let act = |json: &str| handle.act(&wsfn_protocol::Request::parse(json).unwrap());
        let id = &call.connection_id;
        match call.kind {
            Kind::Connect => {
                assert_eq!(act(&action_json("join", id, r#","room":"r""#)).err_no, 0);
            }
            Kind::Close => {
                assert_eq!(act(&action_json("rooms", id, "")).rooms.unwrap(), ["r"]);
                assert_eq!(act(&action_json("join", id, r#","room":"q""#)).err_no, 1101);
                assert_eq!(act(&send_json(id, "x")).err_no, 1101);
                let members = act(r#"{"websocket":{"action":"members","room":"r"}}"#);
                assert_eq!(members.count, Some(0));
                let alive =
                    format!(r#"{{"websocket":{{"action":"alive","secConnectionIDs":["{id}"]}}}}"#);
                assert!(act(&alive).alive.unwrap().is_empty());
                return Ok(InvokeAnswer::ok());
            }
            Kind::Message => {}
        }
        ok()
    })
    .await;
    let client = server.connect().await;
    drop(client);
    let closes = server.wait_for(Kind::Close, 1).await;
    // Had an assertion failed, the close would come again.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(server.seen_of(Kind::Close).len(), 1);
    assert_eq!(
        server.push(&action_json("rooms", &closes[0].id, "")).err_no,
        1101
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_fills_its_queue_and_is_cut() {
    let server = Server::echo(Settings {
        // Long enough for the queue to be full before that.
        write_timeout: Duration::from_secs(5),
        ..Settings::default()
    })
    .await;
    let stream = raw(server.addr).await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    let large = "x".repeat(100_000);
    let mut answers = Vec::new();
    // Until the system's buffers and then the queue are full.
    for _ in 0..1000 {
        let answer = server.push(&send_json(&id, &large)).err_no;
        answers.push(answer);
        if answer != 0 {
            break;
        }
    }
    assert_eq!(answers.last(), Some(&1103));
    assert_eq!(
        server.push(&send_json(&id, &large)).err_no,
        1103,
        "full is not gone"
    );
    let closes = server.wait_for(Kind::Close, 1).await;
    let why = r#""code":"1006","reason":"nothing could be written for write-timeout""#;
    assert!(closes[0].event.contains(why), "{}", closes[0].event);
    server.has_reached("write-timeout", 1).await;
    assert_eq!(server.push(&send_json(&id, "x")).err_no, 1101);
    drop(stream);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_can_be_kicked() {
    let server = Server::echo(Settings {
        close_timeout: Duration::from_millis(200),
        ..Settings::default()
    })
    .await;
    let mut stream = raw(server.addr).await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    let large = "x".repeat(100_000);
    while server.push(&send_json(&id, &large)).err_no == 0 {}
    assert_eq!(server.push(&action_json("closing", &id, "")).err_no, 0);
    assert_eq!(server.push(&action_json("closing", &id, "")).err_no, 1101);
    server.wait_for(Kind::Close, 1).await;
    let mut sink = vec![0; 1 << 16];
    let read = async { while stream.read(&mut sink).await.is_ok_and(|count| count > 0) {} };
    tokio::time::timeout(SOON, read).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_sends_faster_than_the_handler_is_slowed_and_loses_nothing() {
    const COUNT: usize = 5000;
    let gate = Arc::new(Semaphore::new(0));
    let opener = gate.clone();
    let server = Server::start(
        Settings {
            in_max_messages: 4,
            ..Settings::default()
        },
        move |call, handle| {
            let gate = gate.clone();
            async move {
                if call.kind == Kind::Message {
                    gate.acquire().await.unwrap().forget();
                }
                echo(&call, &handle)
            }
        },
    )
    .await;
    let client = server.connect().await;
    let (mut sink, mut stream) = client.split();
    let sender = tokio::spawn(async move {
        for at in 0..COUNT {
            sink.send(Message::text(at.to_string())).await.unwrap();
        }
        sink
    });
    server.wait_for(Kind::Message, 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.seen_of(Kind::Message).len(), 1, "one in flight");
    server.has_reached("in-max-messages", 1).await;
    opener.add_permits(COUNT);
    for at in 0..COUNT {
        let message = tokio::time::timeout(SOON, stream.next()).await.unwrap();
        assert_eq!(message.unwrap().unwrap(), Message::text(at.to_string()));
    }
    drop(sender.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_in_a_reply_come_after_those_of_the_handler() {
    let server = Server::start(Settings::default(), |call, handle| async move {
        if call.kind != Kind::Message {
            return ok();
        }
        let name = text(&call);
        let first = send_json(&call.connection_id, &format!("{name} first"));
        assert_eq!(
            handle
                .act(&wsfn_protocol::Request::parse(&first).unwrap())
                .err_no,
            0
        );
        Ok(InvokeAnswer {
            pushes: vec![ReplyPush::Send(
                Data::Text(format!("{name} second").into()).into(),
            )],
            ..InvokeAnswer::ok()
        })
    })
    .await;
    let mut client = server.connect().await;
    client.feed(Message::text("a")).await.unwrap();
    client.feed(Message::text("b")).await.unwrap();
    client.flush().await.unwrap();
    for text in ["a first", "a second", "b first", "b second"] {
        assert_eq!(next(&mut client).await, Message::text(text));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_in_a_reply_waits_for_room() {
    let server = Server::start(
        Settings {
            max_message: 100_000,
            out_max_bytes: 100_000,
            ..Settings::default()
        },
        |call, _| async move {
            if call.kind != Kind::Message {
                return ok();
            }
            let push = || ReplyPush::Send(Data::Text("x".repeat(90_000).into()).into());
            Ok(InvokeAnswer {
                pushes: std::iter::repeat_with(push).take(200).collect(),
                ..InvokeAnswer::ok()
            })
        },
    )
    .await;
    let mut client = server.connect().await;
    client.send(Message::text("go")).await.unwrap();
    client.send(Message::text("go")).await.unwrap();
    server.wait_for(Kind::Message, 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        server.seen_of(Kind::Message).len(),
        1,
        "the next message waits with it"
    );
    for _ in 0..400 {
        assert_eq!(next(&mut client).await.len(), 90_000);
    }
    until(|| (server.seen_of(Kind::Message).len() == 2).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_queues_together_are_bounded() {
    let server = Server::echo(Settings {
        queue_memory: 1_000_000,
        out_max_bytes: 100_000_000,
        out_max_messages: 1_000_000,
        ..Settings::default()
    })
    .await;
    let _stream = raw(server.addr).await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    let large = "x".repeat(100_000);
    let mut sent = 0;
    while server.push(&send_json(&id, &large)).err_no == 0 {
        sent += 1;
        assert!(sent < 1000);
    }
    let answer = server.push(&send_json(&id, &large));
    assert_eq!(answer.err_no, 1103);
    assert!(
        answer.err_msg.contains("queue-memory"),
        "{}",
        answer.err_msg
    );
    server.has_reached("queue-memory", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sequential_broadcasts_arrive_in_order_everywhere() {
    const COUNT: usize = 2000;
    let server = Server::echo(Settings {
        out_max_messages: COUNT,
        ..Settings::default()
    })
    .await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(joined(&server).await.0);
    }
    for at in 0..COUNT {
        let answer = server.push(&format!(
            r#"{{"websocket":{{"action":"broadcast","dataType":"text","data":"{at}"}}}}"#
        ));
        assert_eq!(answer.delivered, Some(3));
    }
    for client in &mut clients {
        for at in 0..COUNT {
            assert_eq!(next(client).await, Message::text(at.to_string()));
        }
    }
}
