//! When the process is asked to end.

/// Ready at the first SIGTERM or SIGINT (Ctrl-C elsewhere). A second one ends the process at once, for whoever does
/// not want to wait until everything has been closed well.
pub(crate) async fn requested() {
    // Both are heard by the same listeners, so that a second one right behind the first is not missed.
    let mut signals = Signals::new();
    signals.next().await;
    tracing::info!("asked to stop; once more to stop at once");
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(SIGNALLED);
    });
}

/// What shells report for a process that SIGINT ended.
const SIGNALLED: i32 = 130;

#[cfg(unix)]
struct Signals(Option<[tokio::signal::unix::Signal; 2]>);

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        let listeners = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        );
        if let (Ok(terminate), Ok(interrupt)) = listeners {
            return Self(Some([terminate, interrupt]));
        }
        // Without a handler the signals end the process, which is what they are for.
        tracing::warn!("cannot listen for signals; they end the process at once");
        Self(None)
    }

    async fn next(&mut self) {
        let Some([terminate, interrupt]) = &mut self.0 else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    const fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
