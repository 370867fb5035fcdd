//! Sends the close events of earlier runs.
//!
//! There may be a million of them and the function may be down, so they are not all held in memory, each with its own
//! timer: the file is read page by page, in passes with growing pauses between, and every event is tried once in each
//! round through the file. A pass that meets nothing but failures stops early, and the next one goes on behind it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use wsfn_protocol::Kind;

use super::{Journal, Key, Left, LeftPage};
use crate::connection::event;
use crate::hub::id::shown;
use crate::invoke::{Call, InvokeError};
use crate::machine::Retry;
use crate::service::Service;
use crate::shared::Shared;

/// Entries in a page: some 100 KB in memory, and one look at the file for a few rounds of `close-max`.
const PAGE: usize = 256;
/// How soon a file that cannot be read is tried again.
const UNREADABLE: Duration = Duration::from_secs(1);

/// Sends what is left, until nothing is or the process is asked to end.
pub(crate) async fn replay(shared: Arc<Shared>) {
    let Some(journal) = shared.hub.journal() else {
        return;
    };
    if journal.numbers().left() == 0 {
        return;
    }
    let Some(services) = look(&shared, journal).await else {
        return;
    };
    let mut passes = JoinSet::new();
    for service in services {
        passes.spawn(Passes::new(Arc::clone(&shared), service).run());
    }
    while passes.join_next().await.is_some() {}
}

/// Counts what is left, and tells for whom: the services, by their number, and `None` for routes that are gone.
async fn look(shared: &Shared, journal: &Journal) -> Option<BTreeSet<Option<usize>>> {
    let mut services = BTreeSet::new();
    let mut after = None;
    loop {
        let page = next_page(shared, journal, after).await?;
        for left in &page.entries {
            let Some(entry) = &left.entry else {
                tracing::error!(
                    start = left.key.start,
                    number = left.key.number,
                    "an entry of the journal cannot be read, and is removed: its close event is lost"
                );
                shared.hub.counters().given_up_closes.add(1);
                journal.done(left);
                continue;
            };
            let service = shared.services.closing(&entry.route);
            services.insert(service);
            journal.backlog().one_more(&entry.route, service.is_some());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for (route, waits) in journal.backlog().list() {
        let closes = waits.closes;
        if waits.is_served {
            tracing::info!("route {route}: {closes} close events of earlier runs are sent now");
        } else {
            tracing::warn!(
                "route {route}: {closes} close events of earlier runs wait, and the settings have no close function for \
                 them any more; they are kept for close-retry-for, for the case that it comes back"
            );
        }
    }
    Some(services)
}

/// A page, as soon as it can be read; `None` when the process is asked to end.
async fn next_page(shared: &Shared, journal: &Journal, after: Option<Key>) -> Option<LeftPage> {
    loop {
        if shared.is_draining() {
            return None;
        }
        if let Some(page) = journal.left(after, PAGE).await {
            return Some(page);
        }
        tokio::select! {
            () = tokio::time::sleep(UNREADABLE) => {}
            () = shared.drained() => return None,
        }
    }
}

/// The passes for one service, or for what no service wants.
struct Passes {
    shared: Arc<Shared>,
    service: Option<usize>,
    /// Where the next pass begins.
    after: Option<Key>,
    retry: Retry,
    /// Calls at once: half of `close-max`, so that closes of today are not behind those of yesterday.
    at_once: usize,
}

/// What came of one event.
enum Tried {
    Answered,
    Failed,
    GivenUp,
}

/// What came of one pass.
#[derive(Default)]
struct Pass {
    /// Some are still left.
    is_left: bool,
    answered: bool,
    failed_in_a_row: usize,
}

impl Passes {
    fn new(shared: Arc<Shared>, service: Option<usize>) -> Self {
        let closes_max = service
            .and_then(|service| shared.services.get(service))
            .map_or(1, |service| service.calls.closes_max());
        Self {
            shared,
            service,
            after: None,
            retry: Retry::new(),
            at_once: (closes_max / 2).max(1),
        }
    }

    async fn run(mut self) {
        loop {
            let began_at = self.after;
            let Some(pass) = self.pass().await else {
                return;
            };
            // A whole round, and nothing is left.
            if began_at.is_none() && self.after.is_none() && !pass.is_left {
                return;
            }
            if pass.answered {
                self.retry = Retry::new();
            }
            let pause = self.retry.next(self.shared.hub.chance().fraction());
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.shared.drained() => return,
            }
        }
    }

    /// Tries each event up to the end of the file, or until too many failed in a row. `None` when the process ends.
    async fn pass(&mut self) -> Option<Pass> {
        let shared = Arc::clone(&self.shared);
        let journal = shared.hub.journal()?;
        let mut running = JoinSet::new();
        let mut pass = Pass::default();
        'pages: loop {
            let Some(page) = next_page(&shared, journal, self.after).await else {
                break;
            };
            for left in page.entries {
                let Some(entry) = &left.entry else { continue };
                if shared.services.closing(&entry.route) == self.service {
                    while running.len() >= self.at_once {
                        pass.count(running.join_next().await.as_ref());
                    }
                    if pass.failed_in_a_row >= self.at_once && self.service.is_some() {
                        pass.is_left = true;
                        break 'pages;
                    }
                    if shared.is_draining() {
                        break 'pages;
                    }
                    let key = left.key;
                    running.spawn(attempt(Arc::clone(&shared), self.service, left));
                    self.after = Some(key);
                }
            }
            self.after = page.next;
            if self.after.is_none() {
                break;
            }
        }
        while let Some(tried) = running.join_next().await {
            pass.count(Some(&tried));
        }
        (!shared.is_draining()).then_some(pass)
    }
}

impl Pass {
    fn count(&mut self, tried: Option<&Result<Tried, JoinError>>) {
        match tried {
            Some(Ok(Tried::Answered)) => {
                self.answered = true;
                self.failed_in_a_row = 0;
            }
            Some(Ok(Tried::GivenUp)) | None => {}
            // An error is a handler that panicked.
            Some(Ok(Tried::Failed) | Err(_)) => {
                self.is_left = true;
                self.failed_in_a_row += 1;
            }
        }
    }
}

/// Sends one event once, and gives it up where it has been tried for too long.
async fn attempt(shared: Arc<Shared>, service: Option<usize>, left: Left) -> Tried {
    let (Some(journal), Some(entry)) = (shared.hub.journal(), &left.entry) else {
        return Tried::Failed;
    };
    let service = service.and_then(|service| shared.services.get(service));
    let answered = match service {
        Some(service) => send(&shared, service, &left).await,
        None => false,
    };
    if answered {
        journal.done(&left);
        return Tried::Answered;
    }
    let retry_for = service.map_or(shared.services.close_retry_for(), |service| {
        service.options.limits.close_retry_for
    });
    if journal.age(&left) < retry_for {
        return Tried::Failed;
    }
    shared.hub.counters().given_up_closes.add(1);
    tracing::error!(
        connection = shown(&entry.id),
        route = %entry.route,
        "the close event of an earlier run was not answered within close-retry-for and is given up"
    );
    journal.done(&left);
    Tried::GivenUp
}

/// Whether the function answered.
async fn send(shared: &Shared, service: &Service, left: &Left) -> bool {
    let Some(entry) = &left.entry else {
        return false;
    };
    let event = event::close(&entry.id, &entry.ending());
    let timeout = service.options.limits.invoke_timeout;
    let counters = shared.hub.counters();
    // A close waits for its place as long as it has to.
    let Ok(permit) = service
        .calls
        .enter(Kind::Close, event.len(), timeout, counters)
        .await
    else {
        return false;
    };
    let event_id: Arc<str> = (&*entry.event).into();
    let began = Instant::now();
    let call = Call {
        kind: Kind::Close,
        event,
        connection_id: (&*entry.id).into(),
        event_id: Arc::clone(&event_id),
        // How many events the earlier run sent is not known.
        seq: None,
        // It went with the process that knew it.
        session: None,
        deadline: began + timeout,
        request_id: event_id,
        client_trace: None,
    };
    let answer = tokio::time::timeout(timeout, service.invoke.invoke(call)).await;
    drop(permit);
    let answer = answer.unwrap_or(Err(InvokeError::TimedOut));
    let outcome = answer.as_ref().map(|_| false);
    shared
        .hub
        .counters()
        .call(Kind::Close, outcome, began.elapsed());
    if let Err(error) = &answer {
        tracing::debug!(
            connection = shown(&entry.id),
            request_id = &*entry.event,
            %error,
            "a close event of an earlier run came to nothing"
        );
    }
    answer.is_ok()
}
