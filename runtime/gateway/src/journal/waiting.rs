//! What waits, for whoever runs the gateway.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk::{self, Disk};
use super::store::Store as _;
use super::{Backlog, FILE, Journal, OpenError};
use crate::data::{Data, DataError};
use crate::service::Services;

/// Entries that are read at once.
const PAGE: usize = 1000;

/// Close events that wait in a journal: in the one of a gateway that runs, or in a file that none uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WaitingCloses {
    /// Connections in the journal: open ones, and those whose close events wait.
    pub entries: u64,
    /// Whether a new connection would be accepted: the file is not full, and can be written.
    pub takes: bool,
    /// Close events of runs that have ended.
    pub left: u64,
    /// The age of the oldest of them, in seconds.
    pub oldest_seconds: Option<u64>,
    /// For whom they are.
    pub routes: Vec<WaitingRoute>,
}

/// Close events for one route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WaitingRoute {
    /// Host and path of the route.
    pub route: String,
    /// How many wait.
    pub closes: u64,
    /// Whether the settings have the route, with a function for closes; else they are kept, and not sent.
    pub served: bool,
}

impl WaitingCloses {
    /// Looks into the journal of a data directory that no gateway uses; `None` where there is none. The services are
    /// those of the next start.
    ///
    /// # Errors
    /// When a gateway uses the directory ([`DataError::is_taken`]), or the journal cannot be used.
    pub fn read(folder: &Path, services: &Services) -> Result<Option<Self>, DataError> {
        let path = folder.join(FILE);
        let Some(_lock) = Data::look(folder)?.filter(|_| path.exists()) else {
            return Ok(None);
        };
        let mut disk = Disk::open(&path)?;
        let (backlog, mut oldest, mut after) = (Backlog::default(), None, None);
        loop {
            let page = disk
                .left(after, PAGE)
                .map_err(|error| OpenError::io(&path, &error))?;
            for left in &page.entries {
                if let Some(entry) = &left.entry {
                    let is_served = services.closing(&entry.route).is_some();
                    backlog.one_more(&entry.route, is_served);
                }
                oldest = Some(oldest.map_or(left.due, |oldest: u64| oldest.min(left.due)));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let entries = disk.entries();
        Ok(Some(Self {
            entries,
            takes: entries < super::ENTRIES_MAX,
            left: entries,
            oldest_seconds: oldest.map(|due| disk::now().saturating_sub(due)),
            routes: routes(&backlog),
        }))
    }

    /// What `GET /journal` of a gateway that runs has answered; `None` where it is something else.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// What waits at this gateway.
    pub(crate) async fn of(journal: &Journal) -> Self {
        let oldest = journal.oldest().await;
        Self {
            entries: journal.numbers().entries(),
            takes: journal.takes(),
            left: journal.numbers().left(),
            oldest_seconds: oldest.map(|age| age.as_secs()),
            routes: routes(journal.backlog()),
        }
    }
}

fn routes(backlog: &Backlog) -> Vec<WaitingRoute> {
    let list = backlog.list().into_iter();
    list.map(|(route, waits)| WaitingRoute {
        route: route.to_string(),
        closes: waits.closes,
        served: waits.is_served,
    })
    .collect()
}
