//! A function that is a command: its processes are started here and fed through SCF's runtime API.

mod api;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod bytes;
mod environment;
mod exchange;
mod group;
mod output;
mod process;
mod queue;
mod watchdog;
mod worker;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep_until;
use wsfn_settings::Settings;

#[cfg(feature = "metrics")]
use super::Processes;
use super::{BoxFuture, Call, Invoke, InvokeAnswer, InvokeError};
use group::Groups;
use queue::Queue;
use worker::Worker;

/// How long before its deadline an event that no process took is given up, so that it is not called late.
const LAST_MOMENT: Duration = Duration::from_millis(100);

/// A command whose processes handle events, one at a time each, as instances in SCF do: a `bootstrap`, `cargo run -p
/// lobby`, `python3 bootstrap.py`. From `exec-min` to `exec-max` of them run; one that crashes is started again, after
/// a pause that grows while it goes on crashing, and one that has not answered at its event's deadline is killed with
/// its whole process group.
///
/// Connects go before other events, and closes have at most half of the processes (B4). An event is handed to another
/// process only where the first never asked for it (D1).
///
/// Dropping it kills the processes.
pub struct ExecFunction {
    shared: Arc<Shared>,
    workers: Mutex<JoinSet<()>>,
}

/// What all workers need.
struct Shared {
    command: Vec<String>,
    environment: Vec<(String, std::ffi::OsString)>,
    queue: Queue,
    groups: Arc<Groups>,
}

impl ExecFunction {
    /// A function that is this command. No process runs before [`ExecFunction::start`] or the first event.
    #[must_use]
    pub fn new(command: &[String], settings: &Settings) -> Self {
        let shared = Shared {
            command: command.to_vec(),
            environment: environment::of(settings),
            queue: Queue::new(settings.exec_min, settings.exec_max()),
            groups: Arc::default(),
        };
        Self {
            shared: Arc::new(shared),
            workers: Mutex::default(),
        }
    }

    /// Starts `exec-min` processes, inside a tokio runtime.
    pub fn start(&self) {
        while self.shared.queue.wants_first() {
            self.add_worker();
        }
    }

    /// What its processes are at.
    #[cfg(feature = "metrics")]
    pub(super) fn processes(&self) -> Processes {
        self.shared.queue.processes()
    }

    fn add_worker(&self) {
        let worker = Worker::new(Arc::clone(&self.shared));
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that ended of themselves are forgotten here.
        while workers.try_join_next().is_some() {}
        workers.spawn(worker.run());
    }

    async fn call(&self, call: Call) -> Result<InvokeAnswer, InvokeError> {
        let (kind, deadline) = (call.kind, call.deadline);
        let mut waiting = self.shared.queue.push(call);
        if waiting.wants_worker {
            self.add_worker();
        }
        let given_up = deadline.checked_sub(LAST_MOMENT).unwrap_or(deadline);
        tokio::select! {
            biased;
            answer = &mut waiting.answer => return answer.unwrap_or(Err(InvokeError::NotSent)),
            () = sleep_until(given_up) => {}
        }
        if self.shared.queue.withdraw(kind, waiting.number) {
            return Err(InvokeError::NotSent);
        }
        // A process has it, and whoever feeds that one keeps the deadline.
        waiting.answer.await.unwrap_or(Err(InvokeError::TimedOut))
    }
}

impl Invoke for ExecFunction {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(self.call(call))
    }
}

impl Drop for ExecFunction {
    fn drop(&mut self) {
        // Not left to the workers, which end when the runtime comes round to it, or with the gateway.
        self.shared.groups.close();
    }
}

impl fmt::Debug for ExecFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecFunction")
            .field("program", &self.shared.program())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// The program without its arguments, which may be secrets.
    fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }
}
