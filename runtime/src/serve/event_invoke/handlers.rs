//! A runtime for handlers alone.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads for handlers at least: one that blocks leaves others to answer with.
const THREADS_MIN: usize = 4;

/// The runtime that handlers run on, apart from the server's: a handler that blocks its thread must not keep the
/// server from answering 1006 for it. What blocks is left behind when it is dropped.
pub(crate) struct Handlers(Option<Runtime>);

impl Handlers {
    pub(crate) fn start() -> io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(THREADS_MIN))
            .thread_name("wsfn-handlers")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Where to spawn handlers.
    pub(crate) fn handle(&self) -> Handle {
        match &self.0 {
            Some(runtime) => runtime.handle().clone(),
            // Only `drop` takes it.
            None => Handle::current(),
        }
    }
}

impl Drop for Handlers {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
