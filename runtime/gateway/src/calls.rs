//! How many calls run and wait at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use wsfn_protocol::Kind;
use wsfn_settings::Settings;

use crate::counters::Counters;
use crate::invoke::InvokeError;
use crate::limit::Limit;

/// Places for calls. Connects own a quarter of `invoke-max`, at least one, so that a storm of messages or disconnects
/// does not delay a new connect (B4); closes have places of their own.
#[derive(Debug)]
pub(crate) struct Calls {
    shared: Semaphore,
    connects: Semaphore,
    closes: Semaphore,
    closes_max: usize,
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
    waiting_max: usize,
    waiting_bytes_max: usize,
}

impl Calls {
    pub(crate) fn new(settings: &Settings) -> Self {
        let max = settings.invoke_max.clamp(1, Semaphore::MAX_PERMITS);
        let connects = (max / 4).max(1);
        let closes_max = settings.close_max.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            // One place is the least that lets a message through.
            shared: Semaphore::new((max - connects).max(1)),
            connects: Semaphore::new(connects),
            closes: Semaphore::new(closes_max),
            closes_max,
            waiting: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            waiting_max: settings.invoke_queue,
            waiting_bytes_max: settings.invoke_queue_bytes,
        }
    }

    /// How many closes run at once.
    pub(crate) const fn closes_max(&self) -> usize {
        self.closes_max
    }

    /// A place, if one is free.
    pub(crate) fn try_enter(&self, kind: Kind) -> Option<SemaphorePermit<'_>> {
        match kind {
            Kind::Connect => self
                .connects
                .try_acquire()
                .or_else(|_| self.shared.try_acquire())
                .ok(),
            Kind::Message => self.shared.try_acquire().ok(),
            Kind::Close => self.closes.try_acquire().ok(),
        }
    }

    /// A place as soon as there is one.
    ///
    /// # Errors
    /// `QueueFull` when too many wait already, `NotSent` when none is free in time. A close waits as long as it has to:
    /// it must not be lost.
    pub(crate) async fn enter(
        &self,
        kind: Kind,
        bytes: usize,
        timeout: Duration,
        counters: &Counters,
    ) -> Result<SemaphorePermit<'_>, InvokeError> {
        let semaphore = match kind {
            Kind::Connect => &self.connects,
            Kind::Message => &self.shared,
            Kind::Close => {
                return self
                    .closes
                    .acquire()
                    .await
                    .map_err(|_| InvokeError::NotSent);
            }
        };
        let _place = self.wait(bytes).map_err(|limit| {
            counters.reached(limit);
            InvokeError::QueueFull
        })?;
        match tokio::time::timeout(timeout, semaphore.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphores are never closed.
            Ok(Err(_)) | Err(_) => Err(InvokeError::NotSent),
        }
    }

    /// Places that are free, and calls and bytes that wait.
    #[cfg(test)]
    pub(crate) fn free(&self) -> ([usize; 3], usize, usize) {
        let places = [&self.shared, &self.connects, &self.closes];
        (
            places.map(Semaphore::available_permits),
            self.waiting.load(Ordering::Relaxed),
            self.waiting_bytes.load(Ordering::Relaxed),
        )
    }

    /// How many wait.
    #[cfg(feature = "metrics")]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn wait(&self, bytes: usize) -> Result<Waiting<'_>, Limit> {
        let count = self.waiting.fetch_add(1, Ordering::Relaxed);
        let sum = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let place = Waiting { calls: self, bytes };
        if count >= self.waiting_max {
            return Err(Limit::InvokeQueue);
        }
        if sum.saturating_add(bytes) > self.waiting_bytes_max {
            return Err(Limit::InvokeQueueBytes);
        }
        Ok(place)
    }
}

/// A place in the queue; dropping it leaves the queue.
struct Waiting<'c> {
    calls: &'c Calls,
    bytes: usize,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.calls.waiting.fetch_sub(1, Ordering::Relaxed);
        self.calls
            .waiting_bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(max: usize, queue: usize) -> Calls {
        Calls::new(&Settings {
            invoke_max: max,
            invoke_queue: queue,
            invoke_queue_bytes: 10,
            close_max: 1,
            ..Settings::default()
        })
    }

    #[test]
    fn connects_own_a_quarter() {
        let calls = calls(4, 0);
        let messages: Vec<_> = std::iter::from_fn(|| calls.try_enter(Kind::Message)).collect();
        assert_eq!(messages.len(), 3);
        let connect = calls.try_enter(Kind::Connect);
        assert!(connect.is_some());
        assert!(calls.try_enter(Kind::Connect).is_none());
        drop(messages);
        assert!(calls.try_enter(Kind::Connect).is_some());
        assert!(calls.try_enter(Kind::Close).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_in_calls_bytes_and_time() {
        let calls = calls(1, 1);
        let timeout = Duration::from_secs(1);
        let _place = calls.try_enter(Kind::Message).unwrap();
        let counters = Counters::default();
        let too_large = calls.enter(Kind::Message, 11, timeout, &counters).await;
        assert_eq!(too_large.unwrap_err(), InvokeError::QueueFull);
        let (late, full) = tokio::join!(
            calls.enter(Kind::Message, 1, timeout, &counters),
            calls.enter(Kind::Message, 1, timeout, &counters)
        );
        let reached: Vec<_> = counters.limits().filter(|(_, count)| *count > 0).collect();
        assert_eq!(reached, [("invoke-queue", 1), ("invoke-queue-bytes", 1)]);
        assert_eq!(late.unwrap_err(), InvokeError::NotSent);
        assert_eq!(full.unwrap_err(), InvokeError::QueueFull);
        assert_eq!(calls.waiting.load(Ordering::Relaxed), 0);
        assert_eq!(calls.waiting_bytes.load(Ordering::Relaxed), 0);
    }
}
