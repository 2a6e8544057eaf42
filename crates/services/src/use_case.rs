//! The traits of use cases: [`UseCase`], [`Command`], [`Query`] and [`BackgroundJob`].

use crate::cache::CacheView;
use crate::context::{CommandContext, PrepareContext, QueryContext};
use crate::job::registry::JobSpec;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::state::ExpectedVersion;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Isolation, ReadMode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

/// A request as a value: a change or a read that a caller requests. This trait declares it; the work is a [`Command`]
/// or a [`Query`].
///
/// A use case that does not declare which callers may call it does not compile:
///
/// ```compile_fail,E0046
/// use mainstay_services::UseCase;
/// #[derive(Clone)]
/// struct Unguarded;
/// impl UseCase for Unguarded {
///     const NAME: &'static str = "example.unguarded";
///     type Output = ();
/// }
/// ```
///
/// ```
/// use mainstay_domain::access::Access;
/// use mainstay_services::UseCase;
/// #[derive(Clone)]
/// struct Guarded;
/// impl UseCase for Guarded {
///     const NAME: &'static str = "example.guarded";
///     const ACCESS: Access = Access::signed_in();
///     type Output = ();
/// }
/// ```
pub trait UseCase: Clone + Send + Sync + 'static {
    /// Its name in routes, metrics, logs and idempotency records, such as `order.cancel`. Unique.
    const NAME: &'static str;
    /// Which callers may call it.
    const ACCESS: Access;
    /// How often one caller may call it.
    const RATE: Rate = Rate::per_minute(600);
    /// Maximum size of a request body in bytes, as sent: 16 KiB where no caller has to sign in, else 64 KiB. A use
    /// case whose fields need more declares it.
    const MAX_BODY: usize = default_max_body(Self::ACCESS);
    /// Whether the answer contains secrets: tokens, or a link that works once. No interface stores such an answer, and
    /// none compresses it, because the compressed length would leak information (BREACH).
    const SECRET_ANSWER: bool = false;
    /// Whether an `Idempotency-Key` is honoured. Never where the answer contains secrets, which are not stored.
    const IDEMPOTENT: bool = !Self::SECRET_ANSWER;
    /// Whether the request itself proves who the caller is, by a password or a token among its values. Interfaces ignore
    /// every other credential then: sign-in must work for a client that still sends an expired token. Only for use
    /// cases that anonymous callers may call.
    const SIGNS_IN: bool = false;
    /// The result of a successful call.
    type Output: Send + 'static;

    /// Checks rules that span several values; single values were validated when the domain made them.
    ///
    /// # Errors
    /// Every validation error found.
    fn validate(&self) -> Result<(), ValidationErrors> {
        Ok(())
    }
}

/// Maximum size of a body in bytes that a client may send without signing in.
pub const PUBLIC_MAX_BODY: usize = 16 * 1024;

/// The bound of a body where the use case declares none of its own.
pub const fn default_max_body(access: Access) -> usize {
    if access.is_public() {
        PUBLIC_MAX_BODY
    } else {
        64 * 1024
    }
}

/// A use case that changes something, in one transaction.
///
/// The value is cloned for each attempt, because a transaction may run again after a serialisation failure on
/// PostgreSQL; so [`Command::run`] must do nothing but database work.
pub trait Command: UseCase<Output: Serialize + DeserializeOwned> {
    /// Whether it may change rows without recording a domain event. Only for changes that need no audit trail.
    const RECORDS_NO_EVENT: bool = false;
    /// The transaction's isolation level.
    const ISOLATION: Isolation = Isolation::ReadCommitted;

    /// Work that must not hold a transaction: hashing, calling another server. Its result is stored in `self`.
    ///
    /// # Errors
    /// Any error ends the use case before its transaction.
    fn prepare(self, cx: &PrepareContext<'_>) -> impl Future<Output = Result<Self>> + Send {
        let _ = cx;
        async { Ok(self) }
    }

    /// Runs inside the transaction.
    ///
    /// # Errors
    /// Any error rolls the transaction back.
    fn run(self, cx: &mut CommandContext<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// A use case that only reads, from a read-only snapshot. It never waits for a writer.
pub trait Query: UseCase {
    /// How an embedded database is read: on another thread by default, in place where the query is known to be short.
    const READ: ReadMode = ReadMode::Thread;

    /// The answer from this node's cache, where it is fresh enough to spare the database.
    fn cached(&self, cached: &CacheView<'_>) -> Option<Self::Output> {
        let _ = cached;
        None
    }

    /// Reads from the snapshot.
    ///
    /// # Errors
    /// Not found, or a database error.
    fn run(self, cx: &mut QueryContext<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// A use case for the one resource that a path names.
pub trait ById: UseCase {
    /// The id in the path; text that is none names no resource: 404.
    type Id: FromStr + Send + 'static;

    /// The use case for this resource. A command applies only to a resource in an `expected` state; a query ignores it.
    fn by_id(id: Self::Id, expected: ExpectedVersion) -> Self;
}

/// A command that can run later as a background job. It is stored in the transaction that requests it, and marked done
/// in the transaction that executes it.
pub trait BackgroundJob: Command + Serialize + DeserializeOwned {
    /// The queue that it waits in.
    const QUEUE: &'static str = "default";
    /// How many attempts are made before the job is dead and waits for an administrator.
    const MAX_ATTEMPTS: u32 = 8;
    /// How long one attempt may take; the lease is a little longer.
    const TIMEOUT: Duration = Duration::from_mins(1);
    /// Whether another attempt may succeed after this error.
    fn is_retryable(error: &Error) -> bool {
        let _ = error;
        true
    }
    /// The job to enqueue when this one is dead, in the transaction that marks it so. For work that must not stay half
    /// done until an administrator sees it.
    ///
    /// # Errors
    /// An internal error when the job cannot be serialised.
    fn on_dead(&self) -> Result<Option<JobSpec>> {
        Ok(None)
    }
}
