//! One attempt at a command's transaction. It may run again, so it owns what it needs.

use super::idempotency;
use crate::audit::WriterLease;
use crate::context::{Changes, CommandContext};
use crate::request_context::RequestContext;
use crate::services::Services;
use crate::use_case::Command;
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
pub(super) struct Attempt<C> {
    services: Services,
    cx: RequestContext,
    command: C,
    writer: Arc<WriterLease>,
    tries: AtomicU32,
}

impl<C: Command> Attempt<C> {
    pub(super) fn new(services: Services, cx: RequestContext, command: C, writer: Arc<WriterLease>) -> Self {
        Self {
            services,
            cx,
            command,
            writer,
            tries: AtomicU32::new(0),
        }
    }

    /// The body of the transaction.
    pub(super) fn run<'t>(&self, tx: &'t mut Tx) -> BoxFuture<'t, Result<Outcome<C::Output>>> {
        let (services, cx, command) = (self.services.clone(), self.cx.clone(), self.command.clone());
        let writer = Arc::clone(&self.writer);
        let tries = self.tries.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let out = body(&services, &cx, command, tries > 0, &writer, tx).await;
            services.used(&cx, tx.stats());
            out
        })
    }
}

async fn body<C: Command>(
    services: &Services,
    cx: &RequestContext,
    command: C,
    again: bool,
    writer: &WriterLease,
    tx: &mut Tx,
) -> Result<Outcome<C::Output>> {
    let now = services.now();
    let mut work = CommandContext::new(tx, services, cx, now, writer);
    let key = cx
        .idempotency
        .as_ref()
        .filter(|_| C::IDEMPOTENT)
        .zip(cx.caller.user_id());
    // The conflict may have been with the same request on another node.
    if let Some((key, user)) = key.filter(|_| again)
        && let Some(answer) = idempotency::find::<C>(&mut work, user, key, now).await?
    {
        return answer.map(|output| Outcome {
            output,
            changes: work.changes,
            replayed: true,
        });
    }
    let output = command.run(&mut work).await?;
    work.check_recorded(C::RECORDS_NO_EVENT, C::NAME)?;
    if let Some((key, user)) = key {
        work.tail
            .idempotency(idempotency::success::<C>(user, key, &output, now)?);
    }
    if let Some(lease) = cx.lease {
        work.tail.finish_job(lease, now);
    }
    let written = work.flush_deferred().await?;
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
        changes: work.changes,
        replayed: false,
    })
}
