//! What the server knows of one open connection.

use crate::budget::{ByteBudget, Exhausted, Reservation};
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::Context;

/// Bytes of responses that one connection may have in memory until the client takes them.
const RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// Instead of a tick: the transport waits for the handler, not for the client.
const HANDLER_IS_BUSY: u64 = u64::MAX;

/// What the server knows of one open connection. Its requests and its transport write into it; the sweep of
/// [`super::Connections`] reads it once a second and orders the connection to end.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    /// The second that the last sweep counted; shared by all connections.
    clock: Arc<AtomicU64>,
    opened: u64,
    has_asked: AtomicBool,
    /// Requests whose response is not handed over yet.
    requests: AtomicUsize,
    /// The second at which `requests` became 0.
    idle_since: AtomicU64,
    /// The second plus 1 since which the client has taken nothing; 0: nothing waits for it.
    write_blocked_since: AtomicU64,
    held: AtomicUsize,
    responses: Mutex<Responses>,
    order: AtomicU8,
    task: AtomicWaker,
}

/// Responses in memory, each with the second in which a piece of it was last asked for.
#[derive(Debug, Default)]
struct Responses {
    last_id: u64,
    asked_at: HashMap<u64, u64>,
}

/// What a connection has to do. Later ones are stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Order {
    /// Go on.
    Serve,
    /// Take no further request, and end when those under way are answered.
    Drain,
    /// End now.
    Close,
}

/// The age in seconds of what a connection is judged by; `None` where there is no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ages {
    /// Since it was opened, while it has sent no whole head of a request.
    pub(crate) silent: Option<u64>,
    /// Since its last response, while no request is under way.
    pub(crate) idle: Option<u64>,
    /// Since the client last took a piece of the response that waits for it the longest.
    pub(crate) stalled: Option<u64>,
}

impl ConnectionState {
    pub(crate) fn new(clock: Arc<AtomicU64>) -> Self {
        let now = clock.load(Ordering::Relaxed);
        Self {
            clock,
            opened: now,
            has_asked: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            idle_since: AtomicU64::new(now),
            write_blocked_since: AtomicU64::new(0),
            held: AtomicUsize::new(0),
            responses: Mutex::default(),
            order: AtomicU8::new(Order::Serve as u8),
            task: AtomicWaker::new(),
        }
    }

    fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    /// Counts a request until the guard is dropped.
    pub(crate) fn begin_request(self: &Arc<Self>) -> OpenRequest {
        self.has_asked.store(true, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        OpenRequest(Arc::clone(self))
    }

    /// Whether the connection has so many bytes of responses in memory that further requests have to wait.
    pub(crate) fn is_full(&self) -> bool {
        self.held.load(Ordering::Relaxed) >= RESPONSE_BYTES
    }

    /// Counts a response of `bytes` bytes until it is dropped. `must` holds for responses that have to be sent whatever
    /// is used up, because what they tell of has happened.
    ///
    /// # Errors
    /// When the connection, the client's address or the process holds too many bytes already.
    pub(crate) fn hold(
        self: &Arc<Self>,
        bytes: usize,
        must: bool,
        client: IpAddr,
        budget: &Arc<ByteBudget>,
    ) -> Result<HeldResponse, Exhausted> {
        let before = self.held.load(Ordering::Relaxed);
        if !must && before > 0 && before.saturating_add(bytes) > RESPONSE_BYTES {
            budget.count_refusal();
            return Err(Exhausted);
        }
        let reservation = match budget.reserve(client, bytes) {
            Ok(reservation) => Some(reservation),
            Err(Exhausted) if must => None,
            Err(Exhausted) => return Err(Exhausted),
        };
        self.held.fetch_add(bytes, Ordering::Relaxed);
        let mut responses = self.responses.lock();
        responses.last_id += 1;
        let id = responses.last_id;
        responses.asked_at.insert(id, self.now());
        drop(responses);
        Ok(HeldResponse {
            connection: Arc::clone(self),
            id,
            bytes,
            _reservation: reservation,
        })
    }

    /// The transport could write, or could not and waits for the client.
    pub(crate) fn set_write_blocked(&self, blocked: bool) {
        let since = self.write_blocked_since.load(Ordering::Relaxed);
        match (blocked, since) {
            (true, 0) => self.write_blocked_since.store(self.now() + 1, Ordering::Relaxed),
            (false, 1..) => self.write_blocked_since.store(0, Ordering::Relaxed),
            _ => {}
        }
    }

    #[cfg(test)]
    pub(crate) fn is_write_blocked(&self) -> bool {
        self.write_blocked_since.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn ages(&self) -> Ages {
        let now = self.now();
        let age = |since: u64| now.saturating_sub(since);
        let asked = self.has_asked.load(Ordering::Relaxed);
        let is_idle = asked && self.requests.load(Ordering::Relaxed) == 0;
        let blocked = match self.write_blocked_since.load(Ordering::Relaxed) {
            0 => None,
            since => Some(age(since - 1)),
        };
        let oldest = self.responses.lock().asked_at.values().copied().min();
        let oldest = oldest.filter(|at| *at != HANDLER_IS_BUSY).map(age);
        Ages {
            silent: (!asked).then(|| age(self.opened)),
            idle: is_idle.then(|| age(self.idle_since.load(Ordering::Relaxed))),
            stalled: blocked.max(oldest),
        }
    }

    /// Gives the connection an order, unless it has that one or a stronger one. Returns whether it is its first.
    pub(crate) fn give(&self, order: Order) -> bool {
        let before = self.order.fetch_max(order as u8, Ordering::AcqRel);
        if before < order as u8 {
            self.task.wake();
        }
        before == Order::Serve as u8 && order > Order::Serve
    }

    /// The order that the connection has; its task is woken by the next one.
    pub(crate) fn poll_order(&self, cx: &Context<'_>) -> Order {
        self.task.register(cx.waker());
        match self.order.load(Ordering::Acquire) {
            0 => Order::Serve,
            1 => Order::Drain,
            _ => Order::Close,
        }
    }
}

/// A request that is not answered yet.
#[derive(Debug)]
pub(crate) struct OpenRequest(Arc<ConnectionState>);

impl OpenRequest {
    /// The connection that it came over.
    pub(crate) fn connection(&self) -> &Arc<ConnectionState> {
        &self.0
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let state = &self.0;
        if state.requests.fetch_sub(1, Ordering::Relaxed) == 1 {
            state.idle_since.store(state.now(), Ordering::Relaxed);
        }
    }
}

/// A response whose bytes are in memory.
#[derive(Debug)]
pub(crate) struct HeldResponse {
    connection: Arc<ConnectionState>,
    id: u64,
    bytes: usize,
    _reservation: Option<Reservation>,
}

impl HeldResponse {
    /// The client made room for a piece; from now on the next one waits for it.
    pub(crate) fn waits_for_client(&self) {
        self.set(self.connection.now());
    }

    /// The client would take more than the handler has.
    pub(crate) fn waits_for_handler(&self) {
        self.set(HANDLER_IS_BUSY);
    }

    fn set(&self, at: u64) {
        self.connection.responses.lock().asked_at.insert(self.id, at);
    }
}

impl Drop for HeldResponse {
    fn drop(&mut self) {
        self.connection.held.fetch_sub(self.bytes, Ordering::Relaxed);
        self.connection.responses.lock().asked_at.remove(&self.id);
    }
}
