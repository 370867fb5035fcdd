//! Stores that break the contract, each in one way: what the contract does not notice, it does not check.

use std::sync::Arc;
use std::time::Duration;

use wsfn::ConnectionId;
use wsfn::rooms::contract::Contract;
use wsfn::rooms::{MemberPage, MemoryStore, PageRequest, Store, StoreFuture, StoredSession, Terms};

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    CountsOneMore,
    ForgetsAtGone,
    IgnoresGone,
    RemembersNobody,
    RemembersForEver,
    KeepsRoomsOfTheForgotten,
    IgnoresLeave,
    IgnoresLeaveAll,
    JoinsWithoutLimit,
    FoldsCase,
    CutsNames,
    TurnsPagesAround,
    MakesLargePages,
    RepeatsTheLastOfAPage,
    SaysThereIsNoMore,
    IgnoresVersions,
    MixesSessions,
    ClaimsTwice,
    ClaimsForEver,
    ClaimsEverybody,
    IgnoresSigns,
    SeesNobodyNew,
}

const ALL: [Wrong; 22] = [
    Wrong::CountsOneMore,
    Wrong::ForgetsAtGone,
    Wrong::IgnoresGone,
    Wrong::RemembersNobody,
    Wrong::RemembersForEver,
    Wrong::KeepsRoomsOfTheForgotten,
    Wrong::IgnoresLeave,
    Wrong::IgnoresLeaveAll,
    Wrong::JoinsWithoutLimit,
    Wrong::FoldsCase,
    Wrong::CutsNames,
    Wrong::TurnsPagesAround,
    Wrong::MakesLargePages,
    Wrong::RepeatsTheLastOfAPage,
    Wrong::SaysThereIsNoMore,
    Wrong::IgnoresVersions,
    Wrong::MixesSessions,
    Wrong::ClaimsTwice,
    Wrong::ClaimsForEver,
    Wrong::ClaimsEverybody,
    Wrong::IgnoresSigns,
    Wrong::SeesNobodyNew,
];

#[derive(Debug, Clone)]
struct Broken {
    inner: MemoryStore,
    wrong: Wrong,
}

impl Broken {
    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == wrong
    }

    fn name(&self, name: &str) -> String {
        match self.wrong {
            Wrong::FoldsCase => name.to_lowercase(),
            Wrong::CutsNames => name.chars().take(255).collect(),
            _ => name.to_owned(),
        }
    }
}

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Store for Broken {
    fn join<'a>(
        &'a self,
        id: &'a ConnectionId,
        room: &'a str,
        terms: &'a Terms,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (mut terms, room) = (terms.clone(), self.name(room));
            if self.is(Wrong::JoinsWithoutLimit) {
                terms.rooms_per_connection = usize::MAX;
            }
            self.inner.join(id, &room, &terms).await
        })
    }

    fn leave<'a>(&'a self, id: &'a ConnectionId, room: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if self.is(Wrong::IgnoresLeave) {
                return Ok(());
            }
            self.inner.leave(id, &self.name(room)).await
        })
    }

    fn leave_all<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if self.is(Wrong::IgnoresLeaveAll) {
                return Ok(());
            }
            self.inner.leave_all(id).await
        })
    }

    fn rooms_of<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, Vec<String>> {
        self.inner.rooms_of(id)
    }

    fn members<'a>(&'a self, page: PageRequest<'a>) -> StoreFuture<'a, MemberPage> {
        Box::pin(async move {
            let room = page.room.map(|room| self.name(room));
            let mut asked = PageRequest::new(room.as_deref(), page.limit)
                .after(page.after)
                .with_sessions(page.sessions)
                .counted(page.counted);
            if self.is(Wrong::MakesLargePages) {
                asked.limit = usize::MAX;
            }
            let mut found = self.inner.members(asked).await?;
            match self.wrong {
                Wrong::TurnsPagesAround => found.ids.reverse(),
                Wrong::SaysThereIsNoMore => found.more = false,
                Wrong::MixesSessions => found.sessions.reverse(),
                Wrong::RepeatsTheLastOfAPage => {
                    if let Some(after) = page.after {
                        found.ids.pop();
                        found.ids.insert(0, ConnectionId::new(after));
                    }
                }
                _ => {}
            }
            Ok(found)
        })
    }

    fn count<'a>(&'a self, room: &'a str) -> StoreFuture<'a, usize> {
        Box::pin(async move {
            let count = self.inner.count(&self.name(room)).await?;
            Ok(count + usize::from(self.is(Wrong::CountsOneMore)))
        })
    }

    fn session<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, StoredSession> {
        self.inner.session(id)
    }

    fn set_session<'a>(
        &'a self,
        id: &'a ConnectionId,
        value: &'a str,
        version: Option<u64>,
        terms: &'a Terms,
    ) -> StoreFuture<'a, u64> {
        let version = version.filter(|_| !self.is(Wrong::IgnoresVersions));
        self.inner.set_session(id, value, version, terms)
    }

    fn seen<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            for id in ids {
                // A session of version 0 is one that was never set: enough to tell the new ones here.
                let new = self.inner.session(id).await? == StoredSession::default()
                    && self.inner.rooms_of(id).await?.is_empty();
                let ignored = match self.wrong {
                    Wrong::SeesNobodyNew => new,
                    Wrong::IgnoresSigns => !new,
                    _ => false,
                };
                if !ignored {
                    self.inner.seen(std::slice::from_ref(id), terms).await?;
                }
            }
            Ok(())
        })
    }

    fn gone<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            match self.wrong {
                Wrong::IgnoresGone => Ok(()),
                Wrong::ForgetsAtGone => {
                    for id in ids {
                        self.inner.forget(id, terms).await?;
                    }
                    Ok(())
                }
                _ => self.inner.gone(ids, terms).await,
            }
        })
    }

    fn claim(&self, limit: usize, lapse: Duration) -> StoreFuture<'_, Vec<ConnectionId>> {
        Box::pin(async move {
            match self.wrong {
                Wrong::ClaimsTwice => self.inner.claim(limit, Duration::ZERO).await,
                Wrong::ClaimsForEver => self.inner.claim(limit, HOUR).await,
                Wrong::ClaimsEverybody => {
                    let everyone = PageRequest::new(None, limit);
                    Ok(self.inner.members(everyone).await?.ids)
                }
                _ => self.inner.claim(limit, lapse).await,
            }
        })
    }

    fn forget<'a>(&'a self, id: &'a ConnectionId, terms: &'a Terms) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut terms = terms.clone();
            match self.wrong {
                Wrong::RemembersForEver => terms.remember = HOUR,
                Wrong::RemembersNobody => terms.remember = Duration::ZERO,
                Wrong::KeepsRoomsOfTheForgotten => {
                    return self.inner.gone(std::slice::from_ref(id), &terms).await;
                }
                _ => {}
            }
            self.inner.forget(id, &terms).await?;
            if self.is(Wrong::RemembersNobody) {
                // Forgetting another lets go of it.
                self.inner
                    .forget(&ConnectionId::new("other"), &terms)
                    .await?;
            }
            Ok(())
        })
    }
}

/// What a store does that breaks in time: a check that waits for it would wait for ever.
const TOO_LONG: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wrong_store_breaks_the_contract() {
    let mut unnoticed = Vec::new();
    for wrong in ALL {
        let inner = MemoryStore::new();
        let store: Arc<dyn Store> = Arc::new(Broken { inner, wrong });
        let checked = tokio::spawn(async move {
            let contract = Contract::new().members(300).rounds(2);
            let clients = [store.clone(), store];
            let checked = contract.run(&clients);
            tokio::time::timeout(TOO_LONG, checked).await.is_ok()
        });
        if matches!(checked.await, Ok(true)) {
            unnoticed.push(wrong);
        }
    }
    assert!(
        unnoticed.is_empty(),
        "the contract does not notice {unnoticed:?}"
    );
}
