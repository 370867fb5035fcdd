//! O1 to O5.

use std::collections::BTreeMap;

use super::facts::{Connection, Facts, Seat};
use super::{Number, Verdicts};
use crate::log::{Action, End};

pub(super) fn check(facts: &Facts<'_>, verdicts: &mut Verdicts) {
    for connection in facts.connections.values() {
        connect_first(facts, connection, verdicts);
        one_by_one(facts, connection, verdicts);
        close_last(facts, connection, verdicts);
    }
    for seat in facts.seats.values() {
        pushes_in_order(facts, seat, verdicts);
        broadcasts_in_order(facts, seat, verdicts);
    }
}

fn connect_first(facts: &Facts<'_>, connection: &Connection<'_>, verdicts: &mut Verdicts) {
    for message in facts.calls_of(&connection.messages) {
        let accepted = facts.calls_of(&connection.connects).any(
            |connect| matches!(connect.end, Some((at, End::Answered(_))) if at < message.begin),
        );
        let begun = facts.calls_of(&connection.connects).map(|call| call.begin);
        let shown: Vec<usize> = begun.chain([message.begin]).collect();
        verdicts.decide(Number::O1, accepted, facts, &shown, || {
            "a message was sent before the connect was answered with errNo 0".into()
        });
    }
}

fn one_by_one(facts: &Facts<'_>, connection: &Connection<'_>, verdicts: &mut Verdicts) {
    let Some(seat) = facts.seat_of(connection) else {
        return;
    };
    let place = |text: Option<&str>| {
        let text = text?;
        seat.sent.iter().position(|(_, sent)| *sent == text)
    };
    let mut before: Option<(usize, &super::facts::Call<'_>)> = None;
    for message in facts.calls_of(&connection.messages) {
        // A message that the client never sent is for D1.
        let Some(at) = place(message.text) else {
            continue;
        };
        let shown: Vec<usize> = before
            .iter()
            .flat_map(|(_, call)| [Some(call.begin), call.end.map(|(end, _)| end)])
            .flatten()
            .chain([message.begin])
            .collect();
        let expected = before.map_or(0, |(before, _)| before + 1);
        // Delivered twice is for D1.
        let in_order = at >= expected || before.is_some_and(|(before, _)| before == at);
        verdicts.decide(Number::O2, in_order, facts, &shown, || {
            "a message reached the function after one that was sent later".into()
        });
        let from = before.map_or(0, |(_, call)| call.begin);
        let given_up = facts.given_up(connection, from, message.begin);
        let whole = at <= expected.saturating_add(given_up);
        verdicts.decide(Number::O2, whole, facts, &shown, || {
            "a message reached the function, but one that was sent before it has not".into()
        });
        if let Some((_, call)) = before {
            // Where the function takes them unordered only their beginnings have an order.
            let over = connection.unordered || facts.is_over(call, message.begin);
            verdicts.decide(Number::O2, over, facts, &shown, || {
                "a message was sent while the call of the one before it was running".into()
            });
            let counts = match (call.seq, message.seq) {
                (Some(before), Some(seq)) => before < seq,
                _ => true,
            };
            verdicts.decide(Number::O2, counts, facts, &shown, || {
                "Wsfn-Seq does not count".into()
            });
        }
        before = Some((at, message));
    }
}

fn close_last(facts: &Facts<'_>, connection: &Connection<'_>, verdicts: &mut Verdicts) {
    let Some(close) = facts.calls_of(&connection.closes).next() else {
        return;
    };
    let others = connection.connects.iter().chain(&connection.messages);
    for call in others.filter_map(|call| facts.calls.get(call)) {
        let mut shown = vec![call.begin, close.begin];
        shown.extend(call.end.map(|(at, _)| at));
        verdicts.decide(Number::O3, call.begin < close.begin, facts, &shown, || {
            "an event of the connection was sent after its close event".into()
        });
        // Of a connect call that runs, D2 says how long it is awaited.
        if connection.messages.contains(&call.number) && call.begin < close.begin {
            let over = facts.is_over(call, close.begin);
            verdicts.decide(Number::O3, over, facts, &shown, || {
                "the close event was sent while a message call was running, before call-grace had passed".into()
            });
        }
        if let (Some(seq), Some(last)) = (call.seq, close.seq) {
            verdicts.decide(Number::O3, seq < last, facts, &shown, || {
                "Wsfn-Seq of the close event is not the last".into()
            });
        }
    }
}

fn pushes_in_order(facts: &Facts<'_>, seat: &Seat<'_>, verdicts: &mut Verdicts) {
    // Of what has come so far: the one that was asked last.
    let mut newest: Option<(usize, usize)> = None;
    // Calls whose answers have come, with the pushes inside them.
    let mut answers: BTreeMap<u64, usize> = BTreeMap::new();
    for (at, text) in &seat.received {
        let Some(push) = facts.texts.get(text).and_then(|at| facts.pushes.get(*at)) else {
            continue;
        };
        if let Some((asked, received)) = newest {
            let shown = [push.asked, push.answered, asked, received, *at];
            verdicts.decide(Number::O4, push.answered >= asked, facts, &shown, || {
                "a push left after one that was asked when this one was answered already".into()
            });
        }
        if newest.is_none_or(|(asked, _)| push.asked > asked) {
            newest = Some((push.asked, *at));
        }
        match (push.by, push.reply_to) {
            (Some(by), Some(_)) => {
                answers.entry(by).or_insert(*at);
            }
            (Some(by), None) => {
                let before = answers.get(&by);
                let shown: Vec<usize> = before
                    .into_iter()
                    .copied()
                    .chain([push.asked, *at])
                    .collect();
                verdicts.decide(Number::O4, before.is_none(), facts, &shown, || {
                    "a push inside an answer left before one that its handler had sent".into()
                });
            }
            (None, _) => {}
        }
    }
}

fn broadcasts_in_order(facts: &Facts<'_>, seat: &Seat<'_>, verdicts: &mut Verdicts) {
    let Some(id) = seat.connection else {
        return;
    };
    let came = |text: &str| seat.received.iter().find(|(_, got)| *got == text);
    let mut handlers: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, push) in facts.pushes.iter().enumerate() {
        if let (Some(by), Some(_)) = (push.by, push.broadcast()) {
            handlers.entry(by).or_default().push(at);
        }
    }
    for broadcasts in handlers.values() {
        for pair in broadcasts.windows(2) {
            let (first, second) = (&facts.pushes[pair[0]], &facts.pushes[pair[1]]);
            let (Some((_, one)), Some((_, two))) = (first.broadcast(), second.broadcast()) else {
                continue;
            };
            if first.answered > second.asked {
                continue;
            }
            if let (Some((one, _)), Some((two, _))) = (came(one), came(two)) {
                let shown = [first.asked, second.asked, *one, *two];
                verdicts.decide(Number::O5, one < two, facts, &shown, || {
                    "two broadcasts that a handler made one after the other came in the other order".into()
                });
            }
        }
        for three in broadcasts.windows(3) {
            let [first, middle, last] = three else {
                continue;
            };
            let (first, middle, last) = (
                &facts.pushes[*first],
                &facts.pushes[*middle],
                &facts.pushes[*last],
            );
            let (Some((rooms, one)), Some((same, two)), Some((again, three))) =
                (first.broadcast(), middle.broadcast(), last.broadcast())
            else {
                continue;
            };
            let moved = facts.pushes.iter().any(|push| {
                let own = match push.action {
                    Some(Action::Join { id: who, .. } | Action::Leave { id: who, .. }) => who == id,
                    _ => false,
                };
                own && push.asked < last.answered && push.answered > first.asked
            });
            if rooms != same || same != again || moved || !middle.is_ok() {
                continue;
            }
            if let (Some((one, _)), Some((last, _))) = (came(one), came(three)) {
                let holds = came(two).is_some() || middle.left_out(id);
                let shown = [*one, middle.asked, middle.answered, *last];
                verdicts.decide(Number::O5, holds, facts, &shown, || {
                    "of three broadcasts of a handler the middle one is missing, and its answer does not say so".into()
                });
            }
        }
    }
}
