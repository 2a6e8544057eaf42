//! What a use case works with: a write transaction ([`CommandContext`]), a read-only snapshot ([`QueryContext`]), or
//! work outside of any transaction ([`PrepareContext`]).

use crate::access::directory::AccessChange;
use crate::audit::WriterLease;
use crate::job::{new_job, registry::JobSpec};
use crate::request_context::RequestContext;
use crate::services::Services;
use crate::use_case::BackgroundJob;
use mainstay_domain::access::{self, Action, Caller, Permit, Resource, Scope, SystemCaller};
use mainstay_domain::audit::{Actor, AuditEntry};
use mainstay_domain::event::{DomainEvent, OutboxEvent};
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::product::Product;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::cache::Ticket;
use mainstay_platform::database::{ReadMode, Tx};
use mainstay_repositories as repositories;
use mainstay_repositories::DeferredWrites;
use std::sync::Arc;
use uuid::Uuid;

macro_rules! repositories {
    ($($(#[$meta:meta])* $method:ident: $repository:ident;)*) => {
        /// The repositories, all over the one transaction or snapshot.
        pub trait Repositories {
            /// The transaction itself, for the repositories of resources defined outside this crate.
            fn tx(&mut self) -> &mut Tx;
            $($(#[$meta])* fn $method(&mut self) -> repositories::$repository<'_> {
                repositories::$repository::new(self.tx())
            })*
        }
    };
}

repositories! {
    /// Accounts.
    users: Users;
    /// Password hashes.
    credentials: Credentials;
    /// The numbered changes of roles, permissions and sessions.
    access_changes: AccessChanges;
    /// Roles.
    roles: Roles;
    /// Sessions.
    sessions: Sessions;
    /// Products.
    products: Products;
    /// Orders.
    orders: Orders;
    /// Payments.
    payments: Payments;
    /// The audit trail.
    audit: Audit;
    /// Jobs.
    jobs: Jobs;
    /// Events that wait for the relay.
    outbox: Outbox;
    /// Idempotency records.
    idempotency: Idempotency;
    /// Signing keys.
    signing_keys: SigningKeys;
    /// Tokens of links that work once.
    one_time_tokens: OneTimeTokens;
    /// Denied attempts.
    security_events: SecurityEvents;
}

/// An open write transaction: everything written through it is committed together or not at all.
pub struct CommandContext<'w> {
    tx: &'w mut Tx,
    services: &'w Services,
    cx: &'w RequestContext,
    now: Timestamp,
    /// Entries to be numbered and authenticated with the last batch.
    entries: Vec<AuditEntry>,
    writer: &'w WriterLease,
    pub(crate) tail: DeferredWrites,
    pub(crate) changes: Changes,
}

/// The effects of a committed transaction on this node: cache invalidation, access changes, wake-ups, refusals to count.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) stories: usize,
    pub(crate) jobs: usize,
    pub(crate) access: Vec<AccessChange>,
    pub(crate) keys: bool,
    /// Changed rows that caches may hold, by resource name and id.
    pub(crate) rows: Vec<(&'static str, Uuid)>,
    pub(crate) refused: Vec<(RequestContext, &'static str, Error)>,
}

impl Repositories for CommandContext<'_> {
    fn tx(&mut self) -> &mut Tx {
        self.tx
    }
}

impl<'w> CommandContext<'w> {
    pub(crate) fn new(
        tx: &'w mut Tx,
        services: &'w Services,
        cx: &'w RequestContext,
        now: Timestamp,
        writer: &'w WriterLease,
    ) -> Self {
        writer.restart();
        Self {
            tx,
            services,
            cx,
            now,
            entries: Vec::new(),
            writer,
            tail: DeferredWrites::new(),
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

    /// The services that use cases share: settings, keys, hashing.
    pub fn services(&self) -> &Services {
        self.services
    }

    /// Makes a new id from the transaction's instant.
    pub fn make_id<T>(&self) -> Id<T> {
        Id::make(self.now, self.random())
    }

    /// The source of randomness.
    pub fn random(&self) -> &dyn Random {
        &*self.services.parts().random
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

    /// Records what happened: an audit entry and an event, written in the last batch of the transaction.
    pub fn record<T: Resource>(&mut self, permit: Permit<T>, story: DomainEvent) {
        let (resource_id, owner) = (permit.id().to_string(), permit.owner());
        let written = story.written();
        let request_id = self.cx.request_id.as_deref().map(str::to_owned);
        let (actor, agent) = match &self.cx.caller {
            Caller::User(_) => (Actor::User, self.cx.origin.user_agent.as_deref()),
            Caller::System(part) => (Actor::System, Some(part.name())),
            Caller::Anonymous => (Actor::System, self.cx.origin.user_agent.as_deref()),
        };
        self.entries.push(AuditEntry {
            id: self.make_id(),
            at: self.now,
            user_id: self.cx.caller.user_id(),
            actor,
            action: story.verb.to_owned(),
            resource: T::NAME.to_owned(),
            resource_id: resource_id.clone(),
            before: written.before,
            after: written.after,
            ip: self.cx.origin.ip.map(|ip| ip.to_string()),
            user_agent: agent.map(str::to_owned),
            request_id: request_id.clone(),
        });
        self.tail.event(OutboxEvent {
            id: self.make_id(),
            at: self.now,
            kind: story.kind.to_owned(),
            resource: T::NAME.to_owned(),
            resource_id,
            owner,
            user_id: self.cx.caller.user_id(),
            request_id,
            payload: written.payload,
        });
        self.changes.stories += 1;
    }

    /// Enqueues a background job, written in the last batch of the transaction.
    ///
    /// # Errors
    /// `Internal` when the job cannot be serialized.
    pub fn enqueue<J: BackgroundJob>(&mut self, job: &J) -> Result<()> {
        let spec = JobSpec::of(job)?;
        let row = new_job(spec, self.now, self.random(), self.cx.request_id.as_deref());
        self.tail.job(row);
        self.changes.jobs += 1;
        Ok(())
    }

    /// Notes a change of permissions, roles or sessions, which this node's directory applies after the commit.
    pub fn access_changed(&mut self, change: AccessChange) {
        self.changes.access.push(change);
    }

    /// Notes that the signing keys changed.
    pub fn keys_changed(&mut self) {
        self.changes.keys = true;
    }

    /// Notes a refusal that has to be committed, such as the end of a session. It is counted once, after the commit.
    pub(crate) fn refused(&mut self, operation: &'static str, error: Error) {
        self.changes.refused.push((self.cx.clone(), operation, error));
    }

    /// Writes the recorded entries, events and jobs; the last statements of the transaction.
    pub(crate) async fn flush_deferred(&mut self) -> Result<repositories::FlushOutcome> {
        let mut tail = std::mem::take(&mut self.tail);
        let entries = std::mem::take(&mut self.entries);
        if !entries.is_empty() {
            let writers = self.services.audit_writers();
            let (entries, end) = writers.authenticate(self.writer, entries, self.now, self.random());
            entries.into_iter().for_each(|entry| tail.audit(entry));
            tail.audit_writer(end);
        }
        let written = tail.flush(self.tx).await?;
        self.changes.rows = self.tx.take_changed();
        Ok(written)
    }

    pub(crate) fn check_recorded(&self, quiet: bool, name: &str) -> Result<()> {
        if !quiet && self.changes.stories == 0 && self.tx.stats().changed_rows > 0 {
            return Err(Error::bug(format!(
                "{name} changed rows and recorded no domain event"
            )));
        }
        Ok(())
    }
}

/// A read-only snapshot of the database, for one query.
pub struct QueryContext<'v> {
    tx: &'v mut Tx,
    services: &'v Services,
    cx: &'v RequestContext,
    now: Timestamp,
    ticket: Ticket,
}

impl Repositories for QueryContext<'_> {
    fn tx(&mut self) -> &mut Tx {
        self.tx
    }
}

impl<'v> QueryContext<'v> {
    pub(crate) fn new(
        tx: &'v mut Tx,
        services: &'v Services,
        cx: &'v RequestContext,
        now: Timestamp,
        ticket: Ticket,
    ) -> Self {
        Self {
            tx,
            services,
            cx,
            now,
            ticket,
        }
    }

    /// Caches a product that was read, so that the next read of it needs no query.
    pub(crate) fn cache_product(&self, product: &Arc<Product>) {
        self.services.caches().cache_product(self.ticket, product);
    }

    /// The instant of this snapshot.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The caller of this use case.
    pub fn caller(&self) -> &Caller {
        &self.cx.caller
    }

    /// The services that use cases share.
    pub fn services(&self) -> &Services {
        self.services
    }

    /// The rows of a resource that the caller may read.
    pub fn scope<T: Resource>(&self) -> Scope<T> {
        access::scope(&self.cx.caller)
    }

    /// The rows on which the caller may perform an action.
    pub fn scope_to<T: Resource>(&self, action: Action) -> Scope<T> {
        access::scope_to(&self.cx.caller, action)
    }

    /// The rows that a part of Mainstay may read.
    pub fn scope_of<T: Resource>(&self, part: SystemCaller) -> Scope<T> {
        access::scope(&Caller::System(part))
    }
}

/// Work outside of a transaction: hashing passwords and calling other servers.
pub struct PrepareContext<'o> {
    services: &'o Services,
    cx: &'o RequestContext,
}

impl<'o> PrepareContext<'o> {
    pub(crate) fn new(services: &'o Services, cx: &'o RequestContext) -> Self {
        Self { services, cx }
    }

    /// The current instant; each call reads the clock.
    pub fn now(&self) -> Timestamp {
        self.services.now()
    }

    /// The request's context: caller, origin, request id, idempotency key.
    pub fn context(&self) -> &RequestContext {
        self.cx
    }

    /// The services that use cases share.
    pub fn services(&self) -> &Services {
        self.services
    }

    /// Reads from the database in a snapshot of its own.
    ///
    /// # Errors
    /// Those of `read`, and those of the database.
    pub async fn read<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut QueryContext<'_>) -> futures_util::future::BoxFuture<'t, Result<T>>
            + Send
            + 'static,
    {
        self.services.read(self.cx, ReadMode::InPlace, read).await
    }
}
