//! When the process is asked to end.

/// Ready at the first SIGTERM or SIGINT (Ctrl-C elsewhere). A second one ends the process at once, for whoever does
/// not want to wait until everything has been closed well.
pub(crate) async fn requested() {
    signal().await;
    tracing::info!("asked to stop; once more to stop at once");
    tokio::spawn(async {
        signal().await;
        std::process::exit(SIGNALLED);
    });
}

/// What shells report for a process that SIGINT ended.
const SIGNALLED: i32 = 130;

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let (terminate, interrupt) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    );
    let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else {
        // Without a handler the signals end the process, which is what they are for.
        tracing::warn!("cannot listen for signals; they end the process at once");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
