//! What is promised about order (O1 to O5, R1), under many seeds.

use std::sync::{Arc, Mutex, MutexGuard};

use wsfn::testing::{Client, TestApp, seeds};
use wsfn::{
    CloseReason, ConnectionId, Push, Result, Rooms, State, Text, on_close, on_connect, on_message,
};

/// How many lines each client sends.
const LINES: usize = 3;
/// How many broadcasts there are for a line.
const BROADCASTS: usize = 3;

/// What handlers saw, and of whom; the test reads it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(ConnectionId, String)>>>);

impl State for Log {
    async fn init() -> Result<Self> {
        Ok(Self::default())
    }
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Vec<(ConnectionId, String)>> {
        self.0.lock().expect("nothing panics")
    }

    fn add(&self, id: &ConnectionId, what: impl Into<String>) {
        self.lock().push((id.clone(), what.into()));
    }

    fn of(&self, id: &ConnectionId) -> Vec<String> {
        let log = self.lock();
        let own = log.iter().filter(|(of, _)| of == id);
        own.map(|(_, what)| what.clone()).collect()
    }
}

#[on_connect]
async fn enter(id: &ConnectionId, rooms: &Rooms, log: &Log) -> Result<()> {
    log.add(id, "connect begins");
    rooms.join("all", id).await?;
    log.add(id, "connect ends");
    Ok(())
}

#[on_message]
async fn talk(
    id: &ConnectionId,
    push: &Push,
    rooms: &Rooms,
    log: &Log,
    line: String,
) -> Result<Text> {
    log.add(id, format!("{line} begins"));
    // Who sent it may have left.
    let _ = push.text(id, format!("own {line} 1")).await;
    for number in 1..=BROADCASTS {
        rooms
            .broadcast("all", format!("all {line} {number}"))
            .await?;
    }
    let _ = push.text(id, format!("own {line} 2")).await;
    log.add(id, format!("{line} ends"));
    Ok(Text(format!("own {line} 3")))
}

#[on_close]
async fn leave(id: &ConnectionId, log: &Log, why: CloseReason) {
    log.add(id, format!("close {}", why.code.unwrap_or_default()));
}

async fn send_lines(client: &mut Client, name: &str) {
    for number in 0..LINES {
        client.send_text(format!("{name}{number}")).await;
    }
}

/// What a client of that name gets that stays until nothing comes any more, while these send their lines.
async fn check_received(client: &mut Client, name: &str, senders: &[&str]) {
    let own = LINES * 3;
    let mut got = Vec::new();
    // R1: it was a member before any line, so no broadcast is missing.
    for _ in 0..own + senders.len() * LINES * BROADCASTS {
        got.push(client.expect_text().await);
    }
    client.expect_nothing().await;
    let those = |start: &str| -> Vec<&str> {
        got.iter()
            .filter_map(|line| line.strip_prefix(start))
            .collect()
    };
    // O2 and O4: in the order in which the lines were sent, and what is returned after what was pushed.
    let in_order = |name: &str, count: usize| -> Vec<String> {
        (0..LINES)
            .flat_map(|line| (1..=count).map(move |number| (line, number)))
            .map(|(line, number)| format!("{name}{line} {number}"))
            .collect()
    };
    assert_eq!(those("own "), in_order(name, 3));
    // O5: broadcasts of one sender arrive in its order; between senders there is none.
    for sender in senders {
        let theirs: Vec<&str> = those("all ")
            .into_iter()
            .filter(|line| line.starts_with(sender))
            .collect();
        assert_eq!(theirs, in_order(sender, BROADCASTS));
    }
}

/// O1, O2, O3: connect, then the messages one after the other, then the close.
fn check_events(log: &Log, id: &ConnectionId, name: &str, lines: usize, end: Option<&str>) {
    let mut expected = vec!["connect begins".to_owned(), "connect ends".to_owned()];
    for number in 0..lines {
        expected.push(format!("{name}{number} begins"));
        expected.push(format!("{name}{number} ends"));
    }
    expected.extend(end.map(str::to_owned));
    assert_eq!(log.of(id), expected);
}

#[test]
fn events_pushes_and_broadcasts_keep_their_orders() {
    seeds(0..300, async |seed| -> Result<()> {
        let log = Log::default();
        let app = TestApp::new(wsfn::app![enter, talk, leave])
            .state(log.clone())
            .seed(seed);
        let mut app = app.start().await?;
        let (ann, bob, cid, dan) = tokio::join!(
            app.connect().name("ann").into_future(),
            app.connect().name("bob").buffer(64).into_future(),
            app.connect().name("cid").into_future(),
            app.connect().name("dan").into_future(),
        );
        let (mut ann, mut bob, mut cid, mut dan) = (ann?, bob?, cid?, dan?);
        // A slow reader, whose queue is needed.
        bob.pause_reading();
        send_lines(&mut cid, "c").await;
        send_lines(&mut ann, "a").await;
        send_lines(&mut bob, "b").await;
        // What was received before the end is handled before it.
        cid.close().await;
        dan.vanish();
        check_received(&mut ann, "a", &["a", "b", "c"]).await;
        bob.resume_reading();
        check_received(&mut bob, "b", &["a", "b", "c"]).await;
        app.settle().await;
        check_events(&log, ann.id(), "a", LINES, None);
        check_events(&log, bob.id(), "b", LINES, None);
        check_events(&log, cid.id(), "c", LINES, Some("close 1000"));
        check_events(&log, dan.id(), "d", 0, Some("close 1006"));
        Ok(())
    });
}
