//! R1 to R4; R5 is decided where it is seen what a client got.

use super::facts::{Connection, Facts, NEVER, Pushed};
use super::{Number, Verdicts};
use crate::log::{Action, End, Kind};

/// Whether a connection was in a room while something was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Membership {
    /// All the time.
    In,
    /// At no time.
    Out,
    /// Nobody can say.
    Unknown,
}

pub(super) fn check(facts: &Facts<'_>, verdicts: &mut Verdicts) {
    for push in &facts.pushes {
        match push.action {
            Some(Action::Broadcast { rooms, text }) => {
                broadcast(facts, push, rooms, text, verdicts);
            }
            Some(Action::Members { room }) => members(facts, push, room, verdicts),
            Some(Action::Join { id, .. }) => join(facts, push, id, verdicts),
            Some(Action::Leave { id, .. }) => leave(facts, push, id, verdicts),
            Some(Action::Rooms { id }) => in_close_handler(facts, push, id, verdicts),
            Some(Action::Session { id }) => session(facts, push, id, verdicts),
            Some(Action::Send { .. } | Action::Close { .. } | Action::SetSession { .. }) | None => {
            }
        }
    }
}

/// Joins of a connection to a room that may have done something, and leaves.
fn moves<'f, 'l>(
    facts: &'f Facts<'l>,
    id: &'f str,
    room: &'f str,
) -> (
    impl Iterator<Item = &'f Pushed<'l>> + Clone,
    impl Iterator<Item = &'f Pushed<'l>> + Clone,
) {
    let may = |push: &&Pushed<'_>| push.answer.is_none_or(|answer| answer.err_no == 0);
    let joins = facts.pushes.iter().filter(may).filter(move |push| {
        matches!(push.action, Some(Action::Join { id: who, room: into }) if who == id && into == room)
    });
    let leaves = facts.pushes.iter().filter(may).filter(move |push| {
        matches!(push.action, Some(Action::Leave { id: who, room: from })
            if who == id && from.as_deref().is_none_or(|from| from == room))
    });
    (joins, leaves)
}

/// Who was in a room by what was asked and answered, whatever became of the connection.
fn joined(facts: &Facts<'_>, id: &str, room: &str, from: usize, to: usize) -> Membership {
    let (joins, leaves) = moves(facts, id, room);
    let stays = joins.clone().any(|join| {
        join.is_ok()
            && join.answered < from
            && !leaves
                .clone()
                .any(|leave| leave.answered > join.asked && leave.asked < to)
    });
    if stays {
        return Membership::In;
    }
    let left = joins.filter(|join| join.asked < to).all(|join| {
        join.answered < NEVER
            && leaves
                .clone()
                .any(|leave| leave.is_ok() && leave.asked > join.answered && leave.answered < from)
    });
    if left {
        Membership::Out
    } else {
        Membership::Unknown
    }
}

/// Whether a connection was in a room while this was asked.
pub(super) fn membership(facts: &Facts<'_>, id: &str, room: &str, push: &Pushed<'_>) -> Membership {
    let Some(connection) = facts.connections.get(id) else {
        return Membership::Out;
    };
    if connection.out < push.asked {
        return Membership::Out;
    }
    match joined(facts, id, room, push.asked, push.answered) {
        Membership::In if connection.may_end < push.answered => Membership::Unknown,
        known => known,
    }
}

/// R1, and R4 where the function had refused the connection.
fn broadcast(
    facts: &Facts<'_>,
    push: &Pushed<'_>,
    rooms: &[String],
    text: &str,
    verdicts: &mut Verdicts,
) {
    if !push.is_ok() {
        return;
    }
    for (id, connection) in &facts.connections {
        let member = rooms
            .iter()
            .any(|room| membership(facts, id, room, push) == Membership::In);
        let Some(seat) = facts.seat_of(connection).filter(|_| member) else {
            continue;
        };
        let Some(by) = facts.must_have_come(seat, push.answered) else {
            continue;
        };
        let came = seat.received.iter().any(|(_, got)| *got == text) || push.left_out(id);
        verdicts.decide(
            Number::R1,
            came,
            facts,
            &[push.asked, push.answered, by],
            || format!("a broadcast has not reached {id}, whose join had been acknowledged before"),
        );
    }
}

fn members(facts: &Facts<'_>, push: &Pushed<'_>, room: &str, verdicts: &mut Verdicts) {
    let Some(answer) = push.answer.filter(|answer| answer.err_no == 0) else {
        return;
    };
    let shown = [push.asked, push.answered];
    for (id, connection) in &facts.connections {
        let listed = answer.list.iter().filter(|listed| listed == id).count();
        match membership(facts, id, room, push) {
            Membership::In => verdicts.decide(Number::R1, listed > 0, facts, &shown, || {
                format!("{id} is no member of {room}, though its join was acknowledged")
            }),
            Membership::Out => {
                let number = if was_refused(facts, connection) {
                    Number::R4
                } else {
                    Number::R2
                };
                let shown = [push.asked, push.answered, connection.out];
                verdicts.decide(number, listed == 0, facts, &shown, || {
                    format!("{id} is a member of {room}, though it has left or ended")
                });
            }
            Membership::Unknown => {}
        }
        verdicts.decide(Number::R2, listed < 2, facts, &shown, || {
            format!("{id} is in {room} twice")
        });
    }
}

fn was_refused(facts: &Facts<'_>, connection: &Connection<'_>) -> bool {
    facts
        .calls_of(&connection.connects)
        .any(|call| matches!(call.end, Some((_, End::Refused))))
}

fn join(facts: &Facts<'_>, push: &Pushed<'_>, id: &str, verdicts: &mut Verdicts) {
    let Some(connection) = facts.connections.get(id).filter(|_| push.answer.is_some()) else {
        return;
    };
    let over = connection.last < push.asked;
    let shown = [push.asked, push.answered, connection.last];
    verdicts.decide(Number::R2, !(over && push.is_ok()), facts, &shown, || {
        "a join is acknowledged whose connection is out of Open".into()
    });
}

fn leave(facts: &Facts<'_>, push: &Pushed<'_>, id: &str, verdicts: &mut Verdicts) {
    let Some(connection) = facts.connections.get(id).filter(|_| push.answer.is_some()) else {
        return;
    };
    let begun = facts
        .calls_of(&connection.connects)
        .next()
        .map(|call| call.begin);
    let lives = begun.is_some_and(|begun| begun < push.asked) && connection.may_end > push.answered;
    let shown = [push.asked, push.answered];
    verdicts.decide(Number::R2, push.is_ok() || !lives, facts, &shown, || {
        "a leave of an open connection is refused".into()
    });
}

/// The first close call of a connection that this was asked in, if nothing came between.
fn close_call<'f, 'l>(
    facts: &'f Facts<'l>,
    push: &Pushed<'_>,
    id: &str,
) -> Option<&'f super::facts::Call<'l>> {
    let call = facts.calls.get(&push.by?)?;
    let connection = facts.connections.get(id)?;
    let begun = facts.calls_of(&connection.connects).next()?.begin;
    let rules = &facts.log.rules;
    // One that is late is sent again meanwhile, and what is known of the connection goes when that one is answered.
    let in_time = facts.time(push.answered) + rules.slack * 1000
        < facts.time(call.begin) + rules.invoke_timeout * 1000;
    let is_first = facts.calls_of(&connection.closes).next()?.number == call.number;
    let restarted = facts.killed_between(begun, push.answered);
    (call.kind == Kind::Close && call.connection == id && is_first && in_time && !restarted)
        .then_some(call)
}

fn in_close_handler(facts: &Facts<'_>, push: &Pushed<'_>, id: &str, verdicts: &mut Verdicts) {
    let (Some(call), Some(answer)) = (close_call(facts, push, id), push.answer) else {
        return;
    };
    let mut rooms: Vec<&str> = facts
        .pushes
        .iter()
        .filter_map(|push| match push.action? {
            Action::Join { id: who, room } if who == id => Some(&**room),
            _ => None,
        })
        .collect();
    rooms.sort_unstable();
    rooms.dedup();
    let shown = [call.begin, push.asked, push.answered];
    for room in rooms {
        let listed = answer.list.iter().any(|listed| listed == room);
        match joined(facts, id, room, call.begin, push.answered) {
            Membership::In => verdicts.decide(Number::R3, listed, facts, &shown, || {
                format!("the close handler does not see that its connection was in {room}")
            }),
            Membership::Out => verdicts.decide(Number::R3, !listed, facts, &shown, || {
                format!("the close handler sees {room}, which its connection had left")
            }),
            Membership::Unknown => {}
        }
    }
}

fn session(facts: &Facts<'_>, push: &Pushed<'_>, id: &str, verdicts: &mut Verdicts) {
    let (Some(call), Some(answer)) = (close_call(facts, push, id), push.answer) else {
        return;
    };
    let sets = facts.pushes.iter().filter_map(|push| match push.action? {
        Action::SetSession { id: who, value } if who == id => Some((push, *value)),
        _ => None,
    });
    let may = sets.filter(|(set, _)| set.answer.is_none_or(|answer| answer.err_no == 0));
    let Some((last, value)) = may.clone().max_by_key(|(set, _)| set.asked) else {
        return;
    };
    let alone = may
        .clone()
        .all(|(set, _)| set.asked == last.asked || set.answered < last.asked);
    if !last.is_ok() || last.answered > call.begin || !alone {
        return;
    }
    let shown = [last.asked, call.begin, push.asked, push.answered];
    verdicts.decide(
        Number::R3,
        answer.value == Some(value),
        facts,
        &shown,
        || "the close handler does not see the session of its connection".into(),
    );
}
