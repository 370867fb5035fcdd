//! Applications whose rooms are in a store.

use wsfn::rooms::{MemoryStore, Store as _, Terms};
use wsfn::testing::{RunningApp, TestApp};
use wsfn::{
    App, ConnectionId, Push, Refuse, Report, Result, Rooms, RoomsError, Text, on_close, on_connect,
    on_message,
};
use wsfn_tests::{PushAnswer, PushServer};

#[on_connect]
async fn enter(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.join("lobby", id).await?;
    Ok(())
}

/// Does what the line says, and answers with what came of it.
#[on_message]
async fn talk(id: &ConnectionId, rooms: &Rooms, line: &str) -> Result<Text, RoomsError> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let text = match word {
        "join" => told(rooms.join(rest, id).await),
        "leave" => told(rooms.leave(rest, id).await),
        "of" => {
            let mut of = rooms.of(id).await?;
            of.sort();
            of.join(",")
        }
        "count" => rooms.count(rest).await?.to_string(),
        "members" => {
            let (mut members, mut pages) = (rooms.members(rest).limit(2), Vec::new());
            while let Some(page) = members.next().await? {
                pages.push(format!("{} of {}", page.ids.len(), page.count));
            }
            pages.join(", ")
        }
        "say" => shown(&rooms.broadcast(rest, "hello").except([id]).await?),
        "both" => shown(&rooms.broadcast_many(["lobby", "hall"], "both").await?),
        "all" => shown(&rooms.everyone("all").await?),
        other => format!("what is {other}?"),
    };
    Ok(Text(text))
}

fn told(result: Result<(), RoomsError>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(error) => format!("{error} ({:?})", error.err_no()),
    }
}

fn shown(report: &Report) -> String {
    let whole = if report.is_whole() { "" } else { ", cut short" };
    format!(
        "{} of {}{whole}",
        report.delivered(),
        report.delivered() + report.failed_count()
    )
}

#[on_close]
async fn leave(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    // Still read, and no member any more.
    let of = rooms.of(id).await?.join(",");
    let count = rooms.count("lobby").await?;
    let back = rooms.join("lobby", id).await;
    assert!(back.expect_err("it is closing").is_gone());
    let line = format!("left {of}, {count} stay");
    rooms.broadcast("lobby", line).await?;
    Ok(())
}

async fn started(app: App, store: &MemoryStore) -> RunningApp {
    let app = TestApp::new(app.store(store.clone()));
    app.start().await.expect("it starts")
}

#[tokio::test]
async fn rooms_in_a_store_are_like_those_of_a_gateway() {
    let store = MemoryStore::new();
    let app = started(wsfn::app![enter, talk, leave], &store).await;
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    let mut cat = app.connect().await.unwrap();
    for (line, answer) in [
        ("join hall", "ok"),
        ("join hall", "ok"),
        ("of", "hall,lobby"),
        ("count lobby", "3"),
        ("count nowhere", "0"),
        ("members lobby", "2 of 3, 1 of 3"),
        ("members nowhere", ""),
        ("leave nowhere", "ok"),
        ("join ", "the name of the room is empty (Some(1104))"),
        ("say nowhere", "0 of 0"),
    ] {
        ann.send_text(line).await;
        assert_eq!(ann.expect_text().await, answer, "{line}");
    }
    let long = format!("join {}", "x".repeat(10_000));
    ann.send_text(long).await;
    assert_eq!(
        ann.expect_text().await,
        "the name of the room has 10000 bytes, room-name is 256 (Some(1102))"
    );
    ann.send_text("say lobby").await;
    assert_eq!(bob.expect_text().await, "hello");
    assert_eq!(cat.expect_text().await, "hello");
    assert_eq!(ann.expect_text().await, "2 of 2");
    // Ann is in both rooms, and gets it once.
    ann.send_text("both").await;
    assert_eq!(ann.expect_text().await, "both");
    assert_eq!(ann.expect_text().await, "3 of 3");
    ann.send_text("all").await;
    assert_eq!(ann.expect_text().await, "all");
    assert_eq!(ann.expect_text().await, "3 of 3");
    let gone = ann.id().clone();
    ann.close().await;
    for other in [&mut bob, &mut cat] {
        for line in ["both", "all"] {
            assert_eq!(other.expect_text().await, line);
        }
        let line = other.expect_text().await;
        let of_both = ["left hall,lobby, 2 stay", "left lobby,hall, 2 stay"];
        assert!(of_both.contains(&&*line), "{line}");
    }
    // Forgotten after its close handler, and not brought back by a join that comes late.
    assert!(store.rooms_of(&gone).await.unwrap().is_empty());
    let late = store.join(&gone, "lobby", &Terms::default()).await;
    assert!(late.unwrap_err().is_gone());
}

/// What a close event without a handler does: none is needed to be forgotten.
#[tokio::test]
async fn who_closes_is_forgotten_without_a_handler() {
    let store = MemoryStore::new();
    let mut app = started(wsfn::app![enter], &store).await;
    let mut ann = app.connect().await.unwrap();
    assert_eq!(store.count("lobby").await.unwrap(), 1);
    ann.vanish();
    app.settle().await;
    assert_eq!(store.count("lobby").await.unwrap(), 0);
}

#[on_connect]
async fn enter_and_refuse(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.join("lobby", id).await?;
    Err(Refuse::new(4001, "full").into())
}

#[tokio::test]
async fn who_is_refused_has_left() {
    let store = MemoryStore::new();
    let app = started(wsfn::app![enter_and_refuse], &store).await;
    app.connect().await.unwrap_err();
    assert_eq!(store.count("lobby").await.unwrap(), 0);
    assert!(format!("{store:?}").contains("rooms: 0"), "{store:?}");
}

#[on_message]
async fn quiet(_line: &str) {}

#[tokio::test]
async fn signs_of_life_are_written_down_once_in_a_quarter_of_the_lease() {
    let store = MemoryStore::new();
    let app = TestApp::new(wsfn::app![quiet].store(store.clone())).setting("store-lease", "40m");
    let mut app = app.start().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    let claimed = async |app: &mut RunningApp, minutes: u64| {
        let time = std::time::Duration::from_secs(60 * minutes);
        app.advance(time).await;
        store
            .claim(10, std::time::Duration::ZERO)
            .await
            .unwrap()
            .len()
    };
    // Ten minutes after it connected a message moves its lease, and one a minute later does not.
    assert_eq!(claimed(&mut app, 10).await, 0);
    ann.send_text("a").await;
    assert_eq!(claimed(&mut app, 1).await, 0);
    ann.send_text("b").await;
    assert_eq!(claimed(&mut app, 38).await, 0);
    assert_eq!(claimed(&mut app, 1).await, 1);
}

const TENCENT: &str = "/api-abc";

/// Counts how often it is written as JSON.
struct Counted<'a>(&'a std::sync::atomic::AtomicUsize);

impl serde::Serialize for Counted<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        serializer.serialize_str("hi")
    }
}

#[tokio::test]
async fn elsewhere_a_broadcast_is_a_push_to_each_and_who_is_gone_is_a_member_no_more() {
    let server = PushServer::start(PushAnswer::ok()).await;
    let push = Push::to_url(&server.url(TENCENT)).expect("an address");
    let store = MemoryStore::new();
    let rooms = Rooms::on_store(&push, store.clone());
    for at in 0..2500 {
        let id = ConnectionId::new(format!("{at:04}"));
        rooms.join("r", &id).await.expect("joined");
    }
    server.answer([PushAnswer::Http(410, ""), PushAnswer::Http(410, "")]);
    let written = std::sync::atomic::AtomicUsize::new(0);
    let report = rooms.broadcast("r", wsfn::Json(Counted(&written))).await;
    let report = report.expect("a report");
    assert_eq!(written.into_inner(), 1, "it is written once");
    assert_eq!((report.delivered(), report.failed_count()), (2498, 2));
    assert!(report.is_whole());
    assert!(report.failed().iter().all(|one| one.error.is_gone()));
    assert!(server.most_at_once() <= 32, "{}", server.most_at_once());
    assert_eq!(rooms.count("r").await.unwrap(), 2498);
    let report = rooms.everyone("hi").await.expect("a report");
    assert_eq!((report.delivered(), report.failed_count()), (2498, 0));
}

#[tokio::test]
async fn to_our_gateway_it_is_one_request_for_a_thousand() {
    let answer = PushAnswer::Http(
        200,
        r#"{"errNo":0,"errMsg":"ok","delivered":5,"failed":[]}"#,
    );
    let server = PushServer::start(answer).await;
    let push = Push::to_url(&server.url("/api-wsfn")).expect("an address");
    let rooms = Rooms::on_store(&push, MemoryStore::new());
    for at in 0..2001 {
        let id = ConnectionId::new(format!("{at:04}"));
        rooms.join("r", &id).await.expect("joined");
    }
    assert_eq!(server.bodies().len(), 0, "joins are the store's");
    let report = rooms.broadcast("r", "hi").await.expect("a report");
    assert_eq!(report.delivered(), 15);
    let bodies = server.bodies();
    assert_eq!(bodies.len(), 3);
    assert!(
        bodies[2].contains(r#""secConnectionIDs":["2000"]"#),
        "{}",
        bodies[2]
    );
    // Everyone who is there: the gateway knows, and is asked once.
    rooms.everyone("hi").await.expect("a report");
    assert!(server.bodies()[3].contains("broadcast"));
}

/// Counts in the session.
#[on_message]
async fn count(mut session: wsfn::Session<u32>) -> Result<Text> {
    session.update(|count| *count.get_or_insert(0) += 1).await?;
    Ok(Text(format!("{:?}", session.get())))
}

#[on_close]
async fn tell(id: &ConnectionId, session: wsfn::Session<u32>, rooms: &Rooms) -> Result<()> {
    let line = format!("left at {:?}", session.get());
    rooms.broadcast("lobby", line).except([id]).await?;
    Ok(())
}

#[tokio::test]
async fn sessions_are_in_the_store_too() {
    let store = MemoryStore::new();
    let app = started(wsfn::app![enter, count, tell], &store).await;
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    for expected in ["Some(1)", "Some(2)"] {
        ann.send_text("").await;
        assert_eq!(ann.expect_text().await, expected);
    }
    let kept = store.session(ann.id()).await.unwrap();
    assert_eq!((kept.value.as_deref(), kept.version), (Some("2"), 2));
    let rooms = app.push().rooms();
    let mut members = rooms.members_with::<u32>("lobby");
    let page = members.next().await.unwrap().expect("a page");
    let values: Vec<_> = page.members.iter().map(|member| member.session).collect();
    assert!(
        values.contains(&Some(2)) && values.contains(&None),
        "{values:?}"
    );
    ann.close().await;
    assert_eq!(bob.expect_text().await, "left at Some(2)");
}
