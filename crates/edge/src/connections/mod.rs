//! The open connections: limits in total and per address, and timeouts.

pub(crate) mod state;

use mainstay_platform::config::TrustedProxies;
use mainstay_platform::limiter::LimitKey;
use parking_lot::Mutex;
use state::{Ages, ConnectionState, Order};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::Notify;

/// Seconds in which a new connection must send the complete head of its first request.
pub(crate) const SILENCE: u64 = 10;
/// Seconds that a connection may stay open without a request.
pub(crate) const IDLENESS: u64 = 30;
/// Seconds in which a client must accept the next chunk of a response.
pub(crate) const STALL: u64 = 30;
/// Further seconds until an idle connection that was ordered to drain is closed.
const DRAIN: u64 = 5;

/// All open connections of a process.
///
/// Requests do not lock it: only opening and closing a connection do, and the sweep that checks each one every second.
#[derive(Debug)]
pub(crate) struct Connections {
    limit: usize,
    limit_of_address: usize,
    proxies: TrustedProxies,
    clock: Arc<AtomicU64>,
    open: Mutex<OpenConnection>,
    is_empty: Notify,
    counts: Counts,
}

#[derive(Debug, Default)]
struct OpenConnection {
    last_id: u64,
    states: HashMap<u64, Arc<ConnectionState>>,
    of_addresses: HashMap<LimitKey, usize>,
}

/// Counters of refused and closed connections since the start.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) refused_full: AtomicU64,
    pub(crate) refused_address: AtomicU64,
    pub(crate) closed_silent: AtomicU64,
    pub(crate) closed_idle: AtomicU64,
    pub(crate) closed_stalled: AtomicU64,
    pub(crate) accept_failed: AtomicU64,
}

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The total limit is reached.
    Full,
    /// The limit of this address is reached.
    Address,
}

/// The registration of an open connection, removed on drop.
#[derive(Debug)]
pub(crate) struct Slot {
    connections: Arc<Connections>,
    id: u64,
    key: Option<LimitKey>,
    pub(crate) state: Arc<ConnectionState>,
}

impl Connections {
    /// Allows `limit` connections, of which one address (one /64 of IPv6) may have `limit_of_address`. A trusted proxy
    /// has no limit of its own, because it forwards the requests of many clients.
    pub(crate) fn new(limit: usize, limit_of_address: usize, proxies: TrustedProxies) -> Self {
        Self {
            limit,
            limit_of_address,
            proxies,
            clock: Arc::default(),
            open: Mutex::default(),
            is_empty: Notify::new(),
            counts: Counts::default(),
        }
    }

    /// Registers a connection from `peer`.
    ///
    /// # Errors
    /// When a limit is reached; the refusal is counted.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Slot, Refused> {
        let key = (!self.proxies.trusts(peer.to_canonical())).then(|| LimitKey::from(peer));
        let mut open = self.open.lock();
        if open.states.len() >= self.limit {
            self.counts.refused_full.fetch_add(1, Relaxed);
            return Err(Refused::Full);
        }
        if let Some(key) = key {
            let count = open.of_addresses.entry(key).or_default();
            if *count >= self.limit_of_address {
                self.counts.refused_address.fetch_add(1, Relaxed);
                return Err(Refused::Address);
            }
            *count += 1;
        }
        open.last_id += 1;
        let (id, state) = (
            open.last_id,
            Arc::new(ConnectionState::new(Arc::clone(&self.clock))),
        );
        open.states.insert(id, Arc::clone(&state));
        Ok(Slot {
            connections: Arc::clone(self),
            id,
            key,
            state,
        })
    }

    /// Advances the clock by one second, and orders each connection that exceeded a timeout to end.
    pub(crate) fn sweep(&self) {
        self.clock.fetch_add(1, Relaxed);
        for state in self.states() {
            let ages = state.ages();
            let Some((order, reason)) = verdict(ages) else {
                continue;
            };
            if state.give(order) {
                let counts = &self.counts;
                let count = match reason {
                    Reason::Silent => &counts.closed_silent,
                    Reason::Idle => &counts.closed_idle,
                    Reason::Stalled => &counts.closed_stalled,
                };
                count.fetch_add(1, Relaxed);
            }
        }
    }

    /// Gives every open connection the same order.
    pub(crate) fn give_all(&self, order: Order) {
        for state in self.states() {
            state.give(order);
        }
    }

    /// Waits until no connection is open.
    pub(crate) async fn all_closed(&self) {
        loop {
            let emptied = self.is_empty.notified();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// Number of connections open now.
    pub(crate) fn count(&self) -> usize {
        self.open.lock().states.len()
    }

    /// Maximum number of open connections.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Maximum number of open connections per address.
    pub(crate) fn limit_of_address(&self) -> usize {
        self.limit_of_address
    }

    /// Whether any connection cannot write because its client does not read.
    #[cfg(test)]
    pub(crate) fn is_any_stalled(&self) -> bool {
        self.states().iter().any(|state| state.is_write_blocked())
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    fn states(&self) -> Vec<Arc<ConnectionState>> {
        self.open.lock().states.values().cloned().collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Silent,
    Idle,
    Stalled,
}

/// Decides whether a connection has to end. An idle one may receive a request that is already on its way, so it drains
/// first; a client that stalls or never sent a request would not react to that, so its connection is closed at once.
fn verdict(ages: Ages) -> Option<(Order, Reason)> {
    let is_beyond = |age: Option<u64>, limit: u64| age.is_some_and(|age| age > limit);
    if is_beyond(ages.stalled, STALL) {
        Some((Order::Close, Reason::Stalled))
    } else if is_beyond(ages.silent, SILENCE) {
        Some((Order::Close, Reason::Silent))
    } else if is_beyond(ages.idle, IDLENESS + DRAIN) {
        Some((Order::Close, Reason::Idle))
    } else if is_beyond(ages.idle, IDLENESS) {
        Some((Order::Drain, Reason::Idle))
    } else {
        None
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock();
        open.states.remove(&self.id);
        if let Some(key) = self.key
            && let Some(count) = open.of_addresses.get_mut(&key)
        {
            *count -= 1;
            if *count == 0 {
                open.of_addresses.remove(&key);
            }
        }
        if open.states.is_empty() {
            self.connections.is_empty.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests;
