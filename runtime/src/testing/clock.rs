//! Time that stands still until nobody has anything to do.

use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;

use crate::error::Result;

/// The step of tokio's timers.
const STEP: Duration = Duration::from_millis(1);

/// Stops the clock of the runtime. From then on time passes only where everything waits, and then at once.
///
/// # Errors
/// When this is no runtime whose clock can be stopped.
pub(super) async fn stop() -> Result<()> {
    let runtime = Handle::try_current()
        .map_err(|_| "the test kit runs inside a tokio runtime: use #[tokio::test]")?;
    if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread {
        return Err(
            "the test kit needs a runtime of one thread, whose clock it can stop and whose order is always the same: \
             use #[tokio::test] without flavor = \"multi_thread\""
                .into(),
        );
    }
    if !is_stopped() {
        tokio::time::pause();
    }
    align().await;
    Ok(())
}

/// Whether the clock stands still already, as under `#[tokio::test(start_paused = true)]`. Nothing tells, so it is
/// looked at while the real one moves.
fn is_stopped() -> bool {
    let (frozen, real) = (Instant::now(), std::time::Instant::now());
    while real.elapsed() < Duration::from_micros(1) {
        std::hint::spin_loop();
    }
    frozen == Instant::now()
}

/// Puts the clock on a step of the timers. It was stopped between two of them, at a place that differs from run to
/// run, and every sleep would be rounded up by what is left.
async fn align() {
    if passes(STEP).await == STEP {
        return;
    }
    // The largest sleep that ends at the next step is what is missing to it.
    let (mut fits, mut too_long) = (Duration::ZERO, STEP);
    while too_long - fits > Duration::from_nanos(1) {
        let middle = fits + (too_long - fits) / 2;
        if passes(middle).await == STEP {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    tokio::time::advance(fits).await;
}

/// How much time passes while this much is slept.
async fn passes(sleep: Duration) -> Duration {
    let before = Instant::now();
    tokio::time::sleep(sleep).await;
    Instant::now() - before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_that_ran_is_stopped_and_aligned() {
        std::thread::sleep(Duration::from_micros(1300));
        stop().await.unwrap();
        assert!(is_stopped());
        assert_eq!(passes(STEP).await, STEP);
        // Again is no harm.
        stop().await.unwrap();
        assert_eq!(passes(Duration::from_secs(9)).await, Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_stands_is_left_alone() {
        let before = Instant::now();
        stop().await.unwrap();
        assert_eq!(Instant::now() - before, STEP);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn several_threads_are_refused() {
        let error = stop().await.unwrap_err();
        assert!(format!("{error:?}").contains("multi_thread"), "{error:?}");
    }
}
