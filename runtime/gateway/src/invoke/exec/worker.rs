//! Keeps one process running and feeds it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, sleep_until, timeout};

use super::Shared;
use super::exchange::Said;
use super::process::Process;
use super::queue::{Job, Starting};
use crate::invoke::InvokeError;
use crate::invoke::reply::{failed, read};

/// How long a process may take until it is ready: the most that SCF allows (583/11637), enough for `cargo run` to
/// compile first.
const INIT_TIMEOUT: Duration = Duration::from_secs(300);

/// Pauses before a process that crashed is started again: doubled each time, up to the longest, and back to none once
/// one has handled an event.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long a process beyond `exec-min` waits for an event before it is ended.
const IDLE: Duration = Duration::from_secs(60);

/// The most of a function's own error text that is logged.
const ERROR_SHOWN: usize = 1024;

pub(super) struct Worker {
    shared: Arc<Shared>,
}

/// Why a process is no more.
enum End {
    /// It was not needed.
    Idle,
    /// It crashed, or was killed; `useful` when it had handled an event.
    Dead { useful: bool },
}

impl Worker {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(super) async fn run(self) {
        let queue = &self.shared.queue;
        let mut pause = Duration::ZERO;
        let mut starting = Some(queue.starting(true));
        loop {
            sleep(pause).await;
            let useful = match Process::start(&self.shared).await {
                Ok(mut process) => {
                    let end = self.feed(&mut process, &mut starting).await;
                    process.end().await;
                    match end {
                        End::Idle => return,
                        End::Dead { useful } => useful,
                    }
                }
                Err(error) => {
                    tracing::error!(
                        program = self.shared.program(),
                        "a function's program cannot be started: {error}"
                    );
                    false
                }
            };
            if queue.may_end() {
                return;
            }
            starting.get_or_insert_with(|| queue.starting(false));
            pause = if useful {
                Duration::ZERO
            } else {
                (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE)
            };
        }
    }

    /// Hands events to a process until it ends.
    async fn feed(&self, process: &mut Process, starting: &mut Option<Starting<'_>>) -> End {
        let pid = process.pid();
        tracing::debug!(
            pid,
            program = self.shared.program(),
            "a process was started"
        );
        match timeout(INIT_TIMEOUT, process.next()).await {
            Ok(Ok(_)) => tracing::debug!(pid, "a process is ready"),
            Ok(Err(ended)) => {
                tracing::error!(pid, "{ended}, before it was ready");
                return End::Dead { useful: false };
            }
            Err(_) => {
                tracing::error!(
                    pid,
                    "a process was not ready within {INIT_TIMEOUT:?} and is killed"
                );
                return End::Dead { useful: false };
            }
        }
        *starting = None;
        let mut useful = false;
        loop {
            let job = tokio::select! {
                biased;
                // It has nothing to say while it has no event, so this is its end.
                said = process.next() => {
                    if let Err(ended) = said {
                        tracing::warn!(pid, "{ended}, without an event");
                        return End::Dead { useful };
                    }
                    continue;
                }
                job = self.shared.queue.next() => job,
                () = sleep(IDLE), if self.is_spare() => {
                    if self.shared.queue.may_end() {
                        return End::Idle;
                    }
                    continue;
                }
            };
            let kind = job.call.kind;
            let alive = self.handle(process, job).await;
            self.shared.queue.done(kind);
            if !alive {
                return End::Dead { useful };
            }
            useful = true;
        }
    }

    fn is_spare(&self) -> bool {
        self.shared.queue.is_above_min()
    }

    /// Hands one event to the process; false when that is no more.
    async fn handle(&self, process: &mut Process, job: Job) -> bool {
        // Whoever asked is gone, with the whole gateway or with a bug: nobody is told what comes of it.
        if job.answer.is_closed() {
            return true;
        }
        let (pid, call) = (process.pid(), Arc::new(job.call.clone()));
        process.exchange.offer(Arc::clone(&call));
        let said = tokio::select! {
            biased;
            said = process.next() => Some(said),
            () = sleep_until(call.deadline) => None,
        };
        // From here on nobody can ask for it, so what is said of it stays true.
        let handed_out = process.exchange.take_back();
        let request_id = &*call.request_id;
        let (answer, alive) = match said {
            Some(Ok(Said::Response(body))) => (read(call.kind, &body), true),
            Some(Ok(Said::Error(text))) => {
                let shown = String::from_utf8_lossy(&text[..text.len().min(ERROR_SHOWN)]);
                tracing::error!(pid, request_id, "the function reports an error: {shown}");
                (Err(failed("the function reports an error")), true)
            }
            Some(Ok(Said::TooLarge)) => (Err(failed("the reply is larger than 6 MB")), true),
            // It was ready before.
            Some(Ok(Said::Ready)) => (Err(failed("said twice that it is ready")), false),
            Some(Err(ended)) if !handed_out => {
                tracing::warn!(pid, request_id, "{ended}, before it asked for its event");
                self.shared.queue.put_back(job);
                return false;
            }
            Some(Err(ended)) => {
                tracing::error!(pid, request_id, "{ended}, in the middle of an event");
                (Err(failed(ended)), false)
            }
            None => {
                tracing::error!(
                    pid,
                    request_id,
                    "a process did not answer within invoke-timeout and is killed"
                );
                let error = match handed_out {
                    true => InvokeError::TimedOut,
                    false => InvokeError::NotSent,
                };
                (Err(error), false)
            }
        };
        // Nobody waits where the connection's task is gone, which it is only with the whole gateway.
        let _ = job.answer.send(answer);
        alive
    }
}
