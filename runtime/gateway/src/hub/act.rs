//! The actions of a push, one by one.
//!
//! A push is checked as far as it can be before its target is looked up, so that a mistake is answered the same
//! whether the target lives or not.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::value::RawValue;
use tokio::time::Instant;
use wsfn_protocol::{
    Answer, Audience, CloseCode, Data, ErrNo, Failed, Payload, Request, SessionValue,
};

use super::outbound::{Gate, NotQueued};
use super::peer::{Peer, SessionError};
use super::rooms::{JoinError, Page};
use super::{Bounds, Hub};
use crate::codec::{self, MessageKind, SharedMessage};
use crate::limit::Limit;
use crate::machine::Ending;

/// The most ids in a page of `members`, and how many there are when nobody says: some 50 KB of answer.
const PAGE_MAX: usize = 1000;
/// The most bytes of sessions in a page of `members`, unless one alone is larger: far below what our client reads of
/// an answer (4 MiB).
const PAGE_BYTES: usize = 1 << 20;
/// To how many sockets one push writes by itself. What is above is queued and written by the sockets' own tasks, so
/// that a broadcast to everyone does not hold its caller's thread for long.
const DIRECT_MAX: usize = 2048;

impl Hub {
    pub(crate) fn act(&self, request: &Request<'_>) -> Answer {
        let answer = self.try_act(request).unwrap_or_else(|refused| *refused);
        self.counters.push(answer.err_no());
        answer
    }

    fn try_act(&self, request: &Request<'_>) -> Result<Answer, Box<Answer>> {
        match request {
            Request::Send { to, data } => {
                self.check_size(&data.data)?;
                let peer = self.target(to)?;
                match self.send_to(&peer, data) {
                    Ok(()) => Ok(Answer::ok()),
                    Err(NotQueued::Gone) => Err(gone()),
                    Err(NotQueued::Full(limit)) => {
                        let text = match limit {
                            Limit::QueueMemory => "all queues together are full",
                            _ => "the connection's outbound queue is full",
                        };
                        // It is counted already.
                        let text = format!("{text} ({})", limit.name());
                        Err(refuse(ErrNo::QUEUE_FULL, text))
                    }
                }
            }
            Request::SendMany { to, data } => {
                self.check_size(&data.data)?;
                Ok(self.send_many(to, data))
            }
            Request::Close { to, code, reason } => self.close(to, *code, reason.as_deref()),
            Request::Join { id, room } => {
                self.check_room(room)?;
                self.join(id, room)
            }
            Request::Leave { id, room } => {
                if let Some(room) = room {
                    self.check_room(room)?;
                }
                let peer = self.target(id)?;
                if peer.gate() == Gate::Sealed {
                    return Err(gone());
                }
                self.rooms_mut().leave(id, room.as_deref());
                Ok(Answer::ok())
            }
            Request::Broadcast { to, except, data } => {
                self.check_size(&data.data)?;
                if let Audience::Rooms(rooms) = to {
                    rooms.iter().try_for_each(|room| self.check_room(room))?;
                }
                Ok(self.broadcast(to, except, data))
            }
            Request::Members {
                room,
                after,
                limit,
                with_session,
            } => {
                self.check_room(room)?;
                Ok(self.members(room, after.as_deref(), *limit, *with_session))
            }
            Request::Rooms { id } => {
                self.target(id)?;
                let rooms = self.rooms();
                let names = rooms.of(id).iter().map(|room| (**room).to_owned());
                Ok(Answer {
                    rooms: Some(names.collect()),
                    ..Answer::ok()
                })
            }
            Request::Alive { ids } => {
                let peers = self.peers();
                let alive = |id: &&Cow<'_, str>| {
                    peers
                        .get(&***id)
                        .is_some_and(|peer| peer.gate() != Gate::Sealed)
                };
                Ok(Answer {
                    alive: Some(
                        ids.iter()
                            .filter(alive)
                            .map(|id| (**id).to_owned())
                            .collect(),
                    ),
                    ..Answer::ok()
                })
            }
            Request::Session { id, set, version } => self.session(id, set.as_deref(), *version),
            other => Err(refuse(
                ErrNo::BAD_PUSH,
                format!("unknown action `{}`", other.action()),
            )),
        }
    }

    fn target(&self, id: &str) -> Result<Arc<Peer>, Box<Answer>> {
        self.peer(id).ok_or_else(gone)
    }

    fn check_size(&self, data: &Data<'_>) -> Result<(), Box<Answer>> {
        if self.fits(data) {
            return Ok(());
        }
        Err(self.too_large(
            Limit::MaxMessage,
            format!(
                "the message has {} bytes, max-message is {}",
                data.as_bytes().len(),
                self.bounds.max_message
            ),
        ))
    }

    fn check_room(&self, room: &str) -> Result<(), Box<Answer>> {
        if room.is_empty() {
            return Err(refuse(
                ErrNo::BAD_PUSH,
                "room: expected a name, found an empty string",
            ));
        }
        if room.len() > self.bounds.room_name {
            return Err(self.too_large(
                Limit::RoomName,
                format!(
                    "the name of the room has {} bytes, room-name is {}",
                    room.len(),
                    self.bounds.room_name
                ),
            ));
        }
        Ok(())
    }

    /// 1102, by this limit.
    fn too_large(&self, limit: Limit, err_msg: String) -> Box<Answer> {
        self.counters.reached(limit);
        refuse(ErrNo::TOO_LARGE, err_msg)
    }

    fn send_many(&self, to: &[Cow<'_, str>], data: &Payload<'_>) -> Answer {
        let message = encode(data, &self.bounds);
        let mut failed = Vec::new();
        let targets: Vec<Arc<Peer>> = {
            let peers = self.peers();
            to.iter()
                .filter_map(|id| {
                    let peer = peers.get(&**id).cloned();
                    if peer.is_none() {
                        failed.push(Failed {
                            id: (**id).to_owned(),
                            err_no: ErrNo::GONE.0,
                        });
                    }
                    peer
                })
                .collect()
        };
        let delivered = self.fan_out(&targets, &message, &mut failed, true);
        Answer {
            delivered: Some(delivered),
            failed: Some(failed),
            ..Answer::ok()
        }
    }

    fn broadcast(&self, to: &Audience<'_>, except: &[Cow<'_, str>], data: &Payload<'_>) -> Answer {
        let mut targets = match to {
            Audience::Everyone => self.all(),
            Audience::Rooms(rooms) => self.rooms().audience(rooms.iter().map(|room| &**room)),
        };
        match except {
            [] => {}
            [one] => targets.retain(|peer| **peer.id() != **one),
            many => {
                let except: HashSet<&str> = many.iter().map(|id| &**id).collect();
                targets.retain(|peer| !except.contains(&**peer.id()));
            }
        }
        let message = encode(data, &self.bounds);
        let mut failed = Vec::new();
        let delivered = self.fan_out(&targets, &message, &mut failed, false);
        Answer {
            delivered: Some(delivered),
            failed: Some(failed),
            ..Answer::ok()
        }
    }

    /// Who is gone was named by the caller (`named`), or has just left the audience and is nobody's business.
    fn fan_out(
        &self,
        targets: &[Arc<Peer>],
        message: &SharedMessage,
        failed: &mut Vec<Failed>,
        named: bool,
    ) -> usize {
        let now = self.bounds.idle.then(Instant::now);
        let mut delivered = 0;
        for (at, peer) in targets.iter().enumerate() {
            let direct = at < DIRECT_MAX;
            let err_no = match peer.send(message, &self.bounds.queue, &self.memory, direct, now) {
                Ok(()) => {
                    delivered += 1;
                    continue;
                }
                Err(NotQueued::Gone) if !named => continue,
                Err(NotQueued::Gone) => ErrNo::GONE,
                Err(NotQueued::Full(limit)) => {
                    self.counters.reached(limit);
                    ErrNo::QUEUE_FULL
                }
            };
            failed.push(Failed {
                id: (**peer.id()).to_owned(),
                err_no: err_no.0,
            });
        }
        delivered
    }

    fn close(
        &self,
        to: &str,
        code: Option<u16>,
        reason: Option<&str>,
    ) -> Result<Answer, Box<Answer>> {
        let code = code.map_or(CloseCode::NORMAL, CloseCode);
        let reason = reason.unwrap_or_default();
        if !code.may_be_sent() {
            let text = format!(
                "websocket.code: {} may not be sent in a close frame",
                code.0
            );
            return Err(refuse(ErrNo::BAD_PUSH, text));
        }
        if reason.len() > CloseCode::REASON_MAX {
            let text = format!(
                "websocket.reason: expected at most {} bytes, found {}",
                CloseCode::REASON_MAX,
                reason.len()
            );
            return Err(refuse(ErrNo::BAD_PUSH, text));
        }
        let peer = self.target(to)?;
        self.close_peer(&peer, code, reason).map_err(|_| gone())?;
        Ok(Answer::ok())
    }

    /// Queues a close as the last frame.
    pub(crate) fn close_peer(
        &self,
        peer: &Peer,
        code: CloseCode,
        reason: &str,
    ) -> Result<(), NotQueued> {
        let frame = codec::close::frame(code, reason);
        let ending = Ending::new(code, reason.to_owned());
        peer.out().push_close(frame, ending)
    }

    fn join(&self, id: &str, room: &str) -> Result<Answer, Box<Answer>> {
        let peer = self.target(id)?;
        let mut rooms = self.rooms_mut();
        // Looked at under the lock of the rooms: whoever seals the connection clears its rooms after that.
        if matches!(peer.gate(), Gate::Last | Gate::Sealed) {
            return Err(gone());
        }
        let bounds = &self.bounds;
        rooms
            .join(
                &peer,
                room,
                bounds.rooms_per_connection,
                bounds.room_members,
            )
            .map_err(|error| {
                let (limit, text) = match error {
                    JoinError::TooManyRooms => (
                        Limit::RoomsPerConnection,
                        format!(
                            "the connection is in rooms-per-connection = {} rooms",
                            bounds.rooms_per_connection
                        ),
                    ),
                    JoinError::RoomFull => (
                        Limit::RoomMembers,
                        format!(
                            "the room has room-members = {} members",
                            bounds.room_members.unwrap_or_default()
                        ),
                    ),
                };
                self.too_large(limit, text)
            })?;
        Ok(Answer::ok())
    }

    fn members(
        &self,
        room: &str,
        after: Option<&str>,
        limit: Option<usize>,
        with_session: bool,
    ) -> Answer {
        // A page of none would have no next one.
        let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let mut page = self.rooms().page(room, after, limit);
        let sessions = with_session.then(|| self.sessions(&mut page));
        Answer {
            members: Some(page.ids.iter().map(|id| (**id).to_owned()).collect()),
            count: Some(page.count),
            next: page.next.map(|id| (*id).to_owned()),
            sessions,
            ..Answer::ok()
        }
    }

    /// The sessions of a page, which ends where it grows too large for an answer.
    fn sessions(&self, page: &mut Page) -> BTreeMap<String, SessionValue> {
        let mut sessions = BTreeMap::new();
        let peers = self.peers();
        let mut bytes = 0;
        for (at, id) in page.ids.iter().enumerate() {
            // Who has left since is in the page without a session.
            let Some(peer) = peers.get(id) else { continue };
            let session = peer.session_value();
            bytes += session.value.get().len();
            if bytes > PAGE_BYTES && at > 0 {
                page.next = Some(Arc::clone(&page.ids[at - 1]));
                page.ids.truncate(at);
                break;
            }
            sessions.insert((**id).to_owned(), session);
        }
        sessions
    }

    fn session(
        &self,
        id: &str,
        set: Option<&str>,
        version: Option<u64>,
    ) -> Result<Answer, Box<Answer>> {
        let Some(set) = set else {
            let session = self.target(id)?.session_value();
            return Ok(Answer {
                value: Some(session.value),
                version: Some(session.version),
                ..Answer::ok()
            });
        };
        if set.len() > self.bounds.session_max {
            return Err(self.too_large(
                Limit::SessionMax,
                format!(
                    "the session has {} bytes, session-max is {}",
                    set.len(),
                    self.bounds.session_max
                ),
            ));
        }
        let value = RawValue::from_string(set.to_owned())
            .map_err(|error| refuse(ErrNo::BAD_PUSH, format!("websocket.set: {error}")))?;
        let peer = self.target(id)?;
        match peer.set_session(value, version) {
            Ok(session) => Ok(Answer {
                value: Some(session.value.clone()),
                version: Some(session.version),
                ..Answer::ok()
            }),
            Err(SessionError::Gone) => Err(gone()),
            Err(SessionError::Changed(session)) => Err(Box::new(Answer {
                value: Some(session.value),
                version: Some(session.version),
                ..Answer::error(ErrNo::CONFLICT, "the session changed in between")
            })),
        }
    }
}

fn gone() -> Box<Answer> {
    refuse(ErrNo::GONE, "no such connection")
}

/// An answer that is an error; boxed, because most answers are none.
fn refuse(err_no: ErrNo, err_msg: impl Into<String>) -> Box<Answer> {
    Box::new(Answer::error(err_no, err_msg))
}

/// The frames of a message, encoded when first asked for.
pub(super) fn encode(payload: &Payload<'_>, bounds: &Bounds) -> SharedMessage {
    let kind = match payload.data {
        Data::Text(_) => MessageKind::Text,
        Data::Binary(_) => MessageKind::Binary,
    };
    let above = bounds.compress_above.filter(|_| payload.compress);
    SharedMessage::new(kind, payload.data.as_bytes(), above)
}
