//! Redis, from 5 on, and what speaks its protocol.

mod client;
mod script;

use std::fmt;
use std::time::Duration;

use redis::Script;
use tokio::sync::OnceCell;
use wsfn_settings::{Settings, StoreUrl};

use super::{MemberPage, PageRequest, Store, StoreError, StoreFuture, StoredSession, Terms};
use crate::connection_id::ConnectionId;
use client::Client;

/// What the keys mean, in `schema`.
const VERSION: u64 = 1;

/// What a join answers.
const JOINED: i64 = 0;
const GONE: i64 = 1;

/// What setting a session answers, where it is no version.
const CONFLICT: i64 = -1;

/// The most ids in one script: while it runs, nobody else is served.
const AT_ONCE: usize = 500;

/// A [`Store`] in Redis.
pub(super) struct Redis {
    client: Client,
    ready: OnceCell<()>,
    scripts: Scripts,
}

struct Scripts {
    ready: Script,
    join: Script,
    leave: Script,
    leave_all: Script,
    rooms_of: Script,
    members: Script,
    count: Script,
    session: Script,
    set_session: Script,
    seen: Script,
    gone: Script,
    claim: Script,
    forget: Script,
}

impl Scripts {
    fn new() -> Self {
        let script = |text: &str| Script::new(&[script::PRELUDE, text].concat());
        Self {
            ready: script(script::READY),
            join: script(script::JOIN),
            leave: script(script::LEAVE),
            leave_all: script(script::LEAVE_ALL),
            rooms_of: script("return redis.call('SMEMBERS', t .. 'r:' .. id)"),
            members: script(script::MEMBERS),
            count: script("return redis.call('ZCARD', t .. 'm:' .. id)"),
            session: script("return redis.call('HMGET', t .. 'c:' .. id, 'j', 'v')"),
            set_session: script(script::SET_SESSION),
            seen: script(script::SEEN),
            gone: script(script::GONE),
            claim: script(script::CLAIM),
            forget: script(script::FORGET),
        }
    }
}

impl Redis {
    pub(super) fn open(url: &StoreUrl, settings: &Settings) -> Result<Self, StoreError> {
        Ok(Self {
            client: Client::open(url, settings)?,
            ready: OnceCell::new(),
            scripts: Scripts::new(),
        })
    }

    async fn made(&self) -> Result<(), StoreError> {
        let make = || async {
            let found: String = self.client.run(&self.scripts.ready, &[b""]).await?;
            match found.parse::<u64>() {
                Ok(VERSION) => Ok(()),
                _ => Err(StoreError::refused(format!(
                    "its keys are of version {}, and this program knows version {VERSION}; a newer wsfn made them, so \
                     build this program with one as new",
                    found.escape_debug()
                ))),
            }
        };
        self.ready.get_or_try_init(make).await.map(|_| ())
    }

    async fn run<T: redis::FromRedisValue>(
        &self,
        script: &Script,
        arguments: &[&[u8]],
    ) -> Result<T, StoreError> {
        self.made().await?;
        self.client.run(script, arguments).await
    }

    /// A script for many ids.
    async fn each(
        &self,
        script: &Script,
        time: Duration,
        ids: &[ConnectionId],
    ) -> Result<(), StoreError> {
        let time = milliseconds(time);
        for ids in ids.chunks(AT_ONCE) {
            let mut arguments: Vec<&[u8]> = vec![b"", time.as_bytes()];
            arguments.extend(ids.iter().map(|id| id.as_str().as_bytes()));
            let _: i64 = self.run(script, &arguments).await?;
        }
        Ok(())
    }
}

/// The most that a number of Lua holds exactly, with a time added to it.
const TIME_MAX: u64 = 1 << 52;

fn milliseconds(time: Duration) -> String {
    let time = u64::try_from(time.as_millis()).unwrap_or(TIME_MAX);
    time.min(TIME_MAX).to_string()
}

fn text(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|_| StoreError::refused("it holds a name that is no UTF-8"))
}

impl Store for Redis {
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
            let (lease, most) = (milliseconds(terms.lease), terms.rooms_per_connection);
            let most = most.to_string();
            let arguments = [id.as_str(), room, &lease, &most].map(str::as_bytes);
            match self.run(&self.scripts.join, &arguments).await? {
                JOINED => Ok(()),
                GONE => Err(StoreError::gone()),
                _ => Err(StoreError::too_many_rooms(terms.rooms_per_connection)),
            }
        })
    }

    fn leave<'a>(&'a self, id: &'a ConnectionId, room: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let arguments = [id.as_str(), room].map(str::as_bytes);
            let _: i64 = self.run(&self.scripts.leave, &arguments).await?;
            Ok(())
        })
    }

    fn leave_all<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let arguments = [id.as_str().as_bytes()];
            let _: i64 = self.run(&self.scripts.leave_all, &arguments).await?;
            Ok(())
        })
    }

    fn rooms_of<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, Vec<String>> {
        Box::pin(async move {
            let arguments = [id.as_str().as_bytes()];
            let rooms: Vec<Vec<u8>> = self.run(&self.scripts.rooms_of, &arguments).await?;
            rooms.into_iter().map(text).collect()
        })
    }

    fn members<'a>(&'a self, page: PageRequest<'a>) -> StoreFuture<'a, MemberPage> {
        Box::pin(async move {
            let key = page.room.map(|room| format!("m:{room}"));
            // One more, to know whether there are more.
            let limit = page.limit.saturating_add(1).to_string();
            let arguments = [
                key.as_deref().unwrap_or("open"),
                page.after.unwrap_or_default(),
                &limit,
                if page.sessions { "1" } else { "0" },
            ];
            let arguments = arguments.map(str::as_bytes);
            let (count, ids, sessions): (usize, Vec<Vec<u8>>, Vec<Vec<u8>>) =
                self.run(&self.scripts.members, &arguments).await?;
            let mut found = MemberPage {
                more: ids.len() > page.limit,
                ..MemberPage::default()
            };
            if page.room.is_some() && page.after.is_none() && page.counted {
                found.count = Some(count);
            }
            let mut sessions = sessions.into_iter();
            for id in ids.into_iter().take(page.limit) {
                found.ids.push(text(id)?.into());
                if let (Some(value), Some(version)) = (sessions.next(), sessions.next()) {
                    // What was set is JSON, which is never nothing.
                    let value = Some(text(value)?).filter(|value| !value.is_empty());
                    let version = text(version)?.parse().unwrap_or_default();
                    found.sessions.push(StoredSession::new(value, version));
                }
            }
            Ok(found)
        })
    }

    fn count<'a>(&'a self, room: &'a str) -> StoreFuture<'a, usize> {
        Box::pin(async move { self.run(&self.scripts.count, &[room.as_bytes()]).await })
    }

    fn session<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, StoredSession> {
        Box::pin(async move {
            let arguments = [id.as_str().as_bytes()];
            let (value, version): (Option<Vec<u8>>, Option<u64>) =
                self.run(&self.scripts.session, &arguments).await?;
            let value = value.map(text).transpose()?;
            Ok(StoredSession::new(value, version.unwrap_or_default()))
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
            let version = version.map(|version| version.to_string());
            let version = version.as_deref().unwrap_or_default();
            let lease = milliseconds(terms.lease);
            let arguments = [id.as_str(), value, version, &lease].map(str::as_bytes);
            let answer: i64 = self.run(&self.scripts.set_session, &arguments).await?;
            match u64::try_from(answer) {
                Ok(version) => Ok(version),
                Err(_) if answer == CONFLICT => Err(StoreError::conflict()),
                Err(_) => Err(StoreError::gone()),
            }
        })
    }

    fn seen<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        Box::pin(self.each(&self.scripts.seen, terms.lease, ids))
    }

    fn gone<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        Box::pin(self.each(&self.scripts.gone, terms.grace, ids))
    }

    fn claim(&self, limit: usize, lapse: Duration) -> StoreFuture<'_, Vec<ConnectionId>> {
        Box::pin(async move {
            let (limit, lapse) = (limit.to_string(), milliseconds(lapse));
            let arguments = ["", &limit, &lapse].map(str::as_bytes);
            let ids: Vec<Vec<u8>> = self.run(&self.scripts.claim, &arguments).await?;
            ids.into_iter().map(|id| Ok(text(id)?.into())).collect()
        })
    }

    fn forget<'a>(&'a self, id: &'a ConnectionId, terms: &'a Terms) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let remember = milliseconds(terms.remember);
            let arguments = [id.as_str(), &remember].map(str::as_bytes);
            let _: i64 = self.run(&self.scripts.forget, &arguments).await?;
            Ok(())
        })
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.client.shown())
    }
}
