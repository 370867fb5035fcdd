//! Many clients at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bench, id, terms};

/// Rooms that all of them are about.
const ROOMS: usize = 5;

/// Connections in a round, each with a task that does things to it while others do to theirs.
const CONNECTIONS: usize = 12;

/// What each does.
const STEPS: usize = 12;

pub(super) async fn run(bench: &Bench, rounds: usize) {
    let mut chance = bench.chance("interleaved");
    for round in 0..rounds {
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..CONNECTIONS {
            let steps: Vec<[usize; 4]> = (0..STEPS)
                .map(|_| [10, ROOMS, 3, bench.clients.len()].map(|end| chance.below(end)))
                .collect();
            let clients = bench.clients.clone();
            let me = id(format!("mixed-{round}-{at}"));
            tasks.spawn(async move {
                let mut mine = BTreeSet::new();
                for [what, room, yields, client] in steps {
                    for _ in 0..yields {
                        tokio::task::yield_now().await;
                    }
                    let (store, name) = (&clients[client], room_name(room));
                    match what {
                        0..=4 => {
                            store.join(&me, &name, &terms()).await.expect("joined");
                            mine.insert(room);
                        }
                        5..=7 => {
                            store.leave(&me, &name).await.expect("left");
                            mine.remove(&room);
                        }
                        8 => {
                            store.leave_all(&me).await.expect("left");
                            mine.clear();
                        }
                        _ => {
                            let ids = std::slice::from_ref(&me);
                            store.seen(ids, &terms()).await.expect("seen");
                        }
                    }
                    let mut found = store.rooms_of(&me).await.expect("rooms");
                    found.sort();
                    let expected: Vec<_> = mine.iter().map(|room| room_name(*room)).collect();
                    assert_eq!(found, expected, "round {round}, what it did itself");
                }
                (me, mine)
            });
        }
        let (mut expected, mut ids) = (BTreeMap::<usize, BTreeSet<String>>::new(), Vec::new());
        for (id, rooms) in tasks.join_all().await {
            for room in rooms {
                let members = expected.entry(room).or_default();
                members.insert(id.as_str().to_owned());
            }
            ids.push(id);
        }
        for room in 0..ROOMS {
            let members = bench.members(&room_name(room)).await;
            let there = expected.remove(&room).unwrap_or_default();
            let there: Vec<String> = there.into_iter().collect();
            assert_eq!(members, there, "round {round}, room {room}");
        }
        bench.forget(&ids).await;
    }
}

fn room_name(room: usize) -> String {
    format!("mixed-room-{room}")
}
