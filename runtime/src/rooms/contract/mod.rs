//! What every [`Store`] has to do, as checks.
//!
//! ```
//! use std::sync::Arc;
//! use wsfn::rooms::{MemoryStore, contract::Contract};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let store = MemoryStore::new();
//! Contract::new().members(100).run(&[Arc::new(store.clone()), Arc::new(store)]).await;
//! # }
//! ```

mod chance;
mod interleaved;
mod joining;
mod leases;
mod life;
mod names;
mod pages;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use super::{PageRequest, Store, Terms};
use crate::connection_id::ConnectionId;
use chance::Chance;

/// The checks, and how hard they try.
///
/// ```
/// # use std::sync::Arc;
/// # use wsfn::rooms::{MemoryStore, contract::Contract};
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let store = Arc::new(MemoryStore::new());
/// Contract::new().seed(7).members(100).rounds(2).run(&[store]).await;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Contract {
    seed: u64,
    members: usize,
    rounds: usize,
}

impl Default for Contract {
    fn default() -> Self {
        Self {
            seed: 0,
            members: 1000,
            rounds: 20,
        }
    }
}

impl Contract {
    /// The checks as they are quickly done: a room of 1,000, and 20 rounds of things that happen at once.
    ///
    /// ```
    /// let contract = wsfn::rooms::contract::Contract::new();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Which of the ways that things can happen at once are tried.
    ///
    /// ```
    /// let contract = wsfn::rooms::contract::Contract::new().seed(7);
    /// ```
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many are in the room that is read in pages.
    ///
    /// ```
    /// let contract = wsfn::rooms::contract::Contract::new().members(100_000);
    /// ```
    #[must_use]
    pub const fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// How many rounds there are of things that happen at once.
    ///
    /// ```
    /// let contract = wsfn::rooms::contract::Contract::new().rounds(100);
    /// ```
    #[must_use]
    pub const fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// Checks a store through several clients of it, as several processes have them; one may stand there twice. The
    /// store is empty at first, and nobody else uses it meanwhile.
    ///
    /// ```no_run
    /// # use wsfn::rooms::{StoreError, contract::Contract, open};
    /// # async fn example() -> Result<(), StoreError> {
    /// let url = "redis://127.0.0.1:6379/15?deployment=test";
    /// Contract::new().run(&[open(url)?, open(url)?]).await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// Where the store breaks the contract, with what was expected; and where `clients` is empty.
    pub async fn run(&self, clients: &[Arc<dyn Store>]) {
        let bench = Bench {
            clients: clients.to_vec(),
            seed: self.seed,
        };
        bench.store(0).ready().await.expect("the store is ready");
        joining::run(&bench).await;
        names::run(&bench).await;
        sessions::run(&bench).await;
        life::run(&bench).await;
        leases::run(&bench).await;
        pages::run(&bench, self.members).await;
        interleaved::run(&bench, self.rounds).await;
    }
}

/// What the checks share.
struct Bench {
    clients: Vec<Arc<dyn Store>>,
    seed: u64,
}

impl Bench {
    /// One of the clients.
    fn store(&self, at: usize) -> &Arc<dyn Store> {
        &self.clients[at % self.clients.len()]
    }

    fn chance(&self, check: &str) -> Chance {
        Chance::new(self.seed, check)
    }

    /// Who is in a room, as another client sees it.
    async fn members(&self, room: &str) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let after = all.last().cloned();
            let page = PageRequest::new(Some(room), 100).after(after.as_deref());
            let page = self.store(1).members(page).await.expect("a page");
            all.extend(page.ids.iter().map(|id| id.as_str().to_owned()));
            if !page.more {
                return all;
            }
        }
    }

    /// The rooms of a connection, in order.
    async fn rooms(&self, id: &ConnectionId) -> Vec<String> {
        let mut rooms = self.store(1).rooms_of(id).await.expect("rooms");
        rooms.sort();
        rooms
    }

    /// Lets go of the connections of a check.
    async fn forget(&self, ids: &[ConnectionId]) {
        for id in ids {
            let forgotten = self.store(0).forget(id, &terms()).await;
            forgotten.expect("forgotten");
        }
    }
}

fn id(text: impl AsRef<str>) -> ConnectionId {
    ConnectionId::new(text.as_ref())
}

/// Terms under which nothing is due while the checks run.
fn terms() -> Terms {
    Terms {
        lease: HOUR,
        grace: HOUR,
        remember: HOUR,
        rooms_per_connection: 100,
    }
}

const HOUR: Duration = Duration::from_secs(60 * 60);
