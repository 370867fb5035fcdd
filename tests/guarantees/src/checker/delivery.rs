//! D1 to D5.

use std::collections::BTreeMap;

use super::facts::{Connection, Facts, NEVER, Pushed};
use super::rooms::{Membership, membership};
use super::{Number, Verdicts};
use crate::log::{Action, End, Kind};

/// `no such connection`.
const GONE: i64 = 1101;

pub(super) fn check(facts: &Facts<'_>, verdicts: &mut Verdicts) {
    messages_once(facts, verdicts);
    for (id, connection) in &facts.connections {
        closes(facts, id, connection, verdicts);
    }
    for push in &facts.pushes {
        acknowledged(facts, push, verdicts);
    }
    received_once(facts, verdicts);
}

fn messages_once(facts: &Facts<'_>, verdicts: &mut Verdicts) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for call in facts.calls.values().filter(|call| call.kind != Kind::Close) {
        let key = match (call.kind, call.text) {
            (Kind::Message, Some(text)) => text,
            _ => call.connection,
        };
        let before = seen.insert(key, call.begin);
        let shown: Vec<usize> = before.into_iter().chain([call.begin]).collect();
        verdicts.decide(Number::D1, before.is_none(), facts, &shown, || {
            "an event was sent to the function twice".into()
        });
        if call.kind != Kind::Message {
            continue;
        }
        let connection = facts.connections.get(call.connection);
        let sent = connection
            .and_then(|connection| facts.seat_of(connection))
            .is_some_and(|seat| {
                let own = |(at, text): &(usize, &str)| *at < call.begin && Some(*text) == call.text;
                seat.sent.iter().any(own)
            });
        verdicts.decide(Number::D1, sent, facts, &[call.begin], || {
            "a message was sent to the function that this connection's client has not sent".into()
        });
    }
}

fn closes(facts: &Facts<'_>, id: &str, connection: &Connection<'_>, verdicts: &mut Verdicts) {
    let rules = &facts.log.rules;
    let Some(connect) = facts.calls_of(&connection.connects).next() else {
        return;
    };
    let killed = facts.killed_after(connect.begin);
    let refused = matches!(connect.end, Some((_, End::Refused)))
        && facts.was_heard(connect, rules.invoke_timeout + rules.call_grace);
    let mut all = facts.calls_of(&connection.closes);
    let first = all.next();
    if refused {
        if !killed {
            let shown: Vec<usize> = first
                .iter()
                .map(|close| close.begin)
                .chain([connect.begin])
                .collect();
            verdicts.decide(Number::D2, first.is_none(), facts, &shown, || {
                "a connection that was refused got a close event".into()
            });
        }
        return;
    }
    let Some(first) = first else {
        must_close(facts, connection, connect.begin, verdicts);
        return;
    };
    // Without a journal the next one knows of no connection of the one before.
    let after_a_kill = facts.killed_between(connect.begin, first.begin);
    let number = if after_a_kill { Number::D5 } else { Number::D2 };
    verdicts.decide(number, true, facts, &[], String::new);
    let mut shown = vec![connect.begin, first.begin];
    shown.extend(connect.end.map(|(at, _)| at));
    let over = facts.is_over(connect, first.begin);
    verdicts.decide(Number::D2, over, facts, &shown, || {
        "the close event was sent while the connect call was running, before call-grace had passed".into()
    });
    let mut before = first;
    for close in all {
        let shown = [
            before.begin,
            before.end.map_or(NEVER, |(at, _)| at),
            close.begin,
        ];
        verdicts.decide(
            Number::D2,
            close.event_id == before.event_id,
            facts,
            &shown,
            || "the close event was sent again under another Wsfn-Event-Id".into(),
        );
        let done = matches!(before.end, Some((_, End::Answered(_) | End::Refused)))
            && facts.was_heard(before, rules.invoke_timeout)
            && !facts.ended_after(before.begin);
        verdicts.decide(Number::D2, !done, facts, &shown, || {
            format!("the close event of {id} was sent again, though it had been answered")
        });
        before = close;
    }
    // The last one was answered, or there was no time for more.
    let answered = matches!(before.end, Some((_, End::Answered(_) | End::Refused)));
    if facts.settled.is_some() && (rules.journal || !facts.ended_after(before.begin)) {
        // What the process that was killed did not get answered is the next start's to send.
        let number = if !answered && facts.killed_after(before.begin) {
            Number::D5
        } else {
            Number::D2
        };
        verdicts.decide(number, answered, facts, &[before.begin], || {
            "the close event was not answered, and not sent again".into()
        });
    }
}

/// There was no close event.
fn must_close(
    facts: &Facts<'_>,
    connection: &Connection<'_>,
    begun: usize,
    verdicts: &mut Verdicts,
) {
    let Some(settled) = facts.settled else {
        return;
    };
    let refuses = facts
        .calls_of(&connection.connects)
        .any(|connect| facts.may_be_refused(connect));
    if refuses {
        return;
    }
    let killed = facts.killed_after(begun);
    if !facts.log.rules.journal && facts.ended_after(begun) {
        return;
    }
    if connection.may_end >= settled {
        // It lives.
        return;
    }
    let number = if killed { Number::D5 } else { Number::D2 };
    let shown = [begun, connection.may_end, settled];
    verdicts.decide(number, false, facts, &shown, || {
        "a connection whose connect event was sent and not refused got no close event".into()
    });
}

fn acknowledged(facts: &Facts<'_>, push: &Pushed<'_>, verdicts: &mut Verdicts) {
    let Some(Action::Send { to, text }) = push.action else {
        return;
    };
    let Some(answer) = push.answer else {
        return;
    };
    let connection = facts.connections.get(&**to);
    let begun = connection
        .and_then(|connection| facts.calls_of(&connection.connects).next())
        .map(|call| call.begin);
    let (Some(connection), Some(begun)) = (connection, begun) else {
        let shown = [push.asked, push.answered];
        verdicts.decide(Number::D3, !push.is_ok(), facts, &shown, || {
            "a push to a connection that never was is acknowledged".into()
        });
        return;
    };
    if answer.err_no == GONE {
        let lives = begun < push.asked && connection.may_end > push.answered;
        let shown = [begun, push.asked, push.answered];
        verdicts.decide(Number::D3, !lives, facts, &shown, || {
            "a push to a connection that is open is told that it is gone".into()
        });
    }
    if !push.is_ok() {
        return;
    }
    let shown = [push.asked, push.answered, connection.out, connection.last];
    verdicts.decide(Number::D3, connection.last > push.asked, facts, &shown, || {
        "a push is acknowledged that was sent after its connection had ended, or its close was queued".into()
    });
    let Some(seat) = facts.seat_of(connection) else {
        return;
    };
    let pushed_close = seat.close.and_then(|(at, code)| {
        let closed = |close: &&Pushed<'_>| matches!(close.action, Some(Action::Close { to: who, code: with }) if who == to && *with == code);
        let close = facts.pushes.iter().find(closed)?;
        (push.answered < close.asked).then_some(at)
    });
    if let Some(by) = facts.must_have_come(seat, push.answered).or(pushed_close) {
        let came = seat.received.iter().any(|(_, got)| got == text);
        let shown = [push.asked, push.answered, by];
        verdicts.decide(Number::D3, came, facts, &shown, || {
            "a push that was acknowledged has not come, though what was sent after it has".into()
        });
    }
}

fn received_once(facts: &Facts<'_>, verdicts: &mut Verdicts) {
    for seat in facts.seats.values() {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, text) in &seat.received {
            // What the gateway itself says when a message failed.
            if facts.log.rules.tell && text.starts_with('{') {
                continue;
            }
            let push = facts.texts.get(text).and_then(|at| facts.pushes.get(*at));
            let Some(push) = push.filter(|push| push.asked < *at) else {
                verdicts.decide(Number::D4, false, facts, &[*at], || {
                    "a client got what nobody had sent".into()
                });
                continue;
            };
            let before = seen.insert(text, *at);
            let shown: Vec<usize> = before.into_iter().chain([push.asked, *at]).collect();
            let number = if push.broadcast().is_some() {
                Number::R5
            } else {
                Number::D4
            };
            verdicts.decide(number, before.is_none(), facts, &shown, || {
                "a client got the same message twice".into()
            });
            addressed(facts, seat.connection, push, *at, verdicts);
        }
    }
}

/// Whether what a client got was for it, and was not said to be refused.
fn addressed(
    facts: &Facts<'_>,
    id: Option<&str>,
    push: &Pushed<'_>,
    at: usize,
    verdicts: &mut Verdicts,
) {
    let id = id.unwrap_or_default();
    let shown = [push.asked, push.answered, at];
    let own = match (push.action, push.reply_to) {
        (Some(Action::Send { to, .. }), _) => to == id,
        (_, Some(to)) => to == id,
        _ => true,
    };
    verdicts.decide(Number::D4, own, facts, &shown, || {
        "a client got what was sent to another one".into()
    });
    let refused = push.answer.is_some_and(|answer| answer.err_no != 0) || push.left_out(id);
    verdicts.decide(Number::D4, !refused, facts, &shown, || {
        "a client got a push that was answered as refused, and that may be sent again".into()
    });
    let Some((rooms, _)) = push.broadcast() else {
        return;
    };
    let outside = rooms
        .iter()
        .all(|room| membership(facts, id, room, push) == Membership::Out);
    verdicts.decide(Number::R2, !outside, facts, &shown, || {
        "a client got a broadcast to rooms that it was in none of".into()
    });
}
