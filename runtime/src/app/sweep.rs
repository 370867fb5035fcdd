//! Looking after connections whose end nobody told of.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;
use wsfn_protocol::{CloseEvent, ErrNo, Event};

use super::entry::BoxFuture;
use super::{App, Instance, Outcome};
use crate::connection_id::ConnectionId;
use crate::context::Context;
use crate::error::Result;
use crate::push::Push;

/// Connections that a sweeper claims at once: few enough that it has done with them before its claim lapses.
const BATCH: usize = 100;

/// Close handlers that it runs at once.
const AT_ONCE: usize = 16;

/// How long a claim holds: a little longer than a function may run in SCF (583/11637), after which another sweeper may
/// have what a dead one left.
const LAPSE: Duration = Duration::from_secs(16 * 60);

/// How long one close handler may take, as long as the gateway would let it by default.
const CLOSE_WITHIN: Duration = Duration::from_secs(30);

/// How much time is left when no further batch is begun: enough to end the last one, and to answer.
const ENDS_BEFORE: Duration = Duration::from_secs(1);

/// What a sweep found: [`App::sweep`].
///
/// ```
/// # fn example(swept: wsfn::Swept) {
/// println!("{} were gone, {} live", swept.closed, swept.alive);
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Connections that were gone: the close handler ran for each, and each is forgotten.
    pub closed: usize,
    /// Connections that had been silent for a lease, and that our gateway says are open.
    pub alive: usize,
    /// Whether some are left, because the time of the invocation was over.
    pub cut_short: bool,
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = if self.cut_short { "; more are due" } else { "" };
        write!(f, "{} were gone, {} live{rest}", self.closed, self.alive)
    }
}

impl App {
    /// Looks after the connections in the store that gave no sign for a lease (`store-lease`), once: for a timer, which
    /// may be cron. A function in SCF needs no program for it: give it a timer trigger, and the timer's event is a
    /// sweep.
    ///
    /// Our gateway is asked which of them are open; those stay. For every other one the close handler runs, as for a
    /// close event without code and reason, and then it is forgotten. That happens at least once for each, and just once
    /// unless the sweeper dies; of several that sweep at the same time one gets each connection. Tencent's gateway cannot
    /// be asked: there the lease has to be longer than the longest silence that it allows.
    ///
    /// ```no_run
    /// # use wsfn::on_close;
    /// # #[on_close] async fn leave() {}
    /// #[tokio::main]
    /// async fn main() -> wsfn::Result<()> {
    ///     let swept = wsfn::app![leave].sweep().await?;
    ///     println!("{swept}");
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`App::run`]; also when there is no store, or it or the gateway is not reachable. What was claimed then is due
    /// again in a quarter of an hour.
    ///
    /// # Cancel safety
    /// When dropped, what was claimed and not done is due again in a quarter of an hour.
    pub async fn sweep(self) -> Result<Swept> {
        let settings = Arc::new(crate::client::settings()?);
        let push = Push::from_settings(&settings)?;
        self.start(push, &settings).await?.sweep(None).await
    }
}

impl Instance {
    /// One sweep, which ends before `deadline`.
    pub(crate) async fn sweep(&self, deadline: Option<Instant>) -> Result<Swept> {
        let push = self.push.with_deadline(deadline);
        let Some(lent) = push.store() else {
            return Err("store is not set: there is nothing to sweep; our gateway tells of every end by itself".into());
        };
        if !push.is_set() {
            return Err(
                "push-url is not set: a sweep asks the gateway which connections are open. Set WSFN_PUSH_URL".into(),
            );
        }
        let (stored, mut swept) = (lent.stored(), Swept::default());
        loop {
            if deadline.is_some_and(|deadline| deadline < Instant::now() + ENDS_BEFORE) {
                swept.cut_short = true;
                return Ok(swept);
            }
            let mut claimed = stored.claim(BATCH, LAPSE, deadline).await?;
            if claimed.is_empty() {
                return Ok(swept);
            }
            if push.is_ours() {
                let mut alive = push.rooms().alive(&claimed).await?;
                stored.seen_all(&alive, deadline).await?;
                swept.alive += alive.len();
                alive.sort();
                claimed.retain(|id| alive.binary_search(id).is_err());
            }
            stored.gone(&claimed, deadline).await?;
            for ids in claimed.chunks(AT_ONCE) {
                self.close(ids, deadline).await;
                swept.closed += ids.len();
            }
        }
    }

    /// Runs the close handler for each, and has each forgotten.
    async fn close(&self, ids: &[ConnectionId], deadline: Option<Instant>) {
        let latest = Instant::now() + CLOSE_WITHIN;
        let deadline = deadline.map_or(latest, |deadline| deadline.min(latest));
        let mut closing: Vec<Pin<Box<dyn Future<Output = Outcome> + Send + '_>>> = Vec::new();
        for id in ids {
            let event = Event::Close(CloseEvent {
                connection_id: id.as_str().into(),
                code: None,
                reason: None,
            });
            let context = Context {
                request_id: "sweep".into(),
                deadline: Some(deadline),
                ..Context::default()
            };
            closing.push(Box::pin(self.call(event.to_json().into(), context)));
        }
        poll_fn(|context| {
            closing.retain_mut(|close| close.as_mut().poll(context).is_pending());
            match closing.is_empty() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// What a timer's event comes to; in a box, because a sweep handles events itself.
    pub(super) fn swept(&self, context: Context) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let request_id = context.request_id;
            match self.sweep(context.deadline).await {
                Ok(swept) => {
                    tracing::info!(request_id = &*request_id, "swept: {swept}");
                    Outcome::failed(None, request_id, ErrNo::OK, swept.to_string().into())
                }
                Err(error) => {
                    tracing::error!(request_id = &*request_id, "sweep: {error:?}");
                    Outcome::failed(None, request_id, ErrNo::FAILED, "handler failed".into())
                }
            }
        })
    }
}

/// Whether this is the event of a timer trigger in SCF (583/9708).
pub(super) fn is_timer(raw: &str) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Timer<'a> {
        #[serde(borrow)]
        r#type: std::borrow::Cow<'a, str>,
        #[serde(borrow, rename = "TriggerName")]
        _trigger_name: std::borrow::Cow<'a, str>,
    }
    serde_json::from_str::<Timer<'_>>(raw).is_ok_and(|timer| timer.r#type == "Timer")
}
