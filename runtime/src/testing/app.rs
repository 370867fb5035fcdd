//! An application that is about to be tested.

use std::sync::Arc;

use wsfn_gateway::{Gateway, Handle};
use wsfn_settings::{Mode, Settings, Sources};

use super::desk::Desk;
use super::running::RunningApp;
use super::watched::Watched;
use super::world::World;
use super::{clock, seeds};
use crate::app::{App, forwarding};
use crate::error::Result;
use crate::push::Push;
use crate::state::State;

/// An [`App`] on the way to its test: with states and settings of the test's own.
///
/// ```
/// use wsfn::{Result, Text, on_message, testing::TestApp};
///
/// #[on_message]
/// async fn shout(line: &str) -> Text {
///     Text(line.to_uppercase())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() { shouts().await.unwrap(); }
/// # const _: &str = stringify! {
/// #[tokio::test]
/// # };
/// async fn shouts() -> Result<()> {
///     let app = TestApp::new(wsfn::app![shout]).start().await?;
///     let mut ann = app.connect().await?;
///     ann.send_text("hello").await;
///     assert_eq!(ann.expect_text().await, "HELLO");
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "nothing runs before it is started"]
pub struct TestApp {
    app: App,
    settings: Sources,
    seed: Option<u64>,
}

impl TestApp {
    /// A test of this application.
    ///
    /// ```
    /// # #[wsfn::on_message] async fn talk() {}
    /// # async fn example() -> wsfn::Result<()> {
    /// use wsfn::testing::TestApp;
    /// let app = TestApp::new(wsfn::app![talk]).start().await?;
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    pub fn new(app: App) -> Self {
        Self {
            app,
            settings: Sources::new(),
            seed: None,
        }
    }

    /// Lends this value to handlers, in place of the one that [`State::init`] makes.
    ///
    /// ```
    /// # struct Db; impl wsfn::State for Db { async fn init() -> wsfn::Result<Self> { Ok(Db) } }
    /// # #[wsfn::on_message] async fn talk() {}
    /// # async fn example() -> wsfn::Result<()> {
    /// use wsfn::testing::TestApp;
    /// let app = TestApp::new(wsfn::app![talk]).state(Db).start().await?;
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    pub fn state<T: State>(mut self, value: T) -> Self {
        self.app = self.app.state(value);
        self
    }

    /// Sets a setting by its name: `setting("idle-timeout", "10m")`. Neither the environment nor a file has a say in a
    /// test.
    ///
    /// ```
    /// # #[wsfn::on_message] async fn talk() {}
    /// # async fn example() -> wsfn::Result<()> {
    /// use wsfn::testing::TestApp;
    /// let app = TestApp::new(wsfn::app![talk]).setting("idle-timeout", "10m").start().await?;
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings = self.settings.set(name, value);
        self
    }

    /// Which of the ways that things can happen at once it is to be. The same seed is the same way every time; without
    /// one it is that of `WSFN_TEST_SEED` in the environment, or 0. See [`seeds`](super::seeds()).
    ///
    /// ```
    /// # #[wsfn::on_message] async fn talk() {}
    /// # async fn example() -> wsfn::Result<()> {
    /// use wsfn::testing::TestApp;
    /// let app = TestApp::new(wsfn::app![talk]).seed(17).start().await?;
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Starts the application and its gateway, and stops the clock of the runtime: from then on time passes only where
    /// everything waits, and then at once.
    ///
    /// ```
    /// # #[wsfn::on_message] async fn talk() {}
    /// # async fn example() -> wsfn::Result<()> {
    /// use wsfn::testing::TestApp;
    /// let app = TestApp::new(wsfn::app![talk]).start().await?;
    /// let ann = app.connect().await?;
    /// # Ok(()) }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of [`App::run`]: every problem of the settings at once, a state that cannot be made. Also when the runtime
    /// has several threads, whose clock cannot be stopped.
    ///
    /// # Cancel safety
    /// When dropped, nothing was started; the clock may stand still already.
    pub async fn start(self) -> Result<RunningApp> {
        clock::stop().await?;
        let seed = match self.seed {
            Some(seed) => seed,
            None => seeds::from_environment()?.unwrap_or_default(),
        };
        let settings = Settings::load(&self.settings)?;
        if settings.mode != Some(Mode::Gateway) {
            return Err("mode: a test runs the gateway in its own process; leave it unset".into());
        }
        let settings = Arc::new(settings);
        let world = Arc::new(World::new(seed));
        let mut app = self.app;
        let page = app.take_page();
        let handle = Handle::seeded(&settings, seed);
        let desk = Arc::new(Desk::new(handle.clone(), Arc::clone(&world)));
        let push = Push::recorded(desk);
        let mut instance = app.start(push, &settings).await?;
        let push = instance.push().clone();
        instance.faults = Some(Arc::clone(&world.faults));
        let settings = forwarding(settings, &instance);
        let invoke = Arc::new(Watched::new(instance, Arc::clone(&world)));
        let watched = Arc::clone(&invoke);
        let (gateway, dialer) = Gateway::in_memory(handle, &settings, invoke, page).await?;
        Ok(RunningApp::new(world, gateway, dialer, push, watched))
    }
}
