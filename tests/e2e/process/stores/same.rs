//! What rooms promise, tested alike wherever they are.

use std::collections::BTreeSet;
use std::time::Duration;

use wsfn_tests::database::{Database, Kind};
use wsfn_tests::rooms::{Ask, Left, Told};

use super::{File, Person, World};

/// People in the room that is read in pages.
const MANY: usize = 150;

/// Names that mean something elsewhere; each is a room of its own.
const NAMES: &[&str] = &[
    "a",
    "A",
    "á",
    "a\u{301}",
    "a ",
    "a\0",
    "a:b",
    "{a}",
    "%",
    "_",
    "*",
    "'",
    "'; DROP TABLE wsfn_members; --",
    "\"",
    "\\",
    "$1",
    "\r\n*1\r\n$8\r\nFLUSHALL\r\n",
    "/../a?b=c#d",
    "😀",
    "null",
    "0",
    "\u{10ffff}",
];

/// Between two looks at something that takes a while.
const PAUSE: Duration = Duration::from_millis(10);

async fn rooms_keep_what_they_promise(world: World) {
    twice_is_once(&world).await;
    a_join_is_seen_by_every_broadcast_after_it(&world).await;
    the_last_leave_removes_the_room(&world).await;
    a_broadcast_to_several_rooms_reaches_each_once(&world).await;
    rooms_are_read_in_the_close_handler_and_forgotten_after_it(&world).await;
    a_join_that_races_with_a_close_brings_nobody_back(&world).await;
    a_large_room_comes_in_pages(&world).await;
    a_session_is_set_by_one(&world).await;
    names_are_names(&world).await;
    limits_are_told(&world).await;
}

async fn twice_is_once(world: &World) {
    let (mut ann, mut bob) = (world.person().await, world.person().await);
    let id = ann.id.clone();
    for _ in 0..2 {
        assert_eq!(ann.join("twice", &id).await.error, None);
    }
    // Another sees what one did, and does it for it.
    assert_eq!(bob.join("twice", &id).await.error, None);
    assert_eq!(bob.members("twice", 10).await.names, [id.as_str()]);
    assert_eq!(bob.count("twice").await, 1);
    assert_eq!(bob.of(&id).await.names, ["twice"]);
    assert_eq!(bob.broadcast(&["twice"], "once", &[]).await.delivered, 1);
    assert_eq!(ann.hears().await, "once");
    for _ in 0..2 {
        assert_eq!(ann.leave("twice", &id).await.error, None);
    }
    assert_eq!(ann.leave("never", &id).await.error, None);
    assert_eq!(bob.broadcast(&["twice"], "again", &[]).await.delivered, 0);
    for room in ["all-1", "all-2"] {
        ann.join(room, &id).await;
    }
    for _ in 0..2 {
        let left = bob.ask(&Ask::LeaveAll { id: id.clone() }).await;
        assert_eq!(left.error, None);
    }
    assert!(ann.of(&id).await.names.is_empty());
}

async fn a_join_is_seen_by_every_broadcast_after_it(world: &World) {
    let (mut ann, mut bob) = (world.person().await, world.person().await);
    for round in 0..10 {
        let (id, word) = (ann.id.clone(), format!("round {round}"));
        assert_eq!(ann.join("seen", &id).await.error, None);
        assert_eq!(bob.broadcast(&["seen"], &word, &[]).await.delivered, 1);
        assert_eq!(ann.hears().await, word);
        assert_eq!(bob.leave("seen", &id).await.error, None);
    }
    // And so while others come and go.
    let mut people = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let mut person = world.person().await;
        people.spawn(async move {
            for round in 0..8 {
                let (id, word) = (person.id.clone(), format!("{} {round}", person.id));
                assert_eq!(person.join("crowd", &id).await.error, None);
                let sent = person.broadcast(&["crowd"], &word, &[]).await;
                assert!(sent.delivered >= 1 && sent.failed == 0, "{sent:?}");
                while person.hears().await != word {}
                assert_eq!(person.leave("crowd", &id).await.error, None);
            }
            person
        });
    }
    people.join_all().await;
}

async fn the_last_leave_removes_the_room(world: &World) {
    let (mut ann, mut bob) = (world.person().await, world.person().await);
    let ids = [ann.id.clone(), bob.id.clone()];
    for id in &ids {
        ann.join("last", id).await;
    }
    ann.leave("last", &ids[0]).await;
    assert_eq!(bob.members("last", 10).await.names, [ids[1].clone()]);
    bob.leave("last", &ids[1]).await;
    let members = ann.members("last", 10).await;
    assert_eq!((members.count, members.pages.len()), (0, 0), "{members:?}");
    assert_eq!(ann.count("last").await, 0);
    let sent = ann.broadcast(&["last"], "anyone?", &[]).await;
    assert_eq!((sent.error, sent.delivered, sent.failed), (None, 0, 0));
}

async fn a_broadcast_to_several_rooms_reaches_each_once(world: &World) {
    let (mut ann, mut bob) = (world.person().await, world.person().await);
    let (mut cat, sender) = (world.person().await, &mut world.person().await);
    for (room, id) in [
        ("lobby", &ann.id),
        ("hall", &ann.id),
        ("hall", &bob.id),
        ("lobby", &cat.id),
    ] {
        sender.join(room, id).await;
    }
    let except = cat.id.clone();
    let sent = sender
        .broadcast(&["lobby", "hall", "nowhere"], "both", &[&except])
        .await;
    assert_eq!((sent.delivered, sent.failed), (2, 0));
    let sent = sender.broadcast(&["lobby", "hall"], "all", &[]).await;
    assert_eq!((sent.delivered, sent.failed), (3, 0));
    for person in [&mut ann, &mut bob] {
        assert_eq!(person.hears().await, "both");
        assert_eq!(person.hears().await, "all");
    }
    assert_eq!(cat.hears().await, "all");
}

async fn rooms_are_read_in_the_close_handler_and_forgotten_after_it(world: &World) {
    let (mut ann, mut bob) = (world.person().await, world.person().await);
    let (id, value) = (ann.id.clone(), "who I was".to_owned());
    for room in ["watched", "other"] {
        ann.join(room, &id).await;
    }
    bob.join("watched", &bob.id.clone()).await;
    let set = Ask::Set {
        id: id.clone(),
        value: value.clone(),
    };
    assert_eq!(ann.ask(&set).await.error, None);
    ann.client.close(None).await.expect("closed");
    let left: Left = serde_json::from_str(&bob.hears().await).expect("what was left");
    let expected = Left {
        left: id.clone(),
        rooms: vec!["other".to_owned(), "watched".to_owned()],
        session: Some(value),
        count: 1,
        joined: false,
    };
    assert_eq!(left, expected);
    is_forgotten(&mut bob, &id).await;
    assert!(bob.join("watched", &id).await.gone, "it stays away");
    assert_eq!(bob.members("watched", 10).await.names, [bob.id.clone()]);
    assert_eq!(bob.count("other").await, 0);
    let session = bob.ask(&Ask::Get { id }).await;
    assert_eq!(session.value, None, "{session:?}");
}

/// Waits until nothing is known of a connection: a store has no rooms of it, and our gateway says that it is gone.
async fn is_forgotten(asking: &mut Person, id: &str) {
    loop {
        let of = asking.of(id).await;
        if of.gone || of.names.is_empty() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn a_join_that_races_with_a_close_brings_nobody_back(world: &World) {
    let mut watcher = world.person().await;
    watcher.join("watched-race", &watcher.id.clone()).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(world.person().await);
    }
    for round in 0..8 {
        let mut ann = world.person().await;
        let id = ann.id.clone();
        watcher.join("watched-race", &id).await;
        let mut joins = tokio::task::JoinSet::new();
        for (at, mut other) in others.drain(..).enumerate() {
            let id = id.clone();
            joins.spawn(async move {
                for step in 0..5 {
                    let room = format!("race-{}", (at + step) % 4);
                    let told = other.join(&room, &id).await;
                    assert!(told.error.is_none() || told.gone, "{told:?}");
                }
                other
            });
        }
        // In the middle of them, at another moment each time.
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        ann.client.close(None).await.expect("closed");
        others = joins.join_all().await;
        let left: Left = serde_json::from_str(&watcher.hears().await).expect("what was left");
        assert_eq!((left.left, left.joined), (id.clone(), false));
        is_forgotten(&mut watcher, &id).await;
        for room in ["race-0", "race-1", "race-2", "race-3", "watched-race"] {
            let members = watcher.members(room, 10).await;
            assert!(!members.names.contains(&id), "round {round}: {members:?}");
        }
        assert!(watcher.join("race-0", &id).await.gone, "round {round}");
    }
}

async fn a_large_room_comes_in_pages(world: &World) {
    let (mut people, mut ids) = (Vec::new(), BTreeSet::new());
    for _ in 0..MANY {
        let mut person = world.person().await;
        let id = person.id.clone();
        assert_eq!(person.join("large", &id).await.error, None);
        ids.insert(id);
        people.push(person);
    }
    let members = people[0].members("large", 47).await;
    assert_eq!(members.pages, [47, 47, 47, 9]);
    assert_eq!(members.count, MANY);
    let distinct: BTreeSet<String> = members.names.iter().cloned().collect();
    assert_eq!(distinct.len(), members.names.len(), "each once");
    assert_eq!(distinct, ids);
    let sent = people[0].broadcast(&["large"], "all of you", &[]).await;
    assert_eq!((sent.delivered, sent.failed), (MANY, 0));
    for person in &mut people {
        assert_eq!(person.hears().await, "all of you");
    }
}

async fn a_session_is_set_by_one(world: &World) {
    let (mut ann, mut bob) = (world.person().await, world.person().await);
    let ids = [ann.id.clone(), bob.id.clone()];
    let set = Ask::Set {
        id: ids[0].clone(),
        value: "Zoë \"Z\" \u{1f600}".to_owned(),
    };
    assert_eq!(bob.ask(&set).await.error, None);
    let get = Ask::Get { id: ids[0].clone() };
    let read = ann.ask(&get).await.value;
    assert_eq!(read.as_deref(), Some("Zoë \"Z\" \u{1f600}"));
    let lost = ann.ask(&Ask::Lose { id: ids[0].clone() }).await;
    assert!(lost.conflict, "{lost:?}");
    assert_eq!(ann.ask(&get).await.value.as_deref(), Some("another"));
    for id in &ids {
        ann.join("present", id).await;
    }
    let room = "present".to_owned();
    let mut expected = [format!("{} another", ids[0]), format!("{} ", ids[1])];
    expected.sort();
    let mut present = bob.ask(&Ask::Present { room }).await.names;
    present.sort();
    assert_eq!(present, expected);
}

async fn names_are_names(world: &World) {
    let (mut ann, mut bob) = (world.person().await, world.person().await);
    let id = ann.id.clone();
    for name in NAMES {
        assert_eq!(ann.join(name, &id).await.error, None, "{name:?}");
    }
    let mut all: Vec<_> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    all.sort();
    assert_eq!(bob.of(&id).await.names, all);
    for (at, name) in NAMES.iter().enumerate() {
        assert_eq!(bob.members(name, 10).await.names, [id.as_str()], "{name:?}");
        assert_eq!(bob.broadcast(&[name], name, &[]).await.delivered, 1);
        assert_eq!(ann.hears().await, *name);
        assert_eq!(ann.leave(name, &id).await.error, None, "{name:?}");
        assert_eq!(bob.count(name).await, 0, "{name:?}");
        if let Some(next) = NAMES.get(at + 1) {
            assert_eq!(bob.count(next).await, 1, "nobody else left {name:?}");
        }
    }
    let empty = ann.join("", &id).await;
    assert!(empty.error.is_some() && !empty.gone, "{empty:?}");
    let long = ann.join(&"x".repeat(10 << 10), &id).await;
    let told = long.limit.as_deref().unwrap_or_default();
    assert!(told.contains("room-name is 256"), "{long:?}");
    let longest = "x".repeat(256);
    assert_eq!(ann.join(&longest, &id).await.error, None);
    assert_eq!(bob.of(&id).await.names, [longest]);
}

async fn limits_are_told(world: &World) {
    let mut ann = world.person().await;
    let id = ann.id.clone();
    for at in 0..100 {
        let joined = ann.join(&format!("limit-{at}"), &id).await;
        assert_eq!(joined.error, None);
    }
    let told = ann.join("limit-100", &id).await;
    let limit = told.limit.as_deref().unwrap_or_default();
    assert!(limit.contains("rooms-per-connection = 100"), "{told:?}");
    assert_eq!(
        ann.join("limit-7", &id).await,
        Told {
            told: true,
            ..Told::default()
        }
    );
    ann.leave("limit-7", &id).await;
    assert_eq!(ann.join("limit-100", &id).await.error, None);
}

#[tokio::test]
async fn at_the_gateway_in_process() {
    rooms_keep_what_they_promise(World::in_process()).await;
}

#[tokio::test]
async fn at_the_gateway_over_http() {
    rooms_keep_what_they_promise(World::over_http()).await;
}

#[tokio::test]
async fn in_memory() {
    rooms_keep_what_they_promise(World::with(&["memory"], &[])).await;
}

#[tokio::test]
async fn in_a_file_of_sqlite() {
    let file = File::new();
    rooms_keep_what_they_promise(World::on(&file.url())).await;
}

async fn on_a_server(kind: Kind, test: &str) {
    if let Some(server) = Database::start_hasty(kind, test) {
        rooms_keep_what_they_promise(World::on(&server.url())).await;
    }
}

#[tokio::test]
async fn in_redis() {
    on_a_server(Kind::Redis, "in_redis").await;
}

#[tokio::test]
async fn in_mysql() {
    on_a_server(Kind::MySql, "in_mysql").await;
}

#[tokio::test]
async fn in_postgres() {
    on_a_server(Kind::Postgres, "in_postgres").await;
}
