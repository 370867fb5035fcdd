//! SIGTERM, while everybody is busy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::task::JoinSet;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::Deed;

use super::{Client, Gateway, SOON, push, scripted, text};
use crate::process::Folder;

/// Who sends and is answered all the time.
const TALKERS: usize = 100;
/// Whose messages are never answered.
const HANGERS: usize = 10;
/// Who connects again and again, to a function that takes its time.
const NEWCOMERS: usize = 20;
/// Who pushes to talkers.
const PUSHERS: usize = 4;
/// How many events there were before the signal comes, how many of them newcomers who were let in, and how many pushes.
const WARM: usize = 1000;
const WARM_NEWCOMERS: usize = 50;
const WARM_PUSHES: usize = 200;

/// Id and event id of the closes that were answered, and of those that were not.
type Closes = [Vec<(String, String)>; 2];

/// What a client saw of its connection.
struct Life {
    name: String,
    received: BTreeSet<String>,
    code: Option<u16>,
}

/// Reads to the end, and says something whenever something was said.
async fn talk(mut client: Client, name: String) -> Life {
    let (mut received, mut code, mut said) = (BTreeSet::new(), None, 0);
    // Whoever is answered 1001 meanwhile learns of it by reading on.
    let _ = client.send(Message::text(format!("{name}/0"))).await;
    while let Ok(Some(Ok(message))) = tokio::time::timeout(SOON, client.next()).await {
        match message {
            Message::Text(text) if text.starts_with(&name) => {
                said += 1;
                let _ = client.send(Message::text(format!("{name}/{said}"))).await;
            }
            Message::Text(text) => drop(received.insert(text.to_string())),
            Message::Close(close) => code = close.map(|close| u16::from(close.code)),
            _ => {}
        }
    }
    Life {
        name,
        received,
        code,
    }
}

/// Comes, says something, leaves at the answer and comes again, until nobody listens there any more. How often it was let
/// in, told 503, and cut off.
async fn come_and_go(url: String, let_in: Arc<AtomicUsize>) -> [usize; 3] {
    let mut seen = [0; 3];
    loop {
        let connecting = tokio::time::timeout(SOON, connect_async(&url)).await;
        match connecting.expect("an end") {
            Ok((mut client, _)) => {
                seen[0] += 1;
                let_in.fetch_add(1, Ordering::SeqCst);
                let _ = client.send(Message::text("hello")).await;
                let heard = tokio::time::timeout(SOON, client.next()).await;
                if let Ok(Some(Ok(Message::Close(close)))) = heard {
                    assert_eq!(close.map(|close| u16::from(close.code)), Some(1001));
                }
            }
            Err(Error::Http(response)) => {
                assert_eq!(response.status(), 503);
                seen[1] += 1;
            }
            // It waited for its turn when the listener was closed, or came later.
            Err(Error::Io(_) | Error::Protocol(ProtocolError::HandshakeIncomplete)) => {
                seen[2] += 1;
                return seen;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Promised: who is registering is told 503, and everybody else 1001 (table, Registering and Open); a push that was
/// acknowledged is in the queue before the close frame, and comes to whoever reads (D3, O4); each connection whose
/// connect event was sent gets its close event answered once, by this start or, where the function took too long for
/// this one, by the next, as the same event (D2, D5); and the process ends by itself, well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_under_load_closes_everybody_and_loses_nothing() {
    let folder = Folder::new();
    // The close events of some, as their ids will have it, fail until the next start.
    let restarted = Arc::new(AtomicBool::new(false));
    let answered: Arc<Mutex<Closes>> = Arc::default();
    let (is_restarted, answers) = (Arc::clone(&restarted), Arc::clone(&answered));
    let function = scripted(move |event| match (&*event.action, &*event.word) {
        ("connecting", "newcomer") => Deed::Late(Duration::from_millis(50)),
        ("data send", "hang") => Deed::Hang,
        ("data send", word) if word.ends_with('7') => Deed::Late(Duration::from_millis(20)),
        ("closing", _) => {
            let fails = event.id.as_bytes()[16].is_ascii_lowercase()
                && !is_restarted.load(Ordering::SeqCst);
            let close = (event.id.clone(), event.event_id.clone());
            answers.lock().expect("no panic")[usize::from(fails)].push(close);
            if fails {
                Deed::Status(500)
            } else {
                Deed::Answer(0)
            }
        }
        _ => Deed::Echo,
    });
    let function = function.await;
    let data = folder.data();
    let settings = [
        ("WSFN_DATA", &*data),
        ("WSFN_DRAIN", "5s"),
        ("WSFN_IN_MAX_MESSAGES", "4"),
    ];
    let mut gateway = Gateway::start(&function.url(), &settings);

    let mut talkers = JoinSet::new();
    for number in 0..TALKERS + HANGERS {
        let name = match number {
            0..TALKERS => format!("talker{number}"),
            _ => format!("hanger{number}"),
        };
        let mut client = gateway.connect(&name).await;
        if number >= TALKERS {
            client.send(Message::text("hang")).await.expect("sent");
        }
        talkers.spawn(talk(client, name));
    }
    let ids: Vec<(String, String)> = function
        .seen_of("connecting")
        .into_iter()
        .map(|connect| (connect.word, connect.id))
        .filter(|(name, _)| name.starts_with("talker"))
        .collect();
    let (let_in, pushed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut newcomers = JoinSet::new();
    for _ in 0..NEWCOMERS {
        newcomers.spawn(come_and_go(gateway.url("newcomer"), Arc::clone(&let_in)));
    }
    let mut pushers = JoinSet::new();
    for pusher in 0..PUSHERS {
        let (address, ids, pushed) = (gateway.pushes.clone(), ids.clone(), Arc::clone(&pushed));
        pushers.spawn(async move {
            let mut acknowledged = Vec::new();
            for (number, (name, id)) in ids.iter().cycle().enumerate() {
                let text = format!("push {pusher}/{number}");
                match push(&address, id, &text).await {
                    Ok(0) => {
                        acknowledged.push((name.clone(), text));
                        pushed.fetch_add(1, Ordering::SeqCst);
                    }
                    Ok(1101) => {}
                    // The endpoint ends last.
                    Err(_) => break,
                    Ok(other) => panic!("{other}"),
                }
            }
            acknowledged
        });
    }
    let all_are_busy = async {
        while function.seen().len() < WARM
            || let_in.load(Ordering::SeqCst) < WARM_NEWCOMERS
            || pushed.load(Ordering::SeqCst) < WARM_PUSHES
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let busy = tokio::time::timeout(SOON * 2, all_are_busy).await;
    assert!(busy.is_ok(), "{let_in:?} newcomers, {pushed:?} pushes");
    gateway.process.terminate();
    let (status, lines) = tokio::task::block_in_place(|| gateway.process.ended());
    assert!(status.success(), "{status}: {lines:#?}");

    let lives: BTreeMap<String, Life> = talkers
        .join_all()
        .await
        .into_iter()
        .map(|life| (life.name.clone(), life))
        .collect();
    for life in lives.values() {
        assert_eq!(life.code, Some(1001), "{}", life.name);
    }
    let acknowledged: Vec<_> = pushers.join_all().await.into_iter().flatten().collect();
    for (name, text) in &acknowledged {
        let came = lives[name].received.contains(text);
        assert!(came, "{text} was acknowledged, and did not come to {name}");
    }
    let mut seen = [0; 3];
    for newcomer in newcomers.join_all().await {
        for (all, own) in seen.iter_mut().zip(newcomer) {
            *all += own;
        }
    }
    let [answered_before, failed_before] = answered.lock().expect("no panic").clone();
    println!(
        "{} pushes acknowledged; newcomers: {} let in, {} told 503, {} cut off; closes: {} answered, {} not",
        acknowledged.len(),
        seen[0],
        seen[1],
        seen[2],
        answered_before.len(),
        failed_before.len()
    );

    restarted.store(true, Ordering::SeqCst);
    let mut gateway = Gateway::start(&function.url(), &settings);
    let opened: BTreeSet<String> = function
        .seen_of("connecting")
        .into_iter()
        .map(|connect| connect.id)
        .collect();
    // Another one, so that the next start has something to do of its own.
    let mut other = gateway.connect("other").await;
    other.send(Message::text("well")).await.expect("sent");
    assert_eq!(text(&mut other).await, "well");
    let all = async {
        while answered.lock().expect("no panic")[0].len() < opened.len() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON * 2, all)
        .await
        .expect("all are closed");
    drop(other);
    gateway.process.terminate();
    let (status, lines) = tokio::task::block_in_place(|| gateway.process.ended());
    assert!(status.success(), "{status}: {lines:#?}");
    // So there is none that comes later.
    let said = folder.check(&function.url(), "off");
    assert!(said.contains("has 0 connections in it"), "{said}");

    let [closed, failed] = answered.lock().expect("no panic").clone();
    let mut events = BTreeMap::new();
    for (id, event_id) in closed {
        let before = events.insert(id.clone(), event_id);
        assert_eq!(
            before, None,
            "the close of {id} was answered, and sent again"
        );
    }
    for id in &opened {
        assert!(events.contains_key(id), "{id} was never closed");
    }
    for (id, event_id) in failed {
        assert_eq!(events.get(&id), Some(&event_id), "another event for {id}");
    }
}
