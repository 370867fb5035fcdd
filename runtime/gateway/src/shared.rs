//! What every connection's task needs.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use wsfn_settings::{Networks, Settings};

use crate::addresses::{AddressSlot, Addresses};
use crate::chance::Chance;
use crate::hub::Hub;
use crate::open_files;
use crate::service::Services;

/// The most different origins and the like that are warned about once each: they come from clients, and must not fill
/// the memory.
const WARNED_MAX: usize = 1000;
/// How many clients too many are told so at once; further ones wait in the system's queue. Each may take a second, and
/// needs a file that no connection may have.
const REFUSALS_MAX: usize = 32;

/// The settings that a handshake meets before it is known whose it is.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) header_max: usize,
    pub(crate) handshake_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) max_registering: usize,
    pub(crate) trust_proxy: Networks,
}

impl Entrance {
    fn new(settings: &Settings) -> Self {
        Self {
            header_max: settings.header_max,
            handshake_timeout: settings.handshake_timeout,
            write_timeout: settings.write_timeout,
            max_registering: settings.max_registering,
            trust_proxy: settings.trust_proxy.clone(),
        }
    }
}

/// What every connection's task borrows.
pub(crate) struct Shared {
    pub(crate) entrance: Entrance,
    pub(crate) services: Services,
    pub(crate) hub: Arc<Hub>,
    /// What a plain `GET /` gets, everywhere and on a loopback listener.
    pub(crate) page: Option<Bytes>,
    pub(crate) loopback_page: Bytes,
    /// The process is asked to end: no new connection.
    draining: AtomicBool,
    drain: Notify,
    /// Places for connections: `max-connections`, or what the limit on open files allows.
    pub(crate) connections: Arc<Semaphore>,
    /// Places for clients that find no other and are told so.
    pub(crate) refusals: Arc<Semaphore>,
    pub(crate) registering: AtomicUsize,
    pub(crate) addresses: Addresses,
    ids: Ids,
    warned: Mutex<HashSet<String>>,
}

impl Shared {
    pub(crate) fn new(
        settings: &Settings,
        services: Services,
        hub: Arc<Hub>,
        page: Option<Bytes>,
        loopback_page: Bytes,
    ) -> Self {
        let connections = open_files::connections_max(settings).min(Semaphore::MAX_PERMITS);
        Self {
            entrance: Entrance::new(settings),
            services,
            ids: Ids::new(hub.chance()),
            hub,
            page,
            loopback_page,
            draining: AtomicBool::new(false),
            drain: Notify::new(),
            connections: Arc::new(Semaphore::new(connections)),
            refusals: Arc::new(Semaphore::new(REFUSALS_MAX)),
            registering: AtomicUsize::new(0),
            addresses: Addresses::new(settings.max_per_address),
            warned: Mutex::default(),
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Lets nobody in any more.
    pub(crate) fn begin_drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.drain.notify_waiters();
    }

    /// Waits until the process is asked to end.
    pub(crate) async fn drained(&self) {
        let mut asked = std::pin::pin!(self.drain.notified());
        // From here on it is told, so that nothing is missed between the look and the wait.
        asked.as_mut().enable();
        if !self.is_draining() {
            asked.await;
        }
    }

    /// An id for a call, in the form of a UUID as the original has it.
    pub(crate) fn request_id(&self) -> Arc<str> {
        self.ids.next()
    }

    /// Whether this is the first time that somebody is warned about it.
    pub(crate) fn warns_first(&self, what: &str) -> bool {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        warned.len() < WARNED_MAX && !warned.contains(what) && warned.insert(what.to_owned())
    }
}

/// Ids that differ within a process by a count and between processes by chance.
#[derive(Debug)]
pub(crate) struct Ids {
    /// An id whose count is zero.
    zero: [u8; 36],
    count: AtomicU64,
}

/// Where the digits of the count stand in an id: behind the 8 and behind the last hyphen.
const COUNT_AT: [std::ops::Range<usize>; 2] = [20..23, 24..36];

impl Ids {
    pub(crate) fn new(chance: &Chance) -> Self {
        // Without random numbers no connection gets an id either, so no call is made.
        let process = chance.number().unwrap_or_default();
        let (high, low) = (process >> 32, process & 0xffff_ffff);
        // The digits 4 and 8 say "random UUID".
        let text = format!(
            "{high:08x}-{:04x}-4{:03x}-8000-{:012x}",
            low >> 16,
            (low >> 4) & 0xfff,
            0
        );
        let mut zero = [b'0'; 36];
        zero.copy_from_slice(text.as_bytes());
        Self {
            zero,
            count: AtomicU64::new(0),
        }
    }

    fn next(&self) -> Arc<str> {
        self.with(self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// The id with this count. Digit by digit: there is one for every message, and formatting costs ten times as much.
    pub(crate) fn with(&self, mut count: u64) -> Arc<str> {
        let mut id = self.zero;
        for at in COUNT_AT.into_iter().rev().flat_map(Iterator::rev) {
            id[at] = b"0123456789abcdef"[(count & 15) as usize];
            count >>= 4;
        }
        // Hexadecimal digits and hyphens.
        str::from_utf8(&id).unwrap_or_default().into()
    }
}

/// A connection's place: among all, and among those of its address.
#[derive(Debug)]
pub(crate) struct Place<'s> {
    pub(crate) connection: OwnedSemaphorePermit,
    /// Taken with the connection where that comes from the client itself, with the handshake where it comes through a
    /// proxy, which alone says whose it is.
    pub(crate) address: Option<AddressSlot<'s>>,
}

/// One of a bounded number; dropping it makes room.
#[derive(Debug)]
pub(crate) struct Slot<'s>(&'s AtomicUsize);

impl<'s> Slot<'s> {
    /// A place among at most `max`.
    pub(crate) fn take(count: &'s AtomicUsize, max: usize) -> Option<Self> {
        let slot = (count.fetch_add(1, Ordering::AcqRel), Self(count));
        (slot.0 < max).then_some(slot.1)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_uuids_and_differ() {
        let ids = Ids::new(&Chance::System);
        let (a, b) = (ids.next(), ids.next());
        assert_ne!(a, b);
        let lengths: Vec<_> = a.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(a.ends_with("-8000-000000000000") && b.ends_with("-8000-000000000001"));
        ids.count.store(0x1ab_c123_4567_89de, Ordering::Relaxed);
        let c = ids.next();
        assert_eq!(c[..20], a[..20]);
        assert!(c.ends_with("-81ab-c123456789de"), "{c}");
    }

    #[test]
    fn slots_are_bounded_and_come_back() {
        let count = AtomicUsize::new(0);
        let first = Slot::take(&count, 1);
        assert!(first.is_some());
        assert!(Slot::take(&count, 1).is_none());
        drop(first);
        assert!(Slot::take(&count, 1).is_some());
    }
}
