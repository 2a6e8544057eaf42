//! Use cases that change something.

use super::declaration::UseCase;
use crate::components::Components;
use crate::context::{CommandContext, PrepareContext};
use mainstay_domain::Result;
use mainstay_platform::database::Isolation;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

/// A use case that changes something, in one transaction.
///
/// The value is cloned for each attempt, because a transaction may run again after a serialisation failure on
/// PostgreSQL; so [`Command::run`] must do nothing but database work. A command that has other work to do is a
/// [`PreparedCommand`].
pub trait Command: UseCase<Output: Serialize + DeserializeOwned> {
    /// Whether it may change rows without recording a domain event. Only for changes that need no audit trail.
    const RECORDS_NO_EVENT: bool = false;
    /// The transaction's isolation level.
    const ISOLATION: Isolation = Isolation::ReadCommitted;

    /// Runs inside the transaction.
    ///
    /// # Errors
    /// Any error rolls the transaction back.
    fn run(self, cx: &mut CommandContext<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// A command with work that must not hold a transaction: hashing, calling another server. [`prepare`](Self::prepare)
/// does it once, before the transaction; its result is passed to [`run`](Self::run), which may run more than once.
///
/// Every [`Command`] is one that prepares nothing.
pub trait PreparedCommand: UseCase<Output: Serialize + DeserializeOwned> {
    /// The result of the preparation.
    type Prepared: Clone + Send + Sync + 'static;
    /// As [`Command::RECORDS_NO_EVENT`].
    const RECORDS_NO_EVENT: bool = false;
    /// As [`Command::ISOLATION`].
    const ISOLATION: Isolation = Isolation::ReadCommitted;

    /// Runs before the transaction.
    ///
    /// # Errors
    /// Any error ends the use case before its transaction.
    fn prepare(&self, cx: &PrepareContext<'_>) -> impl Future<Output = Result<Self::Prepared>> + Send;

    /// Runs inside the transaction, as [`Command::run`] does.
    ///
    /// # Errors
    /// Any error rolls the transaction back.
    fn run(
        self,
        prepared: Self::Prepared,
        cx: &mut CommandContext<'_>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

impl<C: Command> PreparedCommand for C {
    type Prepared = ();
    const RECORDS_NO_EVENT: bool = <C as Command>::RECORDS_NO_EVENT;
    const ISOLATION: Isolation = <C as Command>::ISOLATION;

    async fn prepare(&self, _: &PrepareContext<'_>) -> Result<()> {
        Ok(())
    }

    async fn run(self, (): (), cx: &mut CommandContext<'_>) -> Result<Self::Output> {
        Command::run(self, cx).await
    }
}

/// A command with work also after its commit, of which the answer is made: signing a token. It holds neither the
/// transaction nor the one writer of an embedded database. [`finish`](Self::finish) gets what [`run`](Self::run)
/// wrote. When it fails, what was written stays: it must be of no harm, and the caller able to repeat the request.
///
/// Every [`PreparedCommand`] is one whose answer needs no such work.
pub trait StagedCommand: UseCase {
    /// The result of the preparation.
    type Prepared: Clone + Send + Sync + 'static;
    /// The result of the transaction; stored with an idempotency key, where the command honours one.
    type Written: Serialize + DeserializeOwned + Send + 'static;
    /// As [`Command::RECORDS_NO_EVENT`].
    const RECORDS_NO_EVENT: bool = false;
    /// As [`Command::ISOLATION`].
    const ISOLATION: Isolation = Isolation::ReadCommitted;

    /// Runs before the transaction.
    ///
    /// # Errors
    /// Any error ends the use case before its transaction.
    fn prepare(&self, cx: &PrepareContext<'_>) -> impl Future<Output = Result<Self::Prepared>> + Send;

    /// Runs inside the transaction, as [`Command::run`] does.
    ///
    /// # Errors
    /// Any error rolls the transaction back.
    fn run(
        self,
        prepared: Self::Prepared,
        cx: &mut CommandContext<'_>,
    ) -> impl Future<Output = Result<Self::Written>> + Send;

    /// Makes the answer, after the commit.
    ///
    /// # Errors
    /// Any error is the caller's answer; the transaction stays committed.
    fn finish(written: Self::Written, components: &Components) -> Result<Self::Output>;
}

impl<C: PreparedCommand> StagedCommand for C {
    type Prepared = C::Prepared;
    type Written = C::Output;
    const RECORDS_NO_EVENT: bool = <C as PreparedCommand>::RECORDS_NO_EVENT;
    const ISOLATION: Isolation = <C as PreparedCommand>::ISOLATION;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<Self::Prepared> {
        PreparedCommand::prepare(self, cx).await
    }

    async fn run(self, prepared: Self::Prepared, cx: &mut CommandContext<'_>) -> Result<Self::Output> {
        PreparedCommand::run(self, prepared, cx).await
    }

    fn finish(written: Self::Output, _: &Components) -> Result<Self::Output> {
        Ok(written)
    }
}
