//! Events that wait for a process.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use wsfn_protocol::Kind;

#[cfg(feature = "metrics")]
use crate::invoke::Processes;
use crate::invoke::{Call, InvokeAnswer, InvokeError};

pub(super) type Answered = Result<InvokeAnswer, InvokeError>;

/// An event, and who waits for its answer.
pub(super) struct Job {
    number: u64,
    pub(super) call: Call,
    pub(super) answer: oneshot::Sender<Answered>,
}

/// What whoever asked holds meanwhile.
pub(super) struct Waiting {
    pub(super) number: u64,
    pub(super) answer: oneshot::Receiver<Answered>,
    /// No worker is free for it, and there may be another.
    pub(super) wants_worker: bool,
}

/// The queues, and how many workers there are. Their length is bounded by the gateway: no more calls run than
/// `invoke-max` and `close-max` allow.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
    workers_min: usize,
    workers_max: usize,
}

#[derive(Default)]
struct State {
    connects: VecDeque<Job>,
    messages: VecDeque<Job>,
    closes: VecDeque<Job>,
    next_number: u64,
    workers: usize,
    /// Workers whose process is not ready yet.
    starting: usize,
    /// Workers that wait for an event.
    idle: usize,
    closes_running: usize,
    /// Events that found no process free, and no room for another (`exec-max`).
    kept_waiting: u64,
    /// A message was served last: a close is next, so that neither starves the other.
    close_is_next: bool,
}

impl Queue {
    pub(super) fn new(workers_min: usize, workers_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Notify::new(),
            workers_min,
            workers_max: workers_max.max(1),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a worker in, as one that starts, while there are fewer than at least.
    pub(super) fn wants_first(&self) -> bool {
        let mut state = self.state();
        let wants = state.workers < self.workers_min;
        state.add_worker_if(wants);
        wants
    }

    /// What says that a worker's process is not ready, until it is dropped. A new worker is counted already.
    pub(super) fn starting(&self, is_new: bool) -> Starting<'_> {
        self.state().starting += usize::from(!is_new);
        Starting(self)
    }

    pub(super) fn push(&self, call: Call) -> Waiting {
        let (sender, answer) = oneshot::channel();
        let mut state = self.state();
        let number = state.next_number;
        state.next_number += 1;
        let job = Job {
            number,
            call,
            answer: sender,
        };
        state.queue(job.call.kind).push_back(job);
        // Those that start will be idle; where they crash instead, more of them would not help.
        let is_short = state.waiting() > state.idle + state.starting;
        let wants_worker = is_short && state.workers < self.workers_max;
        state.kept_waiting += u64::from(is_short && !wants_worker);
        state.add_worker_if(wants_worker);
        drop(state);
        self.changed.notify_one();
        Waiting {
            number,
            answer,
            wants_worker,
        }
    }

    /// Takes an event back that no worker has taken; false when one has.
    pub(super) fn withdraw(&self, kind: Kind, number: u64) -> bool {
        let mut state = self.state();
        let queue = state.queue(kind);
        let at = queue.iter().position(|job| job.number == number);
        at.and_then(|at| queue.remove(at)).is_some()
    }

    /// Puts an event back that was not handed out, before all others of its kind.
    pub(super) fn put_back(&self, job: Job) {
        self.state().queue(job.call.kind).push_front(job);
        self.changed.notify_one();
    }

    /// The next event, as soon as there is one.
    ///
    /// # Cancel safety
    /// When dropped, no event is lost.
    pub(super) async fn next(&self) -> Job {
        let _idle = Idle::new(self);
        loop {
            let changed = self.changed.notified();
            if let Some(job) = self.state().take() {
                // One notice may have stood for several events.
                self.changed.notify_one();
                return job;
            }
            changed.await;
        }
    }

    /// An event is done, whatever came of it.
    pub(super) fn done(&self, kind: Kind) {
        if kind == Kind::Close {
            self.state().closes_running -= 1;
            self.changed.notify_one();
        }
    }

    /// What its processes are at.
    #[cfg(feature = "metrics")]
    pub(super) fn processes(&self) -> Processes {
        let state = self.state();
        let ready = state.workers - state.starting;
        Processes {
            starting: state.starting,
            idle: state.idle,
            busy: ready.saturating_sub(state.idle),
            kept_waiting: state.kept_waiting,
        }
    }

    /// Whether there are more workers than at least.
    pub(super) fn is_above_min(&self) -> bool {
        self.state().workers > self.workers_min
    }

    /// Whether a worker that has had nothing to do may end; then it is counted out.
    pub(super) fn may_end(&self) -> bool {
        let mut state = self.state();
        let may = state.workers > self.workers_min && state.waiting() == 0;
        state.workers -= usize::from(may);
        may
    }
}

impl State {
    fn queue(&mut self, kind: Kind) -> &mut VecDeque<Job> {
        match kind {
            Kind::Connect => &mut self.connects,
            Kind::Message => &mut self.messages,
            Kind::Close => &mut self.closes,
        }
    }

    fn waiting(&self) -> usize {
        self.connects.len() + self.messages.len() + self.closes.len()
    }

    fn add_worker_if(&mut self, wants: bool) {
        self.workers += usize::from(wants);
        self.starting += usize::from(wants);
    }

    /// Connects first; messages and closes take turns, and closes have half of the processes that are there, where
    /// there are two or more (B4).
    fn take(&mut self) -> Option<Job> {
        if let Some(job) = self.connects.pop_front() {
            return Some(job);
        }
        let closes_max = ((self.workers - self.starting) / 2).max(1);
        let closes = self.closes_running < closes_max && !self.closes.is_empty();
        if closes && (self.close_is_next || self.messages.is_empty()) {
            self.close_is_next = false;
            self.closes_running += 1;
            return self.closes.pop_front();
        }
        self.close_is_next = true;
        self.messages.pop_front()
    }
}

/// A worker that waits for an event.
struct Idle<'q>(&'q Queue);

impl<'q> Idle<'q> {
    fn new(queue: &'q Queue) -> Self {
        queue.state().idle += 1;
        Self(queue)
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.state().idle -= 1;
    }
}

/// A worker whose process is not ready yet.
pub(super) struct Starting<'q>(&'q Queue);

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        self.0.state().starting -= 1;
        // There may be room for one more close.
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::bytes::call;
    use super::*;

    #[tokio::test]
    async fn connects_first_and_then_in_turns() {
        let queue = Queue::new(1, 4);
        let mut kept = Vec::new();
        for (kind, event) in [
            (Kind::Message, "m1"),
            (Kind::Message, "m2"),
            (Kind::Close, "c1"),
            (Kind::Close, "c2"),
            (Kind::Connect, "o1"),
        ] {
            kept.push(queue.push(call(kind, event)));
        }
        let mut order = Vec::new();
        for _ in 0..5 {
            let job = queue.next().await;
            order.push(job.call.event.to_string());
            queue.done(job.call.kind);
        }
        assert_eq!(order, ["o1", "m1", "c1", "m2", "c2"]);
    }

    #[tokio::test(start_paused = true)]
    async fn closes_have_half_of_the_processes_that_are_there() {
        let queue = Queue::new(4, 8);
        while queue.wants_first() {}
        let _kept: Vec<_> = (0..9).map(|_| queue.push(call(Kind::Close, "c"))).collect();
        let mut starting: Vec<_> = (0..8).map(|_| queue.starting(true)).collect();
        let mut running = 0;
        let no_more = async || {
            let more = tokio::time::timeout(Duration::from_secs(1), queue.next());
            more.await.is_err()
        };
        for closes in [1, 1, 1, 2, 2, 3, 3, 4] {
            starting.pop();
            while running < closes {
                queue.next().await;
                running += 1;
            }
            assert!(no_more().await, "more than {closes}");
        }
        queue.done(Kind::Close);
        queue.next().await;
        assert!(no_more().await);
    }

    #[tokio::test]
    async fn workers_grow_with_what_waits_and_no_further() {
        let queue = Queue::new(1, 3);
        assert!(queue.wants_first());
        assert!(!queue.wants_first());
        // The first worker starts, and will take the first of them.
        let wants: Vec<bool> = (0..5)
            .map(|_| queue.push(call(Kind::Message, "m")).wants_worker)
            .collect();
        assert_eq!(wants, [false, true, true, false, false]);
        assert!(!queue.may_end(), "events wait");
        for _ in 0..5 {
            queue.next().await;
        }
        assert!(queue.may_end() && queue.may_end() && !queue.may_end());
    }

    #[tokio::test]
    async fn what_was_not_taken_can_be_withdrawn() {
        let queue = Queue::new(1, 1);
        let (first, second) = (
            queue.push(call(Kind::Message, "m1")),
            queue.push(call(Kind::Message, "m2")),
        );
        let job = queue.next().await;
        assert!(!queue.withdraw(Kind::Message, first.number));
        assert!(queue.withdraw(Kind::Message, second.number));
        queue.put_back(job);
        assert_eq!(&*queue.next().await.call.event, "m1");
    }
}
