//! What a use case is.

use crate::cache::Known;
use crate::job::registry::JobSpec;
use crate::work::{Outside, View, Work};
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::fault::Faults;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Isolation, ReadMode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::time::Duration;

/// Something somebody wants done or wants to know, as a value. The declaration; what it does is a
/// [`Command`] or a [`Query`].
///
/// A use case that does not say who may knock does not compile:
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
    /// Its name in routes, metrics, logs and idempotency records: `order.cancel`.
    const NAME: &'static str;
    /// Who may knock.
    const ACCESS: Access;
    /// How often one caller may.
    const RATE: Rate = Rate::per_minute(600);
    /// Bytes that the body of one request may have, as sent: 16 KiB where no caller has to sign in, else 64 KiB. A use
    /// case whose fields need more declares it.
    const MAX_BODY: usize = default_max_body(Self::ACCESS);
    /// What it answers.
    type Output: Send + 'static;

    /// Checks that need more than one value; single values were made right by the domain.
    ///
    /// # Errors
    /// Every fault found.
    fn validate(&self) -> Result<(), Faults> {
        Ok(())
    }
}

/// Bytes of a body that a client may send without signing in.
pub const PUBLIC_MAX_BODY: usize = 16 * 1024;

/// The bound of a body where the use case declares none of its own.
pub const fn default_max_body(access: Access) -> usize {
    if access.is_public() {
        PUBLIC_MAX_BODY
    } else {
        64 * 1024
    }
}

/// A use case that changes something: one transaction.
///
/// The value is cloned for each attempt, because a transaction may be run again (PostgreSQL's
/// serialisation failures), and it must not do anything but database work in [`Command::run`].
pub trait Command: UseCase<Output: Serialize + DeserializeOwned> {
    /// Whether an `Idempotency-Key` is honoured. Off where the answer holds secrets: those are never stored.
    const IDEMPOTENT: bool = true;
    /// Whether it may change rows without telling a story. Only for what a person would never ask about.
    const QUIET: bool = false;
    /// How far it is kept apart from others that run at the same time.
    const ISOLATION: Isolation = Isolation::ReadCommitted;

    /// Work that must not hold a transaction: hashing, asking another server. What it finds out goes into `self`.
    ///
    /// # Errors
    /// Whatever ends the use case before its transaction.
    fn prepare(self, outside: &Outside<'_>) -> impl Future<Output = Result<Self>> + Send {
        let _ = outside;
        async { Ok(self) }
    }

    /// The transaction.
    ///
    /// # Errors
    /// Whatever rolls it back.
    fn run(self, work: &mut Work<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// A use case that only looks: a read-only snapshot. It never waits for a writer.
pub trait Query: UseCase {
    /// Where an embedded database is read: on a thread of its own as the rule, in place where it is known to be short.
    const READ: ReadMode = ReadMode::Thread;

    /// The answer, where this node knows it well enough not to look.
    fn known(&self, known: &Known<'_>) -> Option<Self::Output> {
        let _ = known;
        None
    }

    /// The look.
    ///
    /// # Errors
    /// Not found, or what the database says.
    fn run(self, view: &mut View<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// A command that can be written down and done later. It is stored in the transaction that asks for it,
/// and is marked done in the transaction that does it.
pub trait Job: Command + Serialize + DeserializeOwned {
    /// The line it stands in.
    const QUEUE: &'static str = "default";
    /// How often it is tried before it is laid out for a person to look at.
    const MAX_ATTEMPTS: u32 = 8;
    /// How long one attempt may take; the lease is a little longer.
    const TIMEOUT: Duration = Duration::from_mins(1);
    /// Whether another try may help after this failure.
    fn is_worth_another_try(error: &Error) -> bool {
        let _ = error;
        true
    }
    /// What has to be done because this one was given up: written down in the transaction that gives it up. For work
    /// that may not be left half done until a person comes by.
    ///
    /// # Errors
    /// A fault of ours when it cannot be written down.
    fn given_up(&self) -> Result<Option<JobSpec>> {
        Ok(None)
    }
}
