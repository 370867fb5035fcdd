//! Whether a client has left.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Tells when a connection is out of Open: its client has left, or is being closed. A clone tells the same.
///
/// ```
/// # use wsfn_gateway::Handle;
/// # use wsfn_settings::Settings;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let left = Handle::new(&Settings::default()).left("nobody has this id");
/// assert!(left.is_true());
/// left.wait().await;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Left(Arc<Semaphore>);

impl Left {
    pub(super) fn new() -> Self {
        // Nobody ever gets a permit of it: it is closed.
        Self(Arc::new(Semaphore::new(0)))
    }

    /// One that has left already.
    pub(super) fn told() -> Self {
        let left = Self::new();
        left.tell();
        left
    }

    pub(super) fn tell(&self) {
        self.0.close();
    }

    /// Whether it has left.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until it has left.
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn wait(&self) {
        // An error is what closing gives.
        let _ = self.0.acquire().await;
    }
}
