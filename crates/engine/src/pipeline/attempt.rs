//! One attempt at a command's transaction. It may run again, so it owns what it needs.

use super::idempotency;
use crate::audit::WriterLease;
use crate::components::Components;
use crate::context::{Changes, CommandContext};
use crate::request_context::RequestContext;
use crate::use_case::StagedCommand;
use futures_util::future::BoxFuture;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{DatabaseError, Tx};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The result of a committed attempt.
pub(super) struct Outcome<T> {
    pub(super) output: T,
    pub(super) changes: Changes,
    pub(super) replayed: bool,
}

/// A command with its context, ready to run as often as the database requires.
pub(super) struct Attempt<C: StagedCommand> {
    components: Arc<Components>,
    cx: RequestContext,
    /// With the result of its preparation.
    command: (C, C::Prepared),
    writer: Arc<WriterLease>,
    tries: AtomicU32,
}

impl<C: StagedCommand> Attempt<C> {
    pub(super) fn new(
        components: Arc<Components>,
        cx: RequestContext,
        command: (C, C::Prepared),
        writer: Arc<WriterLease>,
    ) -> Self {
        Self {
            components,
            cx,
            command,
            writer,
            tries: AtomicU32::new(0),
        }
    }

    /// The body of the transaction.
    pub(super) fn run<'t>(&self, tx: &'t mut Tx) -> BoxFuture<'t, Result<Outcome<C::Written>>> {
        let (components, cx) = (Arc::clone(&self.components), self.cx.clone());
        let command = self.command.clone();
        let writer = Arc::clone(&self.writer);
        let tries = self.tries.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            tx.set_deadline(cx.deadline);
            let out = body(&components, &cx, command, tries > 0, &writer, tx).await;
            components.node.used(tx.stats());
            cx.notes.add(tx.stats());
            out
        })
    }
}

async fn body<C: StagedCommand>(
    components: &Components,
    cx: &RequestContext,
    (command, prepared): (C, C::Prepared),
    again: bool,
    writer: &WriterLease,
    tx: &mut Tx,
) -> Result<Outcome<C::Written>> {
    let now = components.node.now();
    let mut context = CommandContext::new(tx, components, cx, now, writer);
    let key = cx
        .idempotency
        .as_ref()
        .filter(|_| C::IDEMPOTENT)
        .zip(cx.caller.user_id());
    // The conflict may have been with the same request on another node.
    if let Some((key, user)) = key.filter(|_| again)
        && let Some(answer) = idempotency::find::<C>(&mut context, user, key, now).await?
    {
        return answer.map(|output| Outcome {
            output,
            changes: context.changes,
            replayed: true,
        });
    }
    let output = command.run(prepared, &mut context).await?;
    context.check_recorded(C::RECORDS_NO_EVENT, C::NAME)?;
    if let Some((key, user)) = key {
        context
            .deferred
            .idempotency(idempotency::success::<C>(user, key, &output, now)?);
    }
    if let Some(lease) = cx.lease {
        context.deferred.finish_job(lease, now);
    }
    let written = context.flush_deferred().await?;
    if written.idempotency_taken {
        // Another node answered the same request first: run again, and find its answer.
        return Err(DatabaseError::Retry.into());
    }
    if written.writer_gone {
        tracing::error!(
            "the record of a writer of audit entries is gone from the database; another writer goes on"
        );
        writer.retire();
        return Err(DatabaseError::Retry.into());
    }
    if written.lease_lost {
        return Err(Error::Conflict("the job was given to another worker".to_owned()));
    }
    Ok(Outcome {
        output,
        changes: context.changes,
        replayed: false,
    })
}
