//! The context of a request, whichever interface it arrived at.

use crate::access::Authentication;
use mainstay_domain::access::{Access, Caller, SystemCaller};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::id::UserId;
use mainstay_domain::job::Lease;
use mainstay_domain::locale::Locale;
use mainstay_domain::{Error, Result};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::sha256;
use mainstay_platform::database::Stats;
use mainstay_platform::stopwatch::Deadline;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The context of one request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The authenticated caller, a part of Mainstay itself, or anonymous.
    pub caller: Caller,
    /// The caller's authentication, so that the pipeline can check whether it is still current. `None` without a token.
    pub authentication: Option<Arc<Authentication>>,
    /// Why the access token was ignored, where [`UseCase::IGNORES_INVALID_TOKEN`](crate::UseCase::IGNORES_INVALID_TOKEN)
    /// says so.
    pub ignored_token: Option<Unauthenticated>,
    /// The network origin.
    pub origin: Origin,
    /// Identifies the request in logs, answers and the audit trail.
    pub request_id: Option<Arc<str>>,
    /// When the client stops waiting for the answer. `None` where no client waits, as for jobs.
    pub deadline: Option<Deadline>,
    /// Identifies repetitions of one request. `None` when the client sent no `Idempotency-Key`.
    pub idempotency: Option<IdempotencyKey>,
    /// The lease of the job that the request runs for, if it runs for one.
    pub lease: Option<Lease>,
    /// Whether the rate limit has counted the request already, before its body was read.
    pub is_counted: bool,
    /// Collects measurements for the log line and the response headers.
    pub notes: Arc<Notes>,
}

/// The network origin of a request.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The client's address; forwarding headers of trusted proxies are resolved.
    pub ip: Option<IpAddr>,
    /// The name of the client's software, as in `User-Agent`; at most 256 bytes.
    pub user_agent: Option<Arc<str>>,
    /// What recognises the client's browser, not verified yet; `None` for other clients, and before the first sign-in.
    pub device: Option<Secret<String>>,
    /// The language that the client prefers.
    pub locale: Locale,
}

/// Maximum length of the name of the client's software, in bytes.
const MAX_USER_AGENT: usize = 256;

impl Origin {
    /// The origin of a request; a long `user_agent` is truncated.
    pub fn new(ip: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let short = |text: &str| text[..text.floor_char_boundary(MAX_USER_AGENT)].into();
        Self {
            ip,
            user_agent: user_agent.map(short),
            device: None,
            locale: Locale::default(),
        }
    }

    /// The same origin with what recognises the client's browser.
    #[must_use]
    pub fn with_device(self, device: Option<Secret<String>>) -> Self {
        Self { device, ..self }
    }

    /// The same origin, whose client prefers the languages of this `Accept-Language` header.
    #[must_use]
    pub fn preferring(mut self, accept_language: &str) -> Self {
        self.locale = Locale::negotiate(accept_language);
        self
    }
}

/// An idempotency key, with the fingerprint of the request that it was sent with.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The key that the client chose.
    pub key: Arc<str>,
    /// SHA-256 of the request's content, so that a different request under the same key is detected.
    pub fingerprint: [u8; 32],
}

impl IdempotencyKey {
    /// The key of a request with the given content: what makes it another request, in parts that are hashed one after
    /// the other.
    pub fn new(key: Arc<str>, content: &[&[u8]]) -> Self {
        Self {
            key,
            fingerprint: sha256(&content.concat()),
        }
    }

    /// Checks a key that a client chose: 1 to 255 visible ASCII characters.
    ///
    /// # Errors
    /// `BAD_REQUEST` for any other text.
    pub fn check(key: &str) -> Result<Arc<str>> {
        match (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(key.into()),
            false => Err(Error::BadRequest(
                "Idempotency-Key must be 1 to 255 visible ASCII characters".to_owned(),
            )),
        }
    }
}

/// Measurements collected while a request is processed.
#[derive(Debug, Default)]
pub struct Notes {
    statements: AtomicU64,
    database_us: AtomicU64,
    limit: parking_lot::Mutex<Option<LimitNote>>,
    account: parking_lot::Mutex<Option<UserId>>,
    /// Held until the answer is being sent: the rows that were read and the answer take memory.
    read_permit: OnceLock<OwnedSemaphorePermit>,
}

/// The state of a rate limit after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitNote {
    /// The limit's name, which is that of the use case.
    pub name: &'static str,
    /// Calls allowed in each `period`.
    pub count: u32,
    /// The period that `count` is for.
    pub period: Duration,
    /// Calls that are left now.
    pub remaining: u32,
    /// How long until all calls are available again.
    pub reset_after: Duration,
}

impl Notes {
    /// Waits for a read permit, and holds it until the last use of these notes. A request that reads several times
    /// waits once.
    pub(crate) async fn admit_read(&self, reads: &Arc<Semaphore>) {
        if self.read_permit.get().is_none()
            && let Ok(permit) = Arc::clone(reads).acquire_owned().await
        {
            let _ = self.read_permit.set(permit);
        }
    }

    /// Adds the statements of one transaction and the time that they took.
    pub(crate) fn add(&self, stats: Stats) {
        self.add_database(stats.statements, stats.database_us);
    }

    /// Adds statements and the time that they took, in microseconds.
    pub fn add_database(&self, statements: u32, micros: u64) {
        self.statements.fetch_add(u64::from(statements), Relaxed);
        self.database_us.fetch_add(micros, Relaxed);
    }

    /// The number of statements that were run.
    pub fn statements(&self) -> u64 {
        self.statements.load(Relaxed)
    }

    /// The time spent in the database, in microseconds.
    pub fn database_us(&self) -> u64 {
        self.database_us.load(Relaxed)
    }

    /// Records which account an anonymous caller tries to sign in to, so that a security event can name it.
    pub fn set_account(&self, account: UserId) {
        *self.account.lock() = Some(account);
    }

    /// The account that an anonymous caller tries to sign in to, once it is known.
    pub fn account(&self) -> Option<UserId> {
        *self.account.lock()
    }

    /// Records the state of the rate limit.
    pub fn set_limit(&self, note: LimitNote) {
        *self.limit.lock() = Some(note);
    }

    /// The state of the rate limit, once it was checked.
    pub fn limit(&self) -> Option<LimitNote> {
        *self.limit.lock()
    }
}

impl RequestContext {
    /// A request of an anonymous caller without an origin.
    pub fn anonymous() -> Self {
        Self::of(Caller::Anonymous)
    }

    /// A request of a part of Mainstay itself.
    pub fn system(part: SystemCaller) -> Self {
        Self::of(Caller::System(part))
    }

    /// Checks that the caller may call a use case of this access, from where the request comes.
    ///
    /// # Errors
    /// 401 or 403.
    pub fn admit(&self, access: Access) -> Result<()> {
        if let Some(authentication) = &self.authentication {
            authentication.check_network(self.origin.ip)?;
        }
        access.admit(&self.caller)
    }

    /// Checks that the client still waits for the answer.
    ///
    /// # Errors
    /// `TIMEOUT`.
    pub(crate) fn check_deadline(&self) -> Result<()> {
        match self.deadline.is_some_and(Deadline::has_passed) {
            true => Err(Error::Timeout),
            false => Ok(()),
        }
    }

    /// Sets the caller: the holder of the verified token, or anonymous without one.
    pub fn identify(&mut self, authentication: Option<Arc<Authentication>>) {
        self.caller = authentication
            .as_ref()
            .map_or(Caller::Anonymous, |authentication| authentication.caller());
        self.authentication = authentication;
    }

    /// A request of a caller without an origin.
    pub fn of(caller: Caller) -> Self {
        Self {
            caller,
            authentication: None,
            ignored_token: None,
            origin: Origin::default(),
            request_id: None,
            deadline: None,
            idempotency: None,
            lease: None,
            is_counted: false,
            notes: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_request_waits_to_read_once_and_until_another_was_answered() {
        let reads = Arc::new(Semaphore::new(1));
        let (first, second) = (Arc::new(Notes::default()), Notes::default());
        let answering = Arc::clone(&first);
        assert!(first.admit_read(&reads).now_or_never().is_some());
        assert!(
            first.admit_read(&reads).now_or_never().is_some(),
            "it has its permit"
        );
        drop(first);
        assert!(
            second.admit_read(&reads).now_or_never().is_none(),
            "the first is not answered"
        );
        drop(answering);
        assert!(second.admit_read(&reads).now_or_never().is_some());
    }
}
