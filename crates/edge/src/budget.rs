//! Memory budgets that all clients share, with a limit per client address.

use mainstay_platform::limiter::LimitKey;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

const SHARDS: usize = 16;
/// One address may use one fourth of a budget, so that it takes several addresses to exhaust it.
const PART_OF_AN_ADDRESS: usize = 4;

/// Maximum number of bytes in memory at once for one purpose.
///
/// A reservation fails when it would exceed the budget, or the quarter of it that one address (one /64 of IPv6) may
/// use. A reservation larger than such a limit still succeeds while nothing else is reserved under that limit.
#[derive(Debug)]
pub(crate) struct ByteBudget {
    limit: usize,
    used: AtomicUsize,
    refused: AtomicU64,
    hasher: RandomState,
    by_address: [Mutex<HashMap<LimitKey, usize>>; SHARDS],
}

/// The budget, or the address's share of it, is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// Reserved bytes, released on drop.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<ByteBudget>,
    address: LimitKey,
    bytes: usize,
}

impl ByteBudget {
    /// A budget of `limit` bytes, none of them reserved.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            used: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            hasher: RandomState::new(),
            by_address: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// Reserves bytes for a client; 0 when their number is not known yet.
    ///
    /// # Errors
    /// When the bytes do not fit; the refusal is counted.
    pub(crate) fn reserve(self: &Arc<Self>, client: IpAddr, bytes: usize) -> Result<Reservation, Exhausted> {
        let mut reservation = Reservation {
            budget: Arc::clone(self),
            address: client.into(),
            bytes: 0,
        };
        reservation.grow(bytes)?;
        Ok(reservation)
    }

    /// Number of bytes reserved now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Number of refused reservations since the start.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Whether the next reservation of any client would be refused.
    pub(crate) fn is_used_up(&self) -> bool {
        self.used() >= self.limit
    }

    /// Counts a refusal that the caller decided by [`ByteBudget::is_used_up`] or a limit of its own.
    pub(crate) fn count_refusal(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    fn take(&self, address: LimitKey, bytes: usize) -> Result<(), Exhausted> {
        let whole = |used| fits(used, bytes, self.limit).then_some(used + bytes);
        self.used
            .fetch_update(Relaxed, Relaxed, whole)
            .map_err(|_| Exhausted)?;
        let mut of_addresses = self.shard(address).lock();
        let used = of_addresses.entry(address).or_default();
        if fits(*used, bytes, self.limit / PART_OF_AN_ADDRESS) {
            *used += bytes;
            return Ok(());
        }
        drop(of_addresses);
        self.used.fetch_sub(bytes, Relaxed);
        Err(Exhausted)
    }

    fn release(&self, address: LimitKey, bytes: usize) {
        self.used.fetch_sub(bytes, Relaxed);
        let mut of_addresses = self.shard(address).lock();
        if let Some(used) = of_addresses.get_mut(&address) {
            *used -= bytes;
            if *used == 0 {
                of_addresses.remove(&address);
            }
        }
    }

    fn shard(&self, address: LimitKey) -> &Mutex<HashMap<LimitKey, usize>> {
        let at = self.hasher.hash_one(address) % SHARDS as u64;
        &self.by_address[usize::try_from(at).unwrap_or_default()]
    }
}

fn fits(used: usize, bytes: usize, limit: usize) -> bool {
    used == 0 || used.saturating_add(bytes) <= limit
}

impl Reservation {
    /// Reserves more bytes for the same client.
    ///
    /// # Errors
    /// When the bytes do not fit; the refusal is counted, and the bytes reserved before stay reserved.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if bytes == 0 {
            return Ok(());
        }
        self.budget
            .take(self.address, bytes)
            .inspect_err(|_| self.budget.count_refusal())?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.release(self.address, self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_gets_a_quarter_and_all_together_the_whole() {
        let budget = Arc::new(ByteBudget::new(400));
        let mut held = vec![budget.reserve(ip("192.0.2.1"), 60).unwrap()];
        assert_eq!(budget.reserve(ip("192.0.2.1"), 41).unwrap_err(), Exhausted);
        assert_eq!(budget.reserve(ip("::ffff:192.0.2.1"), 41).unwrap_err(), Exhausted);
        assert!(held[0].grow(40).is_ok() && held[0].grow(1).is_err());
        for address in ["192.0.2.2", "2001:db8::1", "2001:db8:0:1::1"] {
            held.push(budget.reserve(ip(address), 100).unwrap());
        }
        assert!(budget.is_used_up());
        assert!(budget.reserve(ip("2001:db8::2"), 1).is_err(), "one /64");
        assert!(budget.reserve(ip("192.0.2.5"), 1).is_err(), "nothing is left");
        assert_eq!((budget.used(), budget.refused()), (400, 5));
        drop(held);
        assert_eq!(budget.used(), 0);
        assert!(budget.by_address.iter().all(|shard| shard.lock().is_empty()));
    }

    #[test]
    fn what_is_larger_than_the_bound_fits_alone() {
        let budget = Arc::new(ByteBudget::new(400));
        let large = budget.reserve(ip("192.0.2.1"), 1000).unwrap();
        assert!(budget.reserve(ip("192.0.2.2"), 1).is_err());
        drop(large);
        assert!(budget.reserve(ip("192.0.2.2"), 1).is_ok());
    }

    #[test]
    fn a_refused_reservation_leaves_nothing_behind() {
        let budget = Arc::new(ByteBudget::new(400));
        let _held = budget.reserve(ip("192.0.2.1"), 90).unwrap();
        assert!(budget.reserve(ip("192.0.2.1"), 20).is_err());
        assert_eq!(budget.used(), 90);
    }
}
