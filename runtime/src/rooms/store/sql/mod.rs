//! Stores in SQL: one set of statements for three databases.
//!
//! An operation is a few statements that go to the server together, as one transaction, and take one round trip. What
//! varies in them is written as digits ([`text`]), so there is nothing to prepare, and nothing that a proxy between
//! would have to remember of a connection.

#[cfg(feature = "mysql")]
mod mysql;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod schema;
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
mod text;

use std::fmt;
use std::time::Duration;

use tokio::sync::OnceCell;

#[cfg(feature = "mysql")]
pub(super) use mysql::MySql;
use pool::Pool;
#[cfg(feature = "postgres")]
pub(super) use postgres::Postgres;
pub(super) use server::{Failure, Server, failed, row};
#[cfg(feature = "sqlite")]
pub(super) use sqlite::Sqlite;
use text::Values;

use super::{MemberPage, PageRequest, Store, StoreError, StoreFuture, StoredSession, Terms};
use crate::connection_id::ConnectionId;

/// A row of any answer: an id or a room, a session, and a number.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: Option<Vec<u8>>,
    pub(super) session: Option<Vec<u8>>,
    pub(super) number: i64,
}

/// Attempts at an operation: stale connections, or transactions that wait for each other, are no reason to fail. After a
/// restart of the server each connection of a pool is stale, four by default, and then one is opened.
const ATTEMPTS: usize = 6;

/// What stands in the column `state`. Forgotten is 2 in the statements.
const OPEN: i64 = 0;

/// What a join answers.
const JOINED: i64 = 0;
const GONE: i64 = 1;

/// A [`Store`] on a server, or a file, that speaks SQL.
pub(super) struct SqlStore<S> {
    server: S,
    ready: OnceCell<()>,
}

impl<S: Server> SqlStore<S> {
    pub(super) const fn new(server: S) -> Self {
        Self {
            server,
            ready: OnceCell::const_new(),
        }
    }

    async fn made(&self) -> Result<(), StoreError> {
        let make = || schema::make(&self.server);
        self.ready.get_or_try_init(make).await.map(|_| ())
    }

    /// Has statements done, again where that is safe and of use.
    async fn run(&self, statements: &str, values: &Values<'_>) -> Result<Vec<Row>, StoreError> {
        self.made().await?;
        let text = text::write(statements, values, &S::DIALECT);
        let mut attempts = 1;
        loop {
            match self.server.run(&text).await {
                Ok(rows) => return Ok(rows),
                Err(failure) if failure.again && attempts < ATTEMPTS => attempts += 1,
                Err(failure) => return Err(failure.error),
            }
        }
    }
}

impl<S: Server> Store for SqlStore<S> {
    fn ready(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.made())
    }

    fn join<'a>(
        &'a self,
        id: &'a ConnectionId,
        room: &'a str,
        terms: &'a Terms,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let values = Values::of(id).room(room).terms(terms);
            let rows = self.run(S::DIALECT.join, &values).await?;
            match rows.first().map(|row| row.number) {
                Some(JOINED) => Ok(()),
                Some(GONE) => Err(StoreError::gone()),
                _ => Err(StoreError::too_many_rooms(terms.rooms_per_connection)),
            }
        })
    }

    fn leave<'a>(&'a self, id: &'a ConnectionId, room: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let statement = "DELETE FROM wsfn_members WHERE room = :room AND id = :id";
            self.run(statement, &Values::of(id).room(room)).await?;
            Ok(())
        })
    }

    fn leave_all<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let statement = "DELETE FROM wsfn_members WHERE id = :id";
            self.run(statement, &Values::of(id)).await?;
            Ok(())
        })
    }

    fn rooms_of<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, Vec<String>> {
        Box::pin(async move {
            let statement = "SELECT room, NULL, 0 FROM wsfn_members WHERE id = :id";
            let rows = self.run(statement, &Values::of(id)).await?;
            rows.into_iter()
                .filter_map(|row| row.name)
                .map(text)
                .collect()
        })
    }

    fn members<'a>(&'a self, page: PageRequest<'a>) -> StoreFuture<'a, MemberPage> {
        Box::pin(async move {
            let statements = match (page.room, page.sessions) {
                (Some(_), false) => S::DIALECT.members,
                (Some(_), true) => S::DIALECT.members_with_sessions,
                (None, false) => S::DIALECT.everyone,
                (None, true) => S::DIALECT.everyone_with_sessions,
            };
            let counted = page.room.is_some() && page.after.is_none() && page.counted;
            let statements = match counted {
                true => format!("{COUNT};\n{statements}"),
                false => statements.to_owned(),
            };
            let values = Values::default()
                .room(page.room.unwrap_or_default())
                .after(page.after.unwrap_or_default())
                // One more, to know whether there are more.
                .limit(page.limit.saturating_add(1));
            let mut rows = self.run(&statements, &values).await?.into_iter();
            let mut found = MemberPage::default();
            if counted {
                let count = rows.next().map_or(0, |row| row.number);
                found.count = Some(usize::try_from(count).unwrap_or_default());
            }
            for row in rows {
                if found.ids.len() == page.limit {
                    found.more = true;
                    break;
                }
                found.ids.push(text(row.name.unwrap_or_default())?.into());
                if page.sessions {
                    found.sessions.push(session(row.session, row.number)?);
                }
            }
            Ok(found)
        })
    }

    fn count<'a>(&'a self, room: &'a str) -> StoreFuture<'a, usize> {
        Box::pin(async move {
            let rows = self.run(COUNT, &Values::default().room(room)).await?;
            let count = rows.first().map_or(0, |row| row.number);
            Ok(usize::try_from(count).unwrap_or_default())
        })
    }

    fn session<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, StoredSession> {
        Box::pin(async move {
            let statement = "SELECT NULL, session, version FROM wsfn_connections WHERE id = :id";
            let rows = self.run(statement, &Values::of(id)).await?;
            match rows.into_iter().next() {
                Some(row) => session(row.session, row.number),
                None => Ok(StoredSession::default()),
            }
        })
    }

    fn set_session<'a>(
        &'a self,
        id: &'a ConnectionId,
        value: &'a str,
        version: Option<u64>,
        terms: &'a Terms,
    ) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let statements = match version {
                Some(_) => S::DIALECT.set_session_of_version,
                None => S::DIALECT.set_session,
            };
            let values = Values::of(id)
                .session(value)
                .version(version.unwrap_or_default())
                .terms(terms);
            let rows = self.run(statements, &values).await?;
            let set = rows.iter().find(|row| row.name.is_some());
            match (set, rows.last().map(|row| row.number)) {
                (Some(set), _) => Ok(u64::try_from(set.number).unwrap_or_default()),
                (None, Some(OPEN)) => Err(StoreError::conflict()),
                (None, _) => Err(StoreError::gone()),
            }
        })
    }

    fn seen<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            for ids in in_order(ids) {
                let values = Values::default().each(&ids).terms(terms);
                self.run(S::DIALECT.seen, &values).await?;
            }
            Ok(())
        })
    }

    fn gone<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let statement = "UPDATE wsfn_connections SET state = 1, due = :now + :grace \
                             WHERE state = 0 AND id IN ([:each])";
            for ids in in_order(ids) {
                let values = Values::default().each(&ids).terms(terms);
                self.run(statement, &values).await?;
            }
            Ok(())
        })
    }

    fn claim(&self, limit: usize, lapse: Duration) -> StoreFuture<'_, Vec<ConnectionId>> {
        Box::pin(async move {
            let values = Values::default().limit(limit).lapse(lapse);
            let rows = self.run(S::DIALECT.claim, &values).await?;
            let names = rows.into_iter().filter_map(|row| row.name);
            names.map(|name| Ok(text(name)?.into())).collect()
        })
    }

    fn forget<'a>(&'a self, id: &'a ConnectionId, terms: &'a Terms) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let values = Values::of(id).terms(terms);
            self.run(S::DIALECT.forget, &values).await?;
            Ok(())
        })
    }
}

const COUNT: &str = "SELECT NULL, NULL, COUNT(*) FROM wsfn_members AS m \
     JOIN wsfn_connections AS c ON c.id = m.id WHERE m.room = :room AND c.state = 0";

/// The most ids in one statement.
const AT_ONCE: usize = 500;

/// Ids in the order in which their rows are locked, so that no two transactions wait for each other; and each once.
fn in_order(ids: &[ConnectionId]) -> impl Iterator<Item = Vec<&ConnectionId>> {
    let mut ids: Vec<&ConnectionId> = ids.iter().collect();
    ids.sort();
    ids.dedup();
    let mut ids = ids.into_iter().peekable();
    std::iter::from_fn(move || {
        ids.peek()?;
        Some(ids.by_ref().take(AT_ONCE).collect())
    })
}

fn text(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|_| StoreError::refused("it holds a name that is no UTF-8"))
}

fn session(value: Option<Vec<u8>>, version: i64) -> Result<StoredSession, StoreError> {
    let value = value.map(text).transpose()?;
    let version = u64::try_from(version).unwrap_or_default();
    Ok(StoredSession::new(value, version))
}

impl<S: Server> fmt::Debug for SqlStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.server.shown())
    }
}
