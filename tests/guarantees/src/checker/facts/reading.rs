//! From the entries of a log to what is known.

use std::collections::BTreeMap;

use super::{Call, Connection, Facts, NEVER, Pushed};
use crate::log::{Action, Client, End, Function, Gateway, Kind, Log, Push, What};

impl<'l> Facts<'l> {
    pub(in super::super) fn new(log: &'l Log) -> Self {
        let mut facts = Self {
            log,
            connections: BTreeMap::new(),
            seats: BTreeMap::new(),
            calls: BTreeMap::new(),
            pushes: Vec::new(),
            texts: BTreeMap::new(),
            kills: Vec::new(),
            function_kills: Vec::new(),
            stops: Vec::new(),
            settled: None,
        };
        let mut pushes = BTreeMap::new();
        for (at, entry) in log.entries.iter().enumerate() {
            match &entry.what {
                What::Client(name, saw) => facts.client(at, name, saw),
                What::Function(number, saw) => facts.function(at, *number, saw),
                What::Push(number, saw) => facts.push(at, *number, saw, &mut pushes),
                What::Gateway(Gateway::Started) => {
                    if let Some(kill) = facts.kills.last_mut() {
                        kill.end = kill.end.min(at);
                    }
                }
                What::Gateway(Gateway::Killed) => facts.kills.push(at..NEVER),
                What::Gateway(Gateway::Stopping | Gateway::Stopped) => facts.stops.push(at),
                What::FunctionKilled => facts.function_kills.push(at),
                What::Settled => facts.settled = Some(at),
            }
        }
        facts.replies();
        facts.pushes.sort_by_key(|push| push.asked);
        facts.index_texts();
        facts.ends();
        facts
    }

    fn client(&mut self, at: usize, name: &'l str, saw: &'l Client) {
        let log = self.log;
        let seat = self.seats.entry(name).or_default();
        match saw {
            Client::Dialled => {}
            Client::Opened => seat.opened = Some(at),
            Client::Refused(_) => {
                seat.refused = Some(at);
                seat.may_end.get_or_insert(at);
            }
            Client::Sent(text) => seat.sent.push((at, text)),
            Client::Received(text) => seat.received.push((at, text)),
            Client::ReceivedClose(code) => {
                seat.close = Some((at, *code));
                seat.may_end.get_or_insert(at);
            }
            Client::SentClose(_) | Client::Left | Client::Ended => {
                seat.may_end.get_or_insert(at);
            }
            Client::Paused => seat.paused = Some(at),
            Client::Resumed => {
                if let Some(from) = seat.paused.take()
                    && log.time(at) + log.rules.slack * 1000
                        >= log.time(from) + log.rules.stall * 1000
                {
                    seat.may_end = Some(seat.may_end.map_or(from, |before| before.min(from)));
                }
            }
            Client::CaughtUp => seat.caught_up = Some(at),
        }
    }

    fn function(&mut self, at: usize, number: u64, saw: &'l Function) {
        match saw {
            Function::Begin {
                kind,
                connection,
                event_id,
                seq,
                text,
            } => {
                self.calls.insert(
                    number,
                    Call {
                        number,
                        kind: *kind,
                        connection,
                        event_id,
                        seq: *seq,
                        text: text.as_deref(),
                        begin: at,
                        end: None,
                    },
                );
                let known = self.connections.entry(connection).or_insert(Connection {
                    client: None,
                    connects: Vec::new(),
                    messages: Vec::new(),
                    closes: Vec::new(),
                    unordered: false,
                    unreached: Vec::new(),
                    may_end: NEVER,
                    out: NEVER,
                    last: NEVER,
                });
                match kind {
                    Kind::Connect => {
                        known.client = text.as_deref();
                        known.connects.push(number);
                        if let Some(text) = text {
                            let seat = self.seats.entry(text).or_default();
                            seat.connection.get_or_insert(connection);
                        }
                    }
                    Kind::Message => known.messages.push(number),
                    Kind::Close => known.closes.push(number),
                }
            }
            Function::Unordered => {
                let call = self.calls.get(&number).map(|call| call.connection);
                if let Some(known) = call.and_then(|id| self.connections.get_mut(id)) {
                    known.unordered = true;
                }
            }
            Function::End(end) => {
                if let Some(call) = self.calls.get_mut(&number) {
                    call.end.get_or_insert((at, end));
                }
            }
            Function::Unreached { kind, connection } => {
                if let Some(known) = self.connections.get_mut(&**connection) {
                    known.may_end = known.may_end.min(at);
                    if *kind == Kind::Message {
                        known.unreached.push(at);
                    }
                }
            }
        }
    }

    fn push(&mut self, at: usize, number: u64, saw: &'l Push, numbers: &mut BTreeMap<u64, usize>) {
        match saw {
            Push::Asked { by, action } => {
                numbers.insert(number, self.pushes.len());
                self.pushes.push(Pushed {
                    by: *by,
                    action: Some(action),
                    reply_to: None,
                    asked: at,
                    answered: NEVER,
                    answer: None,
                });
            }
            Push::Answered(answer) => {
                if let Some(push) = numbers.get(&number).and_then(|at| self.pushes.get_mut(*at)) {
                    push.answered = at;
                    push.answer = Some(answer);
                }
            }
        }
    }

    /// Pushes inside answers. They are queued before the next event of the connection is sent, unless its messages may
    /// be handled at once: then before its close event.
    fn replies(&mut self) {
        for call in self.calls.values() {
            let Some((asked, End::Answered(texts))) = call.end else {
                continue;
            };
            let next = self.calls.values().filter(|other| {
                other.connection == call.connection
                    && other.kind == Kind::Message
                    && other.begin > asked
                    && !self
                        .connections
                        .get(call.connection)
                        .is_some_and(|connection| connection.unordered)
            });
            let answered = next.map(|next| next.begin).min().unwrap_or(NEVER);
            for _ in texts {
                self.pushes.push(Pushed {
                    by: Some(call.number),
                    action: None,
                    reply_to: Some(call.connection),
                    asked,
                    answered,
                    answer: None,
                });
            }
        }
    }

    fn index_texts(&mut self) {
        let mut replies: BTreeMap<u64, usize> = BTreeMap::new();
        for (at, push) in self.pushes.iter().enumerate() {
            let text = match (push.action, push.by) {
                (Some(Action::Send { text, .. } | Action::Broadcast { text, .. }), _) => text,
                (None, Some(by)) => {
                    let nth = replies.entry(by).or_default();
                    let texts = match self.calls.get(&by).and_then(|call| call.end) {
                        Some((_, End::Answered(texts))) => &**texts,
                        _ => &[],
                    };
                    let Some(text) = texts.get(*nth) else {
                        continue;
                    };
                    *nth += 1;
                    text
                }
                _ => continue,
            };
            self.texts.insert(text, at);
        }
    }

    /// When each connection may have ended, and when it has for certain.
    fn ends(&mut self) {
        let log = self.log;
        let all: Vec<usize> = [&self.stops, &self.function_kills]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        for (id, connection) in &mut self.connections {
            let calls = || connection.connects.iter().chain(&connection.messages);
            let Some(begin) = calls()
                .chain(&connection.closes)
                .filter_map(|call| self.calls.get(call))
                .map(|call| call.begin)
                .min()
            else {
                continue;
            };
            let mut may_end = connection.may_end;
            let mut out = NEVER;
            for call in calls().filter_map(|call| self.calls.get(call)) {
                let ended = call.end.map_or(log.entries.len(), |(at, _)| at);
                let late = log.time(ended.min(log.entries.len() - 1)) + log.rules.slack * 1000
                    >= log.time(call.begin) + log.rules.invoke_timeout * 1000;
                if late {
                    may_end = may_end.min(call.begin);
                }
                match call.end {
                    Some((at, End::Failed | End::Abandoned)) => may_end = may_end.min(at),
                    Some((at, End::Refused)) if call.kind == Kind::Connect => {
                        may_end = may_end.min(at);
                        out = out.min(log.after(at));
                    }
                    _ => {}
                }
            }
            for call in connection
                .closes
                .iter()
                .filter_map(|call| self.calls.get(call))
            {
                may_end = may_end.min(call.begin);
                out = out.min(call.begin);
            }
            if let Some(seat) = connection.client.and_then(|name| self.seats.get(name)) {
                let unread = seat.paused;
                for at in seat.may_end.into_iter().chain(unread) {
                    may_end = may_end.min(at);
                }
                for at in seat.refused.into_iter().chain(seat.close.map(|(at, _)| at)) {
                    out = out.min(at);
                }
            }
            may_end = may_end.min(first_after(&all, begin));
            if let Some(kill) = self.kills.iter().find(|kill| kill.end > begin) {
                may_end = may_end.min(kill.start.max(begin));
            }
            // One that began meanwhile may be of the next gateway, which listens before its start is logged.
            if let Some(kill) = self.kills.iter().find(|kill| kill.start > begin) {
                out = out.min(kill.end);
            }
            let mut last = out;
            for push in &self.pushes {
                if let Some(Action::Close { to, .. }) = push.action
                    && to == id
                {
                    may_end = may_end.min(push.asked);
                    if push.is_ok() {
                        last = last.min(push.answered);
                    }
                }
            }
            (connection.may_end, connection.out, connection.last) = (may_end, out, last);
        }
    }
}

fn first_after(times: &[usize], after: usize) -> usize {
    times
        .iter()
        .copied()
        .filter(|at| *at > after)
        .min()
        .unwrap_or(NEVER)
}
