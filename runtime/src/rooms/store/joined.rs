//! The members of several rooms, each once.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::{PageRequest, StoreError, Stored};
use crate::connection_id::ConnectionId;

/// Members in a batch: what goes to our gateway in one request. Their ids take some 27 KB of the 64 KiB that
/// `push-max-body` has for them.
const BATCH: usize = 1000;

/// The fewest members that are read of one of many rooms at once, so that they do not cost a request each.
const AT_LEAST: usize = 50;

/// Reads rooms page by page. Pages come in the order of ids, so that a member of several rooms is met in all of them at
/// once, and nothing has to be remembered.
pub(super) struct Joined<'a> {
    stored: &'a Stored,
    deadline: Option<Instant>,
    sources: Vec<Source<'a>>,
    page: usize,
}

struct Source<'a> {
    /// `None` is every open connection.
    room: Option<&'a str>,
    read: VecDeque<ConnectionId>,
    last: Option<ConnectionId>,
    more: bool,
}

impl<'a> Joined<'a> {
    pub(super) fn new(
        stored: &'a Stored,
        rooms: impl IntoIterator<Item = Option<&'a str>>,
        deadline: Option<Instant>,
    ) -> Self {
        let sources: Vec<Source<'a>> = rooms
            .into_iter()
            .map(|room| Source {
                room,
                read: VecDeque::new(),
                last: None,
                more: true,
            })
            .collect();
        Self {
            stored,
            deadline,
            page: (BATCH / sources.len().max(1)).max(AT_LEAST),
            sources,
        }
    }

    /// The next members, at most [`BATCH`]; none is the end.
    pub(super) async fn next(&mut self) -> Result<Vec<ConnectionId>, StoreError> {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            for source in &mut self.sources {
                if source.read.is_empty() && source.more {
                    source.fill(self.stored, self.page, self.deadline).await?;
                }
            }
            let fronts = self.sources.iter().filter_map(|source| source.read.front());
            let Some(least) = fronts.min_by_key(|id| id.as_str().as_bytes()).cloned() else {
                break;
            };
            for source in &mut self.sources {
                source.read.pop_front_if(|id| *id == least);
            }
            batch.push(least);
        }
        Ok(batch)
    }
}

impl Source<'_> {
    async fn fill(
        &mut self,
        stored: &Stored,
        limit: usize,
        deadline: Option<Instant>,
    ) -> Result<(), StoreError> {
        let after = self.last.as_ref().map(ConnectionId::as_str);
        let page = PageRequest::new(self.room, limit)
            .after(after)
            .counted(false);
        let page = stored.members(page, deadline).await?;
        self.more = page.more && !page.ids.is_empty();
        self.last = page.ids.last().cloned();
        self.read = page.ids.into();
        Ok(())
    }
}
