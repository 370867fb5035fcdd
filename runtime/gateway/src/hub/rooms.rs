//! Who is in which room.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::peer::Peer;

/// The members of a room, in the order of their ids, so that pages of them are stable.
type Members = BTreeMap<Arc<str>, Arc<Peer>>;

/// Rooms and memberships. A membership is held twice: by room for those who can be reached, and by member, where it
/// stays readable until the member's close event is answered (R3).
#[derive(Debug, Default)]
pub(super) struct Rooms {
    by_name: HashMap<Arc<str>, Members>,
    by_member: HashMap<Arc<str>, Vec<Arc<str>>>,
}

/// A page of a room's members.
pub(super) struct Page {
    pub(super) ids: Vec<Arc<str>>,
    pub(super) count: usize,
    pub(super) next: Option<Arc<str>>,
}

/// Why nobody was put into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JoinError {
    /// `rooms-per-connection`.
    TooManyRooms,
    /// `room-members`.
    RoomFull,
}

impl Rooms {
    /// Puts a connection into a room; twice is once.
    pub(super) fn join(
        &mut self,
        peer: &Arc<Peer>,
        room: &str,
        rooms_max: usize,
        members_max: Option<usize>,
    ) -> Result<(), JoinError> {
        let own = self.by_member.get(peer.id()).map_or(&[][..], Vec::as_slice);
        if own.iter().any(|name| &**name == room) {
            return Ok(());
        }
        if own.len() >= rooms_max {
            return Err(JoinError::TooManyRooms);
        }
        let name = match self.by_name.get_key_value(room) {
            Some((_, members)) if members_max.is_some_and(|max| members.len() >= max) => {
                return Err(JoinError::RoomFull);
            }
            Some((name, _)) => name.clone(),
            None if members_max == Some(0) => return Err(JoinError::RoomFull),
            None => Arc::from(room),
        };
        self.by_name
            .entry(name.clone())
            .or_default()
            .insert(peer.id().clone(), peer.clone());
        self.by_member
            .entry(peer.id().clone())
            .or_default()
            .push(name);
        Ok(())
    }

    /// Takes a connection out of a room, or out of all.
    pub(super) fn leave(&mut self, id: &str, room: Option<&str>) {
        let Some(own) = self.by_member.get_mut(id) else {
            return;
        };
        let mut left = Vec::new();
        match room {
            None => left.append(own),
            Some(room) => {
                if let Some(at) = own.iter().position(|name| &**name == room) {
                    left.push(own.remove(at));
                }
            }
        }
        if own.is_empty() {
            self.by_member.remove(id);
        }
        for name in left {
            self.remove_member(name, id);
        }
    }

    /// A connection is out of Open: nobody reaches it through a room, and its own rooms stay readable.
    pub(super) fn seal(&mut self, id: &str) {
        for name in self.by_member.get(id).cloned().unwrap_or_default() {
            self.remove_member(name, id);
        }
    }

    fn remove_member(&mut self, name: Arc<str>, id: &str) {
        if let std::collections::hash_map::Entry::Occupied(mut room) = self.by_name.entry(name) {
            room.get_mut().remove(id);
            if room.get().is_empty() {
                room.remove();
            }
        }
    }

    /// The rooms of a connection, in the order in which it joined them.
    pub(super) fn of(&self, id: &str) -> &[Arc<str>] {
        self.by_member.get(id).map_or(&[], Vec::as_slice)
    }

    /// Who is in these rooms, each once.
    pub(super) fn audience<'r>(
        &self,
        rooms: impl ExactSizeIterator<Item = &'r str>,
    ) -> Vec<Arc<Peer>> {
        if rooms.len() == 1 {
            return rooms
                .filter_map(|room| self.by_name.get(room))
                .flat_map(BTreeMap::values)
                .cloned()
                .collect();
        }
        let mut all = Members::new();
        for (id, peer) in rooms.filter_map(|room| self.by_name.get(room)).flatten() {
            if let Entry::Vacant(place) = all.entry(id.clone()) {
                place.insert(peer.clone());
            }
        }
        all.into_values().collect()
    }

    /// How many connections have rooms.
    #[cfg(test)]
    pub(super) fn members_known(&self) -> usize {
        self.by_member.len()
    }

    /// How many rooms there are.
    #[cfg(test)]
    pub(super) fn names_known(&self) -> usize {
        self.by_name.len()
    }

    /// A page of at most `limit` members whose ids come after `after`.
    pub(super) fn page(&self, room: &str, after: Option<&str>, limit: usize) -> Page {
        let Some(members) = self.by_name.get(room) else {
            return Page {
                ids: Vec::new(),
                count: 0,
                next: None,
            };
        };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = members.range::<str, _>((from, Bound::Unbounded));
        let ids: Vec<Arc<str>> = rest
            .by_ref()
            .take(limit)
            .map(|(id, _)| id.clone())
            .collect();
        let next = rest.next().and_then(|_| ids.last().cloned());
        Page {
            ids,
            count: members.len(),
            next,
        }
    }
}
