//! Logs that are written by hand, a line for each entry: milliseconds, who, what.

use std::collections::BTreeMap;

use crate::log::{
    Action, Answer, Client, End, Entry, Function, Gateway, Kind, Log, Push, Rules, What,
};

/// A log of what these lines tell. `invoke-timeout` is 5 s, `call-grace` 3 s.
pub(super) fn story(lines: &str) -> Log {
    let mut seqs = BTreeMap::new();
    let entries = lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (at, rest) = line.split_once(' ').expect("a time");
            let words: Vec<&str> = rest.split(' ').collect();
            Entry {
                at: at.parse::<u64>().expect("milliseconds") * 1000,
                what: what(&words, &mut seqs).unwrap_or_else(|| panic!("what is `{line}`?")),
            }
        })
        .collect();
    Log {
        rules: Rules {
            invoke_timeout: 5000,
            call_grace: 3000,
            stall: 6000,
            tell: false,
            journal: false,
            slack: 1,
        },
        entries,
    }
}

fn what(words: &[&str], seqs: &mut BTreeMap<String, u64>) -> Option<What> {
    Some(match words {
        ["settled"] => What::Settled,
        ["function", "killed"] => What::FunctionKilled,
        ["function", "unreached", kind, id] => What::Function(
            1000,
            Function::Unreached {
                kind: self::kind(kind)?,
                connection: (*id).into(),
            },
        ),
        ["gateway", what] => What::Gateway(match *what {
            "started" => Gateway::Started,
            "stopping" => Gateway::Stopping,
            "stopped" => Gateway::Stopped,
            "killed" => Gateway::Killed,
            _ => return None,
        }),
        [who, rest @ ..] => match who.split_at_checked(1) {
            Some(("f", number)) if number.parse::<u64>().is_ok() => {
                What::Function(number.parse().ok()?, function(number, rest, seqs)?)
            }
            Some(("p", number)) if number.parse::<u64>().is_ok() => {
                What::Push(number.parse().ok()?, push(rest)?)
            }
            _ => What::Client((*who).into(), client(rest)?),
        },
        [] => return None,
    })
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "connect" => Kind::Connect,
        "message" => Kind::Message,
        "close" => Kind::Close,
        _ => return None,
    })
}

fn client(words: &[&str]) -> Option<Client> {
    Some(match words {
        ["dials"] => Client::Dialled,
        ["opens"] => Client::Opened,
        ["refused", status] => Client::Refused(status.parse().ok()?),
        ["sends", text] => Client::Sent((*text).into()),
        ["gets", text] => Client::Received((*text).into()),
        ["closes", code] => Client::SentClose(code.parse().ok()?),
        ["closed", code] => Client::ReceivedClose(code.parse().ok()?),
        ["leaves"] => Client::Left,
        ["ends"] => Client::Ended,
        ["pauses"] => Client::Paused,
        ["resumes"] => Client::Resumed,
        ["has-all"] => Client::CaughtUp,
        _ => return None,
    })
}

/// Events count themselves, unless a last word says otherwise; a close event's id is its connection's, likewise.
fn function(number: &str, words: &[&str], seqs: &mut BTreeMap<String, u64>) -> Option<Function> {
    Some(match words {
        ["answers", texts @ ..] => Function::End(End::Answered(
            texts.iter().map(|text| (*text).into()).collect(),
        )),
        ["unordered"] => Function::Unordered,
        ["refuses"] => Function::End(End::Refused),
        ["fails"] => Function::End(End::Failed),
        ["dropped"] => Function::End(End::Abandoned),
        [event, id, more @ ..] => {
            let kind = kind(event)?;
            let next = seqs.entry((*id).into()).or_default();
            let seq = match (kind, more) {
                (Kind::Message, [_, seq]) => seq.parse().ok()?,
                (Kind::Close, [_, seq]) => seq.parse().ok()?,
                _ => *next,
            };
            *next = seq + u64::from(kind != Kind::Close);
            let event_id = match (kind, more) {
                (Kind::Close, [event_id, ..]) => (*event_id).into(),
                (Kind::Close, []) => format!("close of {id}"),
                _ => format!("event of f{number}"),
            };
            let text = more.first().filter(|_| kind != Kind::Close);
            Function::Begin {
                kind,
                connection: (*id).into(),
                event_id,
                seq: Some(seq),
                text: text.map(|text| (*text).into()),
            }
        }
        _ => return None,
    })
}

fn push(words: &[&str]) -> Option<Push> {
    if let ["=", err_no, more @ ..] = words {
        let mut answer = Answer {
            err_no: err_no.parse().ok()?,
            ..Answer::default()
        };
        match more {
            ["value", value] => answer.value = value.parse().ok(),
            list => answer.list = list.iter().map(|one| (*one).into()).collect(),
        }
        return Some(Push::Answered(answer));
    }
    let (words, by) = match words {
        [words @ .., "by", call] => (words, call.trim_start_matches('f').parse().ok()),
        words => (words, None),
    };
    let own = |word: &&str| (*word).to_owned();
    let action = match words {
        ["send", to, text] => Action::Send {
            to: own(to),
            text: own(text),
        },
        ["close", to, code] => Action::Close {
            to: own(to),
            code: code.parse().ok()?,
        },
        ["join", id, room] => Action::Join {
            id: own(id),
            room: own(room),
        },
        ["leave", id, room @ ..] => Action::Leave {
            id: own(id),
            room: room.first().map(own),
        },
        ["broadcast", rooms, text] => Action::Broadcast {
            rooms: rooms.split(',').map(str::to_owned).collect(),
            text: own(text),
        },
        ["members", room] => Action::Members { room: own(room) },
        ["rooms", id] => Action::Rooms { id: own(id) },
        ["set", id, value] => Action::SetSession {
            id: own(id),
            value: value.parse().ok()?,
        },
        ["session", id] => Action::Session { id: own(id) },
        _ => return None,
    };
    Some(Push::Asked { by, action })
}
