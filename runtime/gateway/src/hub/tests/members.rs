//! Rooms against a model of them, and rooms that are large.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use wsfn_protocol::{Answer, Audience, Data, ErrNo, Request};
use wsfn_settings::Settings;

use crate::hub::Hub;
use crate::hub::peer::Peer;

fn hub(settings: &Settings) -> Hub {
    Hub::new(settings, crate::chance::Chance::System)
}

fn join(hub: &Hub, peer: &Peer, room: &str) -> Answer {
    hub.act(&Request::Join {
        id: (**peer.id()).into(),
        room: room.into(),
    })
}

fn page(hub: &Hub, room: &str, after: Option<&str>, limit: usize, with_session: bool) -> Answer {
    hub.act(&Request::Members {
        room: room.into(),
        after: after.map(Into::into),
        limit: Some(limit),
        with_session,
    })
}

/// All pages of a room.
fn pages(hub: &Hub, room: &str, limit: usize, with_session: bool) -> Vec<Answer> {
    let mut pages: Vec<Answer> = Vec::new();
    loop {
        let after = pages.last().and_then(|page| page.next.as_deref());
        if after.is_none() && !pages.is_empty() {
            return pages;
        }
        let next = page(hub, room, after, limit, with_session);
        pages.push(next);
    }
}

#[test]
fn a_room_of_a_hundred_thousand_comes_in_pages() {
    const MANY: usize = 100_000;
    let hub = hub(&Settings::default());
    for _ in 0..MANY {
        let peer = hub.register(None).unwrap();
        assert_eq!(join(&hub, &peer, "r").err_no, 0);
    }
    // More than a page has is asked for.
    let pages = pages(&hub, "r", MANY, false);
    assert_eq!(pages.len(), MANY / 1000);
    let mut all = BTreeSet::new();
    for page in pages {
        let ids = page.members.unwrap();
        assert_eq!((ids.len(), page.count), (1000, Some(MANY)));
        all.extend(ids);
    }
    assert_eq!(all.len(), MANY);
}

#[test]
fn a_page_of_large_sessions_is_short() {
    const SIZE: usize = 300 << 10;
    let hub = hub(&Settings {
        session_max: 4 << 20,
        ..Settings::default()
    });
    let set = |peer: &Peer, size: usize| {
        let set = hub.act(&Request::Session {
            id: (**peer.id()).into(),
            set: Some(format!("\"{}\"", "x".repeat(size)).into()),
            version: None,
        });
        assert_eq!(set.err_no, 0);
    };
    let peers: Vec<Arc<Peer>> = (0..10).map(|_| hub.register(None).unwrap()).collect();
    for peer in &peers {
        join(&hub, peer, "r");
        set(peer, SIZE);
    }
    let sizes = |pages: &[Answer]| -> Vec<usize> {
        let ids = pages.iter().map(|page| page.members.as_deref().unwrap());
        ids.map(<[String]>::len).collect()
    };
    let some = pages(&hub, "r", 1000, true);
    assert_eq!(sizes(&some), [3, 3, 3, 1]);
    for page in &some {
        let sessions = page.sessions.as_ref().unwrap();
        assert!(sessions.keys().eq(page.members.as_ref().unwrap()));
    }
    assert_eq!(sizes(&pages(&hub, "r", 1000, false)), [10]);
    // One that is larger than a page is alone in it.
    for peer in &peers {
        set(peer, 2 << 20);
    }
    assert_eq!(sizes(&pages(&hub, "r", 1000, true)), [1; 10]);
}

const PEERS: usize = 4;
const ROOMS: [&str; 5] = ["a", "b", "user:ann", "\"\u{0}', ;--", "ü/\u{1f600}?"];
const ROOMS_MAX: usize = 3;
const MEMBERS_MAX: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Join(usize, usize),
    Leave(usize, usize),
    LeaveAll(usize),
    Seal(usize),
    Forget(usize),
    Broadcast(Vec<usize>, Option<usize>),
}

fn step() -> impl Strategy<Value = Step> {
    let (peer, room) = (0..PEERS, 0..ROOMS.len());
    prop_oneof![
        6 => (peer.clone(), room.clone()).prop_map(|(peer, room)| Step::Join(peer, room)),
        3 => (peer.clone(), room.clone()).prop_map(|(peer, room)| Step::Leave(peer, room)),
        1 => peer.clone().prop_map(Step::LeaveAll),
        1 => peer.clone().prop_map(Step::Seal),
        1 => peer.clone().prop_map(Step::Forget),
        3 => (prop::collection::vec(room, 0..4), prop::option::of(peer))
            .prop_map(|(rooms, except)| Step::Broadcast(rooms, except)),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    Sealed,
    Forgotten,
}

/// What the rooms should be: in which rooms each is, in the order of joining, and whether it lives.
struct Model {
    rooms: Vec<Vec<usize>>,
    life: Vec<Life>,
}

impl Model {
    fn members(&self, room: usize) -> BTreeSet<usize> {
        let inside =
            |peer: &usize| self.life[*peer] == Life::Open && self.rooms[*peer].contains(&room);
        (0..PEERS).filter(inside).collect()
    }

    fn join(&mut self, peer: usize, room: usize) -> ErrNo {
        if self.life[peer] != Life::Open {
            return ErrNo::GONE;
        }
        if self.rooms[peer].contains(&room) {
            return ErrNo::OK;
        }
        if self.rooms[peer].len() >= ROOMS_MAX || self.members(room).len() >= MEMBERS_MAX {
            return ErrNo::TOO_LARGE;
        }
        self.rooms[peer].push(room);
        ErrNo::OK
    }

    fn leave(&mut self, peer: usize, room: Option<usize>) -> ErrNo {
        if self.life[peer] != Life::Open {
            return ErrNo::GONE;
        }
        self.rooms[peer].retain(|own| room.is_some_and(|room| room != *own));
        ErrNo::OK
    }
}

proptest! {
    /// R1, R2, R3 and R5, one step after the other.
    #[test]
    fn rooms_are_what_was_done_to_them(steps in prop::collection::vec(step(), 1..60)) {
        let hub = hub(&Settings {
            rooms_per_connection: ROOMS_MAX,
            room_members: Some(MEMBERS_MAX),
            ..Settings::default()
        });
        let peers: Vec<Arc<Peer>> = (0..PEERS).map(|_| hub.register(None).unwrap()).collect();
        let id = |peer: usize| (**peers[peer].id()).into();
        let mut model = Model { rooms: vec![Vec::new(); PEERS], life: vec![Life::Open; PEERS] };
        for step in steps {
            match step.clone() {
                Step::Join(peer, room) => {
                    let answer = join(&hub, &peers[peer], ROOMS[room]);
                    prop_assert_eq!(answer.err_no(), model.join(peer, room), "{:?}", step);
                }
                Step::Leave(peer, room) => {
                    let leave = Request::Leave { id: id(peer), room: Some(ROOMS[room].into()) };
                    prop_assert_eq!(hub.act(&leave).err_no(), model.leave(peer, Some(room)));
                }
                Step::LeaveAll(peer) => {
                    let leave = Request::Leave { id: id(peer), room: None };
                    prop_assert_eq!(hub.act(&leave).err_no(), model.leave(peer, None));
                }
                Step::Seal(peer) => {
                    hub.seal(&peers[peer]);
                    if model.life[peer] == Life::Open {
                        model.life[peer] = Life::Sealed;
                    }
                }
                Step::Forget(peer) if model.life[peer] != Life::Forgotten => {
                    hub.forget(&peers[peer]);
                    model.life[peer] = Life::Forgotten;
                    model.rooms[peer].clear();
                }
                Step::Forget(_) => {}
                Step::Broadcast(rooms, except) => {
                    let mut audience: BTreeSet<usize> =
                        rooms.iter().flat_map(|room| model.members(*room)).collect();
                    if let Some(except) = except {
                        audience.remove(&except);
                    }
                    let answer = hub.act(&Request::Broadcast {
                        to: Audience::Rooms(rooms.iter().map(|room| ROOMS[*room].into()).collect()),
                        except: except.map(id).into_iter().collect(),
                        data: Data::Text("x".into()).into(),
                    });
                    prop_assert_eq!(answer.delivered, Some(audience.len()), "{:?}", step);
                    prop_assert_eq!(answer.failed.map(|failed| failed.len()), Some(0));
                }
            }
            for (room, name) in ROOMS.iter().enumerate() {
                let expected: BTreeMap<String, ()> =
                    model.members(room).into_iter().map(|peer| ((**peers[peer].id()).to_owned(), ())).collect();
                let pages = pages(&hub, name, 2, true);
                prop_assert!(pages.iter().all(|page| page.count == Some(expected.len())));
                let found: Vec<String> = pages.into_iter().flat_map(|page| page.members.unwrap()).collect();
                prop_assert!(found.iter().eq(expected.keys()), "{:?} in {}", found, name);
            }
            for (peer, rooms) in model.rooms.iter().enumerate() {
                let answer = hub.act(&Request::Rooms { id: id(peer) });
                if model.life[peer] == Life::Forgotten {
                    prop_assert_eq!(answer.err_no(), ErrNo::GONE);
                } else {
                    let names: Vec<&str> = rooms.iter().map(|room| ROOMS[*room]).collect();
                    prop_assert_eq!(answer.rooms.unwrap(), names);
                }
            }
        }
        for (peer, life) in model.life.iter().enumerate() {
            if *life != Life::Forgotten {
                hub.forget(&peers[peer]);
            }
        }
        prop_assert!(hub.knows_nobody());
        // The last one out has taken the room along.
        prop_assert_eq!(hub.rooms().names_known(), 0);
    }
}
