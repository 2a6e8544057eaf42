//! The circumstances of a request, whatever door it came through.

use crate::access::authenticator::Standing;
use mainstay_domain::access::{Caller, SystemCaller};
use mainstay_domain::job::Lease;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The circumstances of one request.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who is asking.
    pub caller: Caller,
    /// What the caller showed, so that it can be asked again whether it still holds.
    pub standing: Option<Arc<Standing>>,
    /// From where.
    pub origin: Origin,
    /// The request's name in logs, answers and the audit trail.
    pub request_id: Option<Arc<str>>,
    /// What makes repetitions of it one.
    pub idempotency: Option<IdempotencyKey>,
    /// The job it is done for.
    pub lease: Option<Lease>,
    /// Whether the rate limit has counted it already, before its body was read.
    pub is_counted: bool,
    /// What is noted on the way, for the log line and the headers.
    pub notes: Arc<Notes>,
}

/// Where a request comes from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The client's address, proxies that are trusted seen through.
    pub ip: Option<IpAddr>,
    /// How the client names itself, at most 256 characters.
    pub user_agent: Option<Arc<str>>,
}

/// A client's name for a request, and what the request was.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The client's name for it.
    pub key: Arc<str>,
    /// SHA-256 of what it asks for, so that another request under the same name is seen.
    pub fingerprint: [u8; 32],
}

/// What is noted while a request is worked on.
#[derive(Debug, Default)]
pub struct Notes {
    statements: AtomicU64,
    database_us: AtomicU64,
    limit: parking_lot::Mutex<Option<LimitNote>>,
}

/// How much of a limit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitNote {
    /// The limit's name: the use case's.
    pub name: &'static str,
    /// So many ...
    pub count: u32,
    /// ... in so long.
    pub period: Duration,
    /// So many are left.
    pub remaining: u32,
    /// In so long all of them are there again.
    pub reset_after: Duration,
}

impl Notes {
    /// Adds statements and the time they took.
    pub fn add_database(&self, statements: u32, micros: u64) {
        self.statements.fetch_add(u64::from(statements), Relaxed);
        self.database_us.fetch_add(micros, Relaxed);
    }

    /// How many statements were run.
    pub fn statements(&self) -> u64 {
        self.statements.load(Relaxed)
    }

    /// How long the database took, in microseconds.
    pub fn database_us(&self) -> u64 {
        self.database_us.load(Relaxed)
    }

    /// Notes how much of a limit is left.
    pub fn set_limit(&self, note: LimitNote) {
        *self.limit.lock() = Some(note);
    }

    /// How much of the limit is left.
    pub fn limit(&self) -> Option<LimitNote> {
        *self.limit.lock()
    }
}

impl Context {
    /// A request by nobody from nowhere.
    pub fn anonymous() -> Self {
        Self::of(Caller::Anonymous)
    }

    /// A request of Mainstay itself.
    pub fn system(part: SystemCaller) -> Self {
        Self::of(Caller::System(part))
    }

    /// Says who is asking: whoever showed a token, or nobody.
    pub fn identify(&mut self, standing: Option<Arc<Standing>>) {
        self.caller = standing
            .as_ref()
            .map_or(Caller::Anonymous, |standing| standing.caller());
        self.standing = standing;
    }

    /// A request of a caller, from nowhere in particular.
    pub fn of(caller: Caller) -> Self {
        Self {
            caller,
            standing: None,
            origin: Origin::default(),
            request_id: None,
            idempotency: None,
            lease: None,
            is_counted: false,
            notes: Arc::default(),
        }
    }
}
