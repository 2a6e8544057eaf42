//! State of one open connection.

use crate::budget::{ByteBudget, Exhausted, Reservation};
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::Context;

/// Bytes of responses that one connection may have in memory until its client receives them.
const RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// Stored in place of a second: the transport waits for the handler, not for the client.
const HANDLER_IS_BUSY: u64 = u64::MAX;

/// State of one open connection. Its requests and its transport update it; the sweep of [`super::Connections`] reads it
/// once a second and may order the connection to end.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    /// Seconds counted by the sweep; shared by all connections.
    clock: Arc<AtomicU64>,
    opened: u64,
    has_requested: AtomicBool,
    /// Number of requests whose response is not completely handed to the transport.
    requests: AtomicUsize,
    /// The second at which `requests` became 0.
    idle_since: AtomicU64,
    /// The second plus 1 since which the client has accepted no bytes; 0: no bytes wait for the client.
    write_blocked_since: AtomicU64,
    held: AtomicUsize,
    responses: Mutex<Responses>,
    order: AtomicU8,
    task: AtomicWaker,
}

/// Responses in memory, each with the second in which the transport last requested a chunk of it.
#[derive(Debug, Default)]
struct Responses {
    last_id: u64,
    requested_at: HashMap<u64, u64>,
}

/// What the sweep orders a connection to do; each order is stronger than those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Order {
    /// Continue.
    Serve,
    /// Accept no further request, and end when those in progress are answered.
    Drain,
    /// End at once.
    Close,
}

/// The ages in seconds that the timeouts apply to; `None` where the timeout does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ages {
    /// Since the connection was opened, until it has sent the complete head of a request.
    pub(crate) silent: Option<u64>,
    /// Since its last response, while no request is in progress.
    pub(crate) idle: Option<u64>,
    /// Since the client last accepted a chunk, for the response that has waited longest.
    pub(crate) stalled: Option<u64>,
}

impl ConnectionState {
    pub(crate) fn new(clock: Arc<AtomicU64>) -> Self {
        let now = clock.load(Ordering::Relaxed);
        Self {
            clock,
            opened: now,
            has_requested: AtomicBool::new(false),
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

    /// Counts a request as in progress until the guard is dropped.
    pub(crate) fn begin_request(self: &Arc<Self>) -> OpenRequest {
        self.has_requested.store(true, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        OpenRequest(Arc::clone(self))
    }

    /// Whether the connection has so many bytes of responses in memory that it must refuse further requests.
    pub(crate) fn is_full(&self) -> bool {
        self.held.load(Ordering::Relaxed) >= RESPONSE_BYTES
    }

    /// Counts a response of `bytes` bytes until it is dropped. `must` exempts responses that have to be sent in any
    /// case, because the change that they report has happened.
    ///
    /// # Errors
    /// When the connection, the client's address or the process has too many bytes in memory already.
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
        responses.requested_at.insert(id, self.now());
        drop(responses);
        Ok(HeldResponse {
            connection: Arc::clone(self),
            id,
            bytes,
            _reservation: reservation,
        })
    }

    /// Records whether the transport is blocked because the client does not read.
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
        let has_requested = self.has_requested.load(Ordering::Relaxed);
        let is_idle = has_requested && self.requests.load(Ordering::Relaxed) == 0;
        let blocked = match self.write_blocked_since.load(Ordering::Relaxed) {
            0 => None,
            since => Some(age(since - 1)),
        };
        let oldest = self.responses.lock().requested_at.values().copied().min();
        let oldest = oldest.filter(|at| *at != HANDLER_IS_BUSY).map(age);
        Ages {
            silent: (!has_requested).then(|| age(self.opened)),
            idle: is_idle.then(|| age(self.idle_since.load(Ordering::Relaxed))),
            stalled: blocked.max(oldest),
        }
    }

    /// Gives an order unless one at least as strong was given. Returns whether it is the first order to end.
    pub(crate) fn give(&self, order: Order) -> bool {
        let before = self.order.fetch_max(order as u8, Ordering::AcqRel);
        if before < order as u8 {
            self.task.wake();
        }
        before == Order::Serve as u8 && order > Order::Serve
    }

    /// The current order; a stronger one wakes the task of the connection.
    pub(crate) fn poll_order(&self, cx: &Context<'_>) -> Order {
        self.task.register(cx.waker());
        match self.order.load(Ordering::Acquire) {
            0 => Order::Serve,
            1 => Order::Drain,
            _ => Order::Close,
        }
    }
}

/// A request in progress.
#[derive(Debug)]
pub(crate) struct OpenRequest(Arc<ConnectionState>);

impl OpenRequest {
    /// The connection that received the request.
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

/// The counted bytes of a response in memory, released on drop.
#[derive(Debug)]
pub(crate) struct HeldResponse {
    connection: Arc<ConnectionState>,
    id: u64,
    bytes: usize,
    _reservation: Option<Reservation>,
}

impl HeldResponse {
    /// Records that the transport took a chunk: from now on the next one waits for the client.
    pub(crate) fn waits_for_client(&self) {
        self.set(self.connection.now());
    }

    /// Records that the transport is ready and waits for the handler.
    pub(crate) fn waits_for_handler(&self) {
        self.set(HANDLER_IS_BUSY);
    }

    fn set(&self, at: u64) {
        self.connection.responses.lock().requested_at.insert(self.id, at);
    }
}

impl Drop for HeldResponse {
    fn drop(&mut self) {
        self.connection.held.fetch_sub(self.bytes, Ordering::Relaxed);
        self.connection.responses.lock().requested_at.remove(&self.id);
    }
}
