//! Names that mean something elsewhere.

use super::{Bench, id, terms};
use crate::rooms::{STORE_ID_MAX, STORE_ROOM_MAX};

/// Each is a room of its own, and an id of its own.
const NAMES: &[&str] = &[
    "a",
    "A",
    "á",
    "a\u{301}",
    "a ",
    " a",
    "a\0",
    "a\0b",
    "\0",
    "\n",
    "a:b",
    "a::b",
    "{a}",
    "{a}:b",
    "%",
    "_",
    "a%",
    "*",
    "a*",
    "?",
    "[a]",
    "'",
    "''",
    "'; DROP TABLE wsfn_members; --",
    "\"",
    "`",
    "\\",
    "\\'",
    "\\x41",
    "$1",
    "$$",
    "?1",
    "-- a",
    "/* a */",
    "\r\n*1\r\n$8\r\nFLUSHALL\r\n",
    "😀",
    "ß",
    "ss",
    "null",
    "0",
    "00",
    "\u{7f}",
    "\u{ffff}",
    "\u{10ffff}",
];

pub(super) async fn run(bench: &Bench) {
    every_name_is_its_own(bench).await;
    the_longest_names_are_kept_whole(bench).await;
}

async fn every_name_is_its_own(bench: &Bench) {
    let store = bench.store(0);
    for name in NAMES {
        let joined = store.join(&id(name), name, &terms()).await;
        joined.unwrap_or_else(|error| panic!("joining {name:?} as {name:?}: {error}"));
        let set = store
            .set_session(&id(name), "\"'\\\\\"", None, &terms())
            .await;
        set.unwrap_or_else(|error| panic!("the session of {name:?}: {error}"));
    }
    for name in NAMES {
        assert_eq!(bench.members(name).await, [*name], "{name:?}");
        assert_eq!(bench.rooms(&id(name)).await, [*name], "{name:?}");
        let session = bench.store(1).session(&id(name)).await;
        let session = session.expect("a session");
        assert_eq!(session.value.as_deref(), Some("\"'\\\\\""), "{name:?}");
    }
    for (at, name) in NAMES.iter().enumerate() {
        store.leave(&id(name), name).await.expect("left");
        assert!(bench.members(name).await.is_empty(), "{name:?}");
        // Nobody else has left with it.
        if let Some(next) = NAMES.get(at + 1) {
            assert_eq!(bench.members(next).await, [*next], "{name:?}");
        }
    }
    let ids: Vec<_> = NAMES.iter().map(id).collect();
    bench.forget(&ids).await;
}

async fn the_longest_names_are_kept_whole(bench: &Bench) {
    let store = bench.store(0);
    let room = "r".repeat(STORE_ROOM_MAX - 1);
    let name = "i".repeat(STORE_ID_MAX - 1);
    let (rooms, ids) = (
        [format!("{room}1"), format!("{room}2")],
        [id(format!("{name}1")), id(format!("{name}2"))],
    );
    for (room, id) in rooms.iter().zip(&ids) {
        store.join(id, room, &terms()).await.expect("joined");
    }
    for (room, id) in rooms.iter().zip(&ids) {
        assert_eq!(bench.members(room).await, [id.as_str()]);
        assert_eq!(bench.rooms(id).await, [room.as_str()]);
    }
    bench.forget(&ids).await;
}
