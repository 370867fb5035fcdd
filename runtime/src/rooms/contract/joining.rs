//! Joining and leaving.

use super::{Bench, Terms, id, terms};

pub(super) async fn run(bench: &Bench) {
    twice_is_once(bench).await;
    a_join_is_seen_at_once(bench).await;
    the_last_leave_removes_the_room(bench).await;
    leaving_all_stays_open(bench).await;
    rooms_of_a_connection_are_limited(bench).await;
}

async fn twice_is_once(bench: &Bench) {
    let (store, ann) = (bench.store(0), id("twice-ann"));
    for _ in 0..2 {
        let joined = store.join(&ann, "twice", &terms()).await;
        joined.expect("joining, and joining again");
    }
    assert_eq!(bench.members("twice").await, ["twice-ann"]);
    assert_eq!(store.count("twice").await.expect("a count"), 1);
    assert_eq!(bench.rooms(&ann).await, ["twice"]);
    for _ in 0..2 {
        let left = store.leave(&ann, "twice").await;
        left.expect("leaving, and leaving again");
    }
    let nowhere = store.leave(&ann, "twice-never").await;
    nowhere.expect("leaving a room that is not there");
    let nobody = store.leave(&id("twice-nobody"), "twice").await;
    nobody.expect("leaving as nobody");
    let nobody = store.leave_all(&id("twice-nobody")).await;
    nobody.expect("leaving all as nobody");
    assert!(bench.members("twice").await.is_empty());
    bench.forget(&[ann]).await;
}

async fn a_join_is_seen_at_once(bench: &Bench) {
    for round in 0..10 {
        let name = format!("seen-{round}");
        let joined = bench.store(round).join(&id(&name), "seen", &terms()).await;
        joined.expect("joined");
        let members = bench.members("seen").await;
        assert!(members.contains(&name), "{name} is not in {members:?}");
    }
    let ids: Vec<_> = (0..10).map(|round| id(format!("seen-{round}"))).collect();
    bench.forget(&ids).await;
}

async fn the_last_leave_removes_the_room(bench: &Bench) {
    let (store, ann, bob) = (bench.store(0), id("last-ann"), id("last-bob"));
    store.join(&ann, "last", &terms()).await.expect("joined");
    store.join(&bob, "last", &terms()).await.expect("joined");
    store.leave(&ann, "last").await.expect("left");
    assert_eq!(bench.members("last").await, ["last-bob"]);
    store.leave(&bob, "last").await.expect("left");
    assert_eq!(bench.store(1).count("last").await.expect("a count"), 0);
    assert!(bench.members("last").await.is_empty());
    assert!(bench.rooms(&bob).await.is_empty());
    bench.forget(&[ann, bob]).await;
}

async fn leaving_all_stays_open(bench: &Bench) {
    let (store, ann, bob) = (bench.store(0), id("all-ann"), id("all-bob"));
    for room in ["all-1", "all-2", "all-3"] {
        store.join(&ann, room, &terms()).await.expect("joined");
        store.join(&bob, room, &terms()).await.expect("joined");
    }
    store.leave_all(&ann).await.expect("left");
    assert!(bench.rooms(&ann).await.is_empty());
    assert_eq!(bench.rooms(&bob).await, ["all-1", "all-2", "all-3"]);
    assert_eq!(bench.members("all-2").await, ["all-bob"]);
    store.join(&ann, "all-1", &terms()).await.expect("joined");
    assert_eq!(bench.members("all-1").await, ["all-ann", "all-bob"]);
    bench.forget(&[ann, bob]).await;
}

async fn rooms_of_a_connection_are_limited(bench: &Bench) {
    let (store, ann) = (bench.store(0), id("limit-ann"));
    let terms = Terms {
        rooms_per_connection: 2,
        ..terms()
    };
    for room in ["limit-1", "limit-2", "limit-1"] {
        let joined = store.join(&ann, room, &terms).await;
        joined.expect("two rooms, and one of them again");
    }
    let third = store.join(&ann, "limit-3", &terms).await;
    let third = third.expect_err("a third room");
    assert!(third.is_limit(), "{third}");
    assert!(
        third.to_string().contains("rooms-per-connection"),
        "{third}"
    );
    assert_eq!(bench.rooms(&ann).await, ["limit-1", "limit-2"]);
    store.leave(&ann, "limit-1").await.expect("left");
    let joined = store.join(&ann, "limit-3", &terms).await;
    joined.expect("a third room in place of the first");
    bench.forget(&[ann]).await;
}
