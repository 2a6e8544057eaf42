//! The context of a command: a write transaction, and what the command records and enqueues in it.

use super::changes::{Changes, Suspicion};
use super::repositories::Repositories;
use crate::access::AccessChange;
use crate::audit::WriterLease;
use crate::components::Components;
use crate::job::{BackgroundJob, JobSpec, new_job};
use crate::request_context::RequestContext;
use mainstay_domain::access::{
    self, Action, Caller, Credential, Permit, Principal, Resource, Scope, SystemCaller,
};
use mainstay_domain::audit::{Actor, AuditEntry};
use mainstay_domain::event::{DomainEvent, OutboxEvent};
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::random::Random;
use mainstay_domain::security::SecurityEventKind;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::Tx;
use mainstay_repositories::{DeferredWrites, FlushOutcome};
use std::sync::Arc;

/// An open write transaction: everything written through it is committed together or not at all.
pub struct CommandContext<'w> {
    tx: &'w mut Tx,
    components: &'w Components,
    cx: &'w RequestContext,
    now: Timestamp,
    /// Entries to be numbered and authenticated with the last batch.
    entries: Vec<AuditEntry>,
    writer: &'w WriterLease,
    /// The account that proved itself in this transaction, where the caller was not signed in.
    actor: Option<UserId>,
    pub(crate) deferred: DeferredWrites,
    pub(crate) changes: Changes,
}

impl Repositories for CommandContext<'_> {
    fn tx(&mut self) -> &mut Tx {
        self.tx
    }
}

impl<'w> CommandContext<'w> {
    pub(crate) fn new(
        tx: &'w mut Tx,
        components: &'w Components,
        cx: &'w RequestContext,
        now: Timestamp,
        writer: &'w WriterLease,
    ) -> Self {
        writer.restart();
        Self {
            tx,
            components,
            cx,
            now,
            entries: Vec::new(),
            writer,
            actor: None,
            deferred: DeferredWrites::new(),
            changes: Changes::default(),
        }
    }

    /// The instant of this transaction: every call returns the same one.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The caller of this use case.
    pub fn caller(&self) -> &Caller {
        &self.cx.caller
    }

    /// The request's context: caller, origin, request id, idempotency key.
    pub fn context(&self) -> &RequestContext {
        self.cx
    }

    /// What use cases share: keys, hashing, settings.
    pub fn components(&self) -> &Components {
        self.components
    }

    /// A port or a setting of the product, by its type.
    ///
    /// # Errors
    /// `INTERNAL_ERROR`, which names the type, when the composition root did not insert one.
    pub fn extension<T: ?Sized + Send + Sync + 'static>(&self) -> Result<&Arc<T>> {
        self.components.extensions.get()
    }

    /// Makes a new id from the transaction's instant.
    pub fn make_id<T>(&self) -> Id<T> {
        Id::make(self.now, self.random())
    }

    /// The source of randomness.
    pub fn random(&self) -> &dyn Random {
        &*self.components.node.random
    }

    /// The rows of a resource that the caller may read.
    pub fn scope<T: Resource>(&self) -> Scope<T> {
        access::scope(&self.cx.caller)
    }

    /// The rows on which the caller may perform an action.
    pub fn scope_to<T: Resource>(&self, action: Action) -> Scope<T> {
        access::scope_to(&self.cx.caller, action)
    }

    /// The rows that a part of Mainstay may read, where the caller is not known yet or the work is not the caller's.
    pub fn scope_of<T: Resource>(&self, part: SystemCaller) -> Scope<T> {
        access::scope(&Caller::System(part))
    }

    /// Permits the caller to perform an action on a row.
    ///
    /// # Errors
    /// The policy denies it.
    pub fn permit<T: Resource>(&self, action: Action, row: &T) -> Result<Permit<T>> {
        access::permit(&self.cx.caller, action, row)
    }

    /// Permits the caller to create a row of which only the id and the owner are known yet.
    ///
    /// # Errors
    /// The policy denies it.
    pub fn permit_new<T: Resource>(
        &self,
        action: Action,
        id: Id<T>,
        owner: Option<UserId>,
    ) -> Result<Permit<T>> {
        access::permit_new(&self.cx.caller, action, id, owner)
    }

    /// Permits a part of Mainstay to perform an action on a row.
    ///
    /// # Errors
    /// The policy denies it.
    pub fn permit_of<T: Resource>(&self, part: SystemCaller, action: Action, row: &T) -> Result<Permit<T>> {
        access::permit(&Caller::System(part), action, row)
    }

    /// Attributes what is recorded from now on to an account that has proved itself in this transaction: a caller who
    /// signs in is not signed in yet. Changes nothing for a caller who is.
    pub fn act_for(&mut self, account: UserId) {
        self.actor = Some(account);
    }

    /// Records what happened: an audit entry and an event, written in the last batch of the transaction.
    pub fn record<T: Resource>(&mut self, permit: Permit<T>, event: DomainEvent) {
        let (resource_id, owner) = (permit.id().to_string(), permit.owner());
        let written = event.written();
        let request_id = self.cx.request_id.as_deref().map(str::to_owned);
        let agent = self.cx.origin.user_agent.as_deref();
        let (actor, user_id, agent) = match (&self.cx.caller, self.actor) {
            (Caller::User(principal), _) => (actor(principal), Some(principal.id), agent),
            (Caller::System(part), _) => (Actor::System, None, Some(part.name())),
            (Caller::Anonymous, Some(account)) => (Actor::User, Some(account), agent),
            (Caller::Anonymous, None) => (Actor::System, None, agent),
        };
        self.entries.push(AuditEntry {
            id: self.make_id(),
            at: self.now,
            user_id,
            actor,
            action: event.verb.to_owned(),
            resource: T::NAME.to_owned(),
            resource_id: resource_id.clone(),
            before: written.before,
            after: written.after,
            ip: self.cx.origin.ip.map(|ip| ip.to_string()),
            user_agent: agent.map(str::to_owned),
            request_id: request_id.clone(),
        });
        self.deferred.event(OutboxEvent {
            id: self.make_id(),
            at: self.now,
            kind: event.kind.to_owned(),
            resource: T::NAME.to_owned(),
            resource_id,
            owner,
            user_id,
            request_id,
            payload: written.payload,
        });
        self.changes.recorded_events += 1;
    }

    /// Enqueues a background job, written in the last batch of the transaction.
    ///
    /// # Errors
    /// `Internal` when the job cannot be serialized.
    pub fn enqueue<J: BackgroundJob>(&mut self, job: &J) -> Result<()> {
        let spec = JobSpec::of(job)?;
        let row = new_job(spec, self.now, self.random(), self.cx.request_id.as_deref());
        self.deferred.job(row);
        self.changes.jobs += 1;
        Ok(())
    }

    /// Notes a change of permissions, roles or sessions, which this node's directory applies after the commit.
    pub fn access_changed(&mut self, change: AccessChange) {
        self.changes.access.push(change);
    }

    /// The writes that are sent to the database together at the end of the transaction. A row that nothing in the
    /// transaction reads again costs no round trip of its own there.
    pub fn deferred(&mut self) -> &mut DeferredWrites {
        &mut self.deferred
    }

    /// Notes that jobs became due, so that this node's worker claims them at once.
    pub fn jobs_due(&mut self) {
        self.changes.jobs += 1;
    }

    /// Notes that the signing keys changed.
    pub fn keys_changed(&mut self) {
        self.changes.keys = true;
    }

    /// Notes a refusal that has to be committed, such as the end of a session. It is counted once, after the commit.
    pub fn refused(&mut self, operation: &'static str, error: Error) {
        self.changes.refused.push((self.cx.clone(), operation, error));
    }

    /// Notes a security event about an account that is no refusal. It is counted once, after the commit.
    pub fn suspected(&mut self, kind: SecurityEventKind, user: UserId, operation: &'static str) {
        let cx = self.cx.clone();
        self.changes.suspected.push(Suspicion {
            cx,
            kind,
            user,
            operation,
        });
    }

    /// Writes the recorded entries, events and jobs; the last statements of the transaction.
    pub(crate) async fn flush_deferred(&mut self) -> Result<FlushOutcome> {
        let mut deferred = std::mem::take(&mut self.deferred);
        let entries = std::mem::take(&mut self.entries);
        if !entries.is_empty() {
            let writers = &self.components.audit_writers;
            let (entries, end) = writers.authenticate(self.writer, entries, self.now, self.random());
            entries.into_iter().for_each(|entry| deferred.audit(entry));
            deferred.audit_writer(end);
        }
        let written = deferred.flush(self.tx).await?;
        self.changes.rows = self.tx.take_changed();
        Ok(written)
    }

    pub(crate) fn check_recorded(&self, quiet: bool, name: &str) -> Result<()> {
        if !quiet && self.changes.recorded_events == 0 && self.tx.stats().changed_rows > 0 {
            return Err(Error::bug(format!(
                "{name} changed rows and recorded no domain event"
            )));
        }
        Ok(())
    }
}

fn actor(principal: &Principal) -> Actor {
    match principal.credential {
        Credential::Session(_) => Actor::User,
        Credential::ApiKey(_) => Actor::ApiKey,
    }
}
