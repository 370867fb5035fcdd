//! What one process and the worker that feeds it say to each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};

use crate::invoke::Call;

/// What a process has said through the runtime API.
#[derive(Debug)]
pub(super) enum Said {
    /// It is ready for events.
    Ready,
    /// The reply to the event that it had.
    Response(Bytes),
    /// It could not handle the event, and says why.
    Error(Bytes),
    /// A reply above the limit.
    TooLarge,
}

/// The most that a process can have said without its worker having listened: that it is ready, and one answer.
const SAID_MAX: usize = 4;

/// The event that a process has, if any.
pub(super) struct Exchange {
    state: Mutex<State>,
    offered: Notify,
    said: mpsc::Sender<Said>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Call>>,
    /// The event that lines of the log are about: the current one, and that of a process that came to its end with it.
    logged: Option<Arc<Call>>,
    handed_out: bool,
    ready: bool,
}

impl Exchange {
    pub(super) fn new() -> (Arc<Self>, mpsc::Receiver<Said>) {
        let (said, hear) = mpsc::channel(SAID_MAX);
        let exchange = Self {
            state: Mutex::default(),
            offered: Notify::new(),
            said,
        };
        (Arc::new(exchange), hear)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the process an event.
    pub(super) fn offer(&self, call: Arc<Call>) {
        let mut state = self.state();
        state.logged = Some(Arc::clone(&call));
        state.current = Some(call);
        state.handed_out = false;
        drop(state);
        self.offered.notify_waiters();
    }

    /// The event, as soon as there is one; the same again until it is answered.
    pub(super) async fn next(&self) -> Arc<Call> {
        loop {
            let mut offered = std::pin::pin!(self.offered.notified());
            // From here on it is told, so that nothing is missed between the look and the wait.
            offered.as_mut().enable();
            {
                let mut state = self.state();
                if let Some(call) = state.current.clone() {
                    state.handed_out = true;
                    return call;
                }
            }
            offered.await;
        }
    }

    /// Takes back the event that was offered, so that nobody gets it from here any more. Whether somebody had.
    pub(super) fn take_back(&self) -> bool {
        let mut state = self.state();
        state.current = None;
        std::mem::take(&mut state.handed_out)
    }

    /// The event that the process is at, or ended with, for the log.
    pub(super) fn logged(&self) -> Option<Arc<Call>> {
        self.state().logged.clone()
    }

    /// The process is ready; only the first time counts.
    pub(super) fn ready(&self) {
        if !std::mem::replace(&mut self.state().ready, true) {
            self.say(Said::Ready);
        }
    }

    /// The process answers; false when there is nothing to answer: the first answer is final.
    pub(super) fn answer(&self, said: Said) -> bool {
        let mut state = self.state();
        // One that never asked for the event cannot know it.
        let answered = state.handed_out && state.current.take().is_some();
        state.handed_out = false;
        if answered {
            state.logged = None;
        }
        drop(state);
        if answered {
            self.say(said);
        }
        answered
    }

    fn say(&self, said: Said) {
        // The worker is gone, or hears one answer before it offers the next event: there is room.
        let _ = self.said.try_send(said);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wsfn_protocol::Kind;

    use super::super::bytes;
    use super::*;

    fn call() -> Arc<Call> {
        Arc::new(bytes::call(Kind::Message, "{}"))
    }

    #[tokio::test]
    async fn an_event_comes_again_until_its_first_answer() {
        let (exchange, mut hear) = Exchange::new();
        assert!(!exchange.answer(Said::Response("early".into())));
        exchange.offer(call());
        assert!(!exchange.answer(Said::Response("not asked for".into())));
        let (first, again) = (exchange.next().await, exchange.next().await);
        assert!(Arc::ptr_eq(&first, &again));
        assert!(exchange.answer(Said::Response("yes".into())));
        assert!(!exchange.answer(Said::Error("late".into())));
        assert!(matches!(hear.recv().await, Some(Said::Response(body)) if body == "yes"));
        assert!(hear.try_recv().is_err());
    }

    #[tokio::test]
    async fn what_was_taken_back_is_handed_out_to_nobody() {
        let (exchange, _hear) = Exchange::new();
        exchange.offer(call());
        assert!(!exchange.take_back());
        let waits = tokio::time::timeout(Duration::from_millis(50), exchange.next());
        waits.await.expect_err("it was taken back");
        exchange.offer(call());
        exchange.next().await;
        assert!(exchange.take_back());
        assert!(!exchange.answer(Said::Response("late".into())));
    }

    #[tokio::test]
    async fn ready_is_said_once() {
        let (exchange, mut hear) = Exchange::new();
        exchange.ready();
        exchange.ready();
        assert!(matches!(hear.recv().await, Some(Said::Ready)));
        assert!(hear.try_recv().is_err());
    }
}
