//! An application under test.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wsfn_gateway::Gateway;
use wsfn_gateway::testing::Dialer;
use wsfn_protocol::Kind;

use super::client::QUIET;
use super::connect::Connect;
use super::fault::NextCall;
use super::outcome::{InStore, Outcome};
use super::pushed::Pushed;
use super::watched::Watched;
use super::world::World;
use crate::app::Swept;
use crate::connection_id::ConnectionId;
use crate::error::Result;
use crate::push::Push;

/// An application under test, and the gateway before it: [`TestApp::start`](super::TestApp::start).
///
/// Dropping it ends the gateway. When that happens because the test panics, the seed is written to standard error.
///
/// ```
/// # use wsfn::{Result, on_message, testing::TestApp};
/// # #[on_message] async fn shout(line: &str) -> String { line.to_uppercase() }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
/// let mut app = TestApp::new(wsfn::app![shout]).start().await?;
/// let mut ann = app.connect().await?;
/// ann.send_text("hello").await;
/// app.settle().await;
/// assert_eq!(app.pushes()[0].text(), Some("HELLO"));
/// app.shut_down().await;
/// # Ok(()) }
/// ```
pub struct RunningApp {
    world: Arc<World>,
    dialer: Dialer,
    push: Push,
    watched: Arc<Watched>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

impl RunningApp {
    pub(super) fn new(
        world: Arc<World>,
        gateway: Gateway,
        dialer: Dialer,
        push: Push,
        watched: Arc<Watched>,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(gateway.serve(async {
            // An error is an application that was dropped.
            let _ = stopped.await;
        }));
        Self {
            world,
            dialer,
            push,
            watched,
            stop: Some(stop),
            serving: Some(serving),
        }
    }

    /// A client that connects when it is awaited.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let ann = app.connect().query("room=1").await?;
    /// # Ok(()) }
    /// ```
    pub fn connect(&self) -> Connect {
        Connect::new(Arc::clone(&self.world), self.dialer.clone())
    }

    /// Lets time pass: everything that is due meanwhile happens, in its order. Only the test's own time; it takes
    /// none.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// app.advance(Duration::from_secs(600)).await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    /// When dropped, a part of the time has passed.
    pub async fn advance(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Waits until nobody has anything to do any more. It takes a millisecond of the test's time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// app.settle().await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn settle(&mut self) {
        tokio::time::sleep(QUIET).await;
    }

    /// Looks after the connections in the store that are due, as [`App::sweep`](crate::App::sweep) does. A lease passes
    /// with [`RunningApp::advance`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp) -> wsfn::Result<()> {
    /// app.advance(Duration::from_secs(40 * 60)).await;
    /// let swept = app.sweep().await?;
    /// assert_eq!(swept.closed, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the application has no store.
    ///
    /// # Cancel safety
    /// When dropped, what was claimed and not done is due again in a quarter of an hour.
    pub async fn sweep(&self) -> Result<Swept> {
        self.watched.instance().sweep(None).await
    }

    /// From now on every push to this connection comes to this, and does not reach it; what is returned narrows that.
    /// Of several that fit the newest counts. The connection itself stays as it is, and so does what handlers ask for
    /// by room: to a broadcast the outcome counts as one of its members', and a timeout as that of the whole.
    ///
    /// ```
    /// # use wsfn::{Result, on_message, Push, ConnectionId, testing::{Outcome, TestApp}};
    /// #[on_message]
    /// async fn answer(push: &Push, id: &ConnectionId) {
    ///     let error = push.text(id, "hello").await.unwrap_err();
    ///     assert!(error.is_gone());
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
    /// let mut app = TestApp::new(wsfn::app![answer]).start().await?;
    /// let mut bob = app.connect().await?;
    /// app.push_outcome(bob.id(), Outcome::Gone);
    /// bob.send_text("anyone there?").await;
    /// bob.expect_nothing().await;
    /// assert_eq!(app.pushes()[0].err_no, Some(1101));
    /// # Ok(()) }
    /// ```
    pub fn push_outcome(&mut self, id: &ConnectionId, outcome: Outcome) -> InStore<'_> {
        self.world.outcomes.add(id.clone(), outcome);
        InStore::new(&self.world.outcomes)
    }

    /// Pushes to this connection are the gateway's again.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// app.clear_push_outcomes(id);
    /// # Ok(()) }
    /// ```
    pub fn clear_push_outcomes(&mut self, id: &ConnectionId) {
        self.world.outcomes.clear(id);
    }

    /// What the next call of a kind does, in place of what its handler would: takes long, fails, panics.
    ///
    /// ```
    /// # use wsfn::{Result, on_message, testing::{Kind, TestApp}};
    /// # #[on_message] async fn talk() {}
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
    /// let mut app = TestApp::new(wsfn::app![talk]).start().await?;
    /// let mut ann = app.connect().await?;
    /// app.next_call(Kind::Message).panics();
    /// ann.send_text("hello").await;
    /// ann.expect_error(1005).await;
    /// # Ok(()) }
    /// ```
    pub fn next_call(&mut self, kind: Kind) -> NextCall<'_> {
        NextCall::new(&self.world.faults, kind)
    }

    /// Everything that handlers asked of the gateway until now, in order: messages, closes, rooms, for whomever. A
    /// connection need not be there for it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// assert_eq!(app.pushes().len(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pushes(&self) -> Vec<Pushed> {
        self.world.pushes()
    }

    /// Pushes as something beside the handlers would: a job, another service. They are recorded as theirs are.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// app.push().text(id, "from a job").await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn push(&self) -> &Push {
        &self.push
    }

    /// Everything that happened until now, line by line: what went over the wires, calls, pushes, with the test's
    /// time. For people, and to see that two runs are the same.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// println!("{}", app.history());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn history(&self) -> String {
        self.world.history()
    }

    /// The seed.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// println!("seed {}", app.seed());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.world.seed()
    }

    /// Shuts the gateway down as SIGTERM does, and waits until it is: connections are closed with 1001, and their
    /// close events are handled.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(app: &mut wsfn::testing::RunningApp, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// app.shut_down().await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    /// When dropped, the gateway goes on shutting down, and nobody waits for it.
    pub async fn shut_down(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error is a gateway that has ended.
            let _ = stop.send(());
        }
        if let Some(serving) = self.serving.take() {
            let _ = serving.await;
        }
    }
}

impl Drop for RunningApp {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
        if std::thread::panicking() {
            self.world.tell_seed();
        }
    }
}

impl fmt::Debug for RunningApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningApp")
            .field("seed", &self.world.seed())
            .finish_non_exhaustive()
    }
}
