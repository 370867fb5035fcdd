//! Whoever pushes, writes: all through one session.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;
use wsfn_gateway::InvokeError;
use wsfn_protocol::Kind;
use wsfn_settings::Settings;

use super::support::{Authority, BOTH, Client, connect, raw};
use crate::support::{SOON, Server, action_json, frame, ok, send_json, until};

async fn next(client: &mut Client) -> String {
    let next = tokio::time::timeout(SOON, client.next()).await.unwrap();
    next.unwrap().unwrap().into_text().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_many_tasks_at_once() {
    const TASKS: usize = 8;
    const EACH: usize = 200;
    let authority = Authority::new();
    let server = Arc::new(Server::echo(authority.settings()).await);
    let mut client = connect(&server, authority.client(BOTH)).await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (server, id) = (server.clone(), id.clone());
            tokio::spawn(async move {
                for at in 0..EACH {
                    // Of sizes that end in the middle of records.
                    let text = format!("{task}/{at}/{}", "x".repeat(at * 37 % 5000));
                    while server.push(&send_json(&id, &text)).err_no != 0 {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            })
        })
        .collect();
    let mut seen = [0; TASKS];
    let mut echoes = 0;
    for at in 0..TASKS * EACH {
        // The client speaks meanwhile.
        if at % 100 == 0 {
            client.send(Message::text("echo")).await.unwrap();
        }
        let text = loop {
            let text = next(&mut client).await;
            if text != "echo" {
                break text;
            }
            echoes += 1;
        };
        let mut parts = text.split('/');
        let mut number = || parts.next().unwrap().parse::<usize>().unwrap();
        let (task, of_task) = (number(), number());
        // Each task's in its order, and whole.
        assert_eq!(of_task, seen[task]);
        assert_eq!(parts.next().unwrap().len(), of_task * 37 % 5000);
        seen[task] += 1;
    }
    for task in tasks {
        task.await.unwrap();
    }
    while echoes < TASKS * EACH / 100 {
        assert_eq!(next(&mut client).await, "echo");
        echoes += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_everyone() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let config = Arc::new(authority.client(BOTH));
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(connect(&server, config.clone()).await);
    }
    server.wait_for(Kind::Connect, 50).await;
    for text in ["short", &"long".repeat(20_000)] {
        let answer = server.push(&format!(
            r#"{{"websocket":{{"action":"broadcast","dataType":"text","data":"{text}"}}}}"#
        ));
        assert_eq!(answer.delivered, Some(50));
        for client in &mut clients {
            assert!(next(client).await == text);
        }
    }
}

/// What was acknowledged comes, whole and in order, although the socket was full in the middle of a record; what was
/// not does not; and the close that was pushed then is the last.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_fills_its_queue_and_loses_nothing() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let mut stream = raw(&server, authority.client(BOTH)).await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    // Below the size that is compressed; and many frames share a record.
    let fill = "x".repeat(900);
    let mut accepted = 0;
    loop {
        let answer = server.push(&send_json(&id, &format!("{accepted:08}{fill}")));
        if answer.err_no == 1103 {
            break;
        }
        assert_eq!(answer.err_no, 0, "{}", answer.err_msg);
        accepted += 1;
    }
    assert!(accepted > 1000, "{accepted}");
    let close = action_json("closing", &id, r#","code":4000"#);
    assert_eq!(server.push(&close).err_no, 0);
    for at in 0..accepted {
        let mut frame = [0; 4 + 908];
        let read = tokio::time::timeout(SOON, stream.read_exact(&mut frame)).await;
        read.unwrap().unwrap();
        assert_eq!(frame[..2], [0x81, 126], "{at}");
        assert_eq!(frame[4..12], *format!("{at:08}").as_bytes());
        // Slower than it is sent, at first.
        if at < 20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let mut close = [0; 4];
    stream.read_exact(&mut close).await.unwrap();
    assert_eq!(close, [0x88, 2, 0x0f, 0xa0]);
}

/// What is encrypted goes out, although the queue that it came from is dropped meanwhile, and does not take the place of
/// the close frame.
#[tokio::test(flavor = "multi_thread")]
async fn a_close_comes_behind_what_is_encrypted() {
    let authority = Authority::new();
    let server = Server::start(authority.settings(), |call, _| async move {
        match call.kind {
            Kind::Message => Err(InvokeError::Failed("on purpose".into())),
            _ => ok(),
        }
    })
    .await;
    let mut stream = raw(&server, authority.client(BOTH)).await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    let push = send_json(&id, &"x".repeat(900));
    let mut accepted = 0;
    while server.push(&push).err_no == 0 {
        accepted += 1;
    }
    stream.write_all(&frame(1, b"fail")).await.unwrap();
    server.wait_for(Kind::Message, 1).await;
    // The queue is dropped once the connection is no member of anything.
    until(|| (server.push(&push).err_no == 1101).then_some(())).await;
    let mut frames = 0;
    let close = loop {
        let mut head = [0; 4];
        let read = tokio::time::timeout(SOON, stream.read_exact(&mut head)).await;
        read.unwrap().unwrap();
        if head[0] == 0x88 {
            break head;
        }
        assert_eq!(head, [0x81, 126, 0x03, 0x84], "after {frames}");
        let mut payload = [0; 900];
        stream.read_exact(&mut payload).await.unwrap();
        assert!(payload.iter().all(|byte| *byte == b'x'));
        frames += 1;
    };
    assert_eq!(close[2..], 1011u16.to_be_bytes());
    assert!(0 < frames && frames < accepted, "{frames} of {accepted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stopped_is_cut() {
    let authority = Authority::new();
    let server = Server::echo(Settings {
        write_timeout: Duration::from_millis(200),
        ..authority.settings()
    })
    .await;
    let _stream = raw(&server, authority.client(BOTH)).await;
    let id = server.wait_for(Kind::Connect, 1).await[0].id.clone();
    let push = send_json(&id, &"x".repeat(900));
    while server.push(&push).err_no == 0 {}
    let closes = server.wait_for(Kind::Close, 1).await;
    assert!(closes[0].event.contains("1006"), "{}", closes[0].event);
}
