//! One attempt at a command's transaction. It may run again, so it owns what it needs.

use super::erased::ErasedCommand;
use super::idempotency;
use crate::audit::WriterLease;
use crate::components::Components;
use crate::context::{Changes, CommandContext};
use crate::request_context::RequestContext;
use futures_util::future::BoxFuture;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{DatabaseError, Tx};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The result of a committed attempt.
pub(super) struct Outcome {
    pub(super) changes: Changes,
    pub(super) replayed: bool,
}

/// A command with its context, ready to run as often as the database requires.
pub(super) struct Attempt {
    components: Arc<Components>,
    cx: RequestContext,
    command: Arc<dyn ErasedCommand>,
    writer: Arc<WriterLease>,
    tries: AtomicU32,
}

impl Attempt {
    pub(super) fn new(
        components: Arc<Components>,
        cx: RequestContext,
        command: Arc<dyn ErasedCommand>,
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
    pub(super) fn run<'t>(&self, tx: &'t mut Tx) -> BoxFuture<'t, Result<Outcome>> {
        let (components, cx) = (Arc::clone(&self.components), self.cx.clone());
        let command = Arc::clone(&self.command);
        let writer = Arc::clone(&self.writer);
        let tries = self.tries.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            tx.set_deadline(cx.deadline);
            let out = body(&components, &cx, &*command, tries > 0, &writer, tx).await;
            components.node.used(tx.stats());
            cx.notes.add(tx.stats());
            out
        })
    }
}

async fn body(
    components: &Components,
    cx: &RequestContext,
    command: &dyn ErasedCommand,
    again: bool,
    writer: &WriterLease,
    tx: &mut Tx,
) -> Result<Outcome> {
    let (now, name) = (components.node.now(), command.declaration().name);
    let declared = command.command_declaration();
    let mut context = CommandContext::new(tx, components, cx, now, writer);
    let key = cx
        .idempotency
        .as_ref()
        .filter(|_| declared.is_idempotent)
        .zip(cx.caller.user_id());
    // The conflict may have been with the same request on another node.
    if let Some((key, user)) = key.filter(|_| again)
        && let Some(answer) = idempotency::find(&mut context, name, user, key, now).await?
    {
        command.replay(&answer?)?;
        return Ok(Outcome {
            changes: context.changes,
            replayed: true,
        });
    }
    let answer = command.run(&mut context, key.is_some()).await?;
    context.check_recorded(declared.records_no_event, name)?;
    if let Some(((key, user), answer)) = key.zip(answer) {
        let record = idempotency::success(name, user, key, answer, now);
        context.deferred.idempotency(record);
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
        changes: context.changes,
        replayed: false,
    })
}
