//! How many connections each address has.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Counts connections by address.
#[derive(Debug)]
pub(crate) struct Addresses {
    max: Option<usize>,
    /// Holds no more entries than there are connections.
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of an address; dropping it makes room.
#[derive(Debug)]
pub(crate) struct AddressSlot<'a> {
    addresses: &'a Addresses,
    /// `None` where nobody counts.
    address: Option<IpAddr>,
}

/// How much of an IPv6 address is one client's: a line gets a /64 and may use every address in it.
const IPV6_PREFIX: u32 = 64;

impl Addresses {
    pub(crate) fn new(max: Option<usize>) -> Self {
        Self {
            max,
            counts: Mutex::default(),
        }
    }

    /// A place for a connection from this address; `None` when it has too many.
    pub(crate) fn take(&self, address: IpAddr) -> Option<AddressSlot<'_>> {
        let mut slot = AddressSlot {
            addresses: self,
            address: None,
        };
        let Some(max) = self.max else {
            return Some(slot);
        };
        let address = one_client(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        slot.address = Some(address);
        Some(slot)
    }
}

impl Drop for AddressSlot<'_> {
    fn drop(&mut self) {
        let Some(address) = self.address else {
            return;
        };
        let counts = &self.addresses.counts;
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }
}

fn one_client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> (128 - IPV6_PREFIX) << (128 - IPV6_PREFIX);
            Ipv6Addr::from_bits(network).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_number() {
        let addresses = Addresses::new(Some(2));
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let (a, b) = (address("192.0.2.1"), address("2001:db8::1"));
        let kept = [
            addresses.take(a),
            addresses.take(address("::ffff:192.0.2.1")),
        ];
        assert!(kept.iter().all(Option::is_some));
        assert!(addresses.take(a).is_none());
        let other = [
            addresses.take(b),
            addresses.take(address("2001:db8::ffff:2")),
        ];
        assert!(other.iter().all(Option::is_some));
        assert!(addresses.take(b).is_none());
        assert!(addresses.take(address("2001:db8:0:1::1")).is_some());
        drop((kept, other));
        assert!(addresses.counts.lock().expect("not poisoned").is_empty());
        assert!(addresses.take(a).is_some());
    }

    #[test]
    fn without_a_limit_nobody_counts() {
        let addresses = Addresses::new(None);
        let kept: Vec<_> = (0..100)
            .map(|_| addresses.take(IpAddr::from([127, 0, 0, 1])))
            .collect();
        assert!(kept.iter().all(Option::is_some));
        assert!(addresses.counts.lock().expect("not poisoned").is_empty());
    }
}
