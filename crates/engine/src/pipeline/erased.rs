//! Commands without their types: what runs a command is compiled once, and not for each of some hundred commands.

use crate::components::Components;
use crate::context::{CommandContext, PrepareContext};
use crate::use_case::{StagedCommand, UseCase};
use futures_util::future::BoxFuture;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::Isolation;
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// What the pipeline has to know of a use case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declaration {
    pub(super) name: &'static str,
    pub(super) access: Access,
    pub(super) rate: Rate,
}

impl Declaration {
    pub(super) const fn of<U: UseCase>() -> Self {
        Self {
            name: U::NAME,
            access: U::ACCESS,
            rate: U::RATE,
        }
    }
}

/// What it has to know of a command besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommandDeclaration {
    pub(super) is_idempotent: bool,
    pub(super) isolation: Isolation,
    pub(super) records_no_event: bool,
}

/// A command, with the results of its stages.
pub(super) trait ErasedCommand: Send + Sync {
    fn declaration(&self) -> Declaration;

    fn command_declaration(&self) -> CommandDeclaration;

    fn validate(&self) -> Result<(), ValidationErrors>;

    /// Prepares, and keeps the result for [`run`](Self::run).
    fn prepare<'a>(&'a self, cx: &'a PrepareContext<'a>) -> BoxFuture<'a, Result<()>>;

    /// Runs inside the transaction, and keeps what was written. Returns it as JSON where it `is_stored` with an
    /// idempotency key.
    fn run<'a, 'w: 'a>(
        &'a self,
        cx: &'a mut CommandContext<'w>,
        is_stored: bool,
    ) -> BoxFuture<'a, Result<Option<String>>>;

    /// Takes a stored answer for what was written.
    fn replay(&self, answer: &str) -> Result<()>;
}

/// A command whose stages are run one after another, the transaction perhaps several times.
pub(super) struct StagedRun<C: StagedCommand> {
    command: C,
    prepared: OnceLock<C::Prepared>,
    written: Mutex<Option<C::Written>>,
}

impl<C: StagedCommand> StagedRun<C> {
    pub(super) fn new(command: C) -> Arc<Self> {
        Arc::new(Self {
            command,
            prepared: OnceLock::new(),
            written: Mutex::new(None),
        })
    }

    /// Makes the answer of what was written.
    ///
    /// # Errors
    /// Those of [`StagedCommand::finish`].
    pub(super) fn finish(&self, components: &Components) -> Result<C::Output> {
        let written = self.written.lock().take();
        let written = written.ok_or_else(|| Error::bug("a command that succeeded left no answer"))?;
        C::finish(written, components)
    }
}

impl<C: StagedCommand> ErasedCommand for StagedRun<C> {
    fn declaration(&self) -> Declaration {
        const { Declaration::of::<C>() }
    }

    fn command_declaration(&self) -> CommandDeclaration {
        const {
            assert!(
                !(C::SECRET_ANSWER && C::IDEMPOTENT),
                "an answer with secrets is never stored, so it cannot be replayed"
            );
        };
        CommandDeclaration {
            is_idempotent: C::IDEMPOTENT,
            isolation: C::ISOLATION,
            records_no_event: C::RECORDS_NO_EVENT,
        }
    }

    fn validate(&self) -> Result<(), ValidationErrors> {
        self.command.validate()
    }

    fn prepare<'a>(&'a self, cx: &'a PrepareContext<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let prepared = self.command.prepare(cx).await?;
            let again = |_| Error::bug("a command was prepared twice");
            self.prepared.set(prepared).map_err(again)
        })
    }

    fn run<'a, 'w: 'a>(
        &'a self,
        cx: &'a mut CommandContext<'w>,
        is_stored: bool,
    ) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            let prepared = self.prepared.get().cloned();
            let prepared = prepared.ok_or_else(|| Error::bug("a command ran that was not prepared"))?;
            let written = self.command.clone().run(prepared, cx).await?;
            let answer = is_stored.then(|| serde_json::to_string(&written));
            let answer = answer.transpose().map_err(Error::internal)?;
            *self.written.lock() = Some(written);
            Ok(answer)
        })
    }

    fn replay(&self, answer: &str) -> Result<()> {
        let written = serde_json::from_str(answer).map_err(Error::internal)?;
        *self.written.lock() = Some(written);
        Ok(())
    }
}
