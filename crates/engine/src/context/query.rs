//! The context of a query: a read-only snapshot.

use super::repositories::Repositories;
use crate::components::Components;
use crate::request_context::RequestContext;
use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::access::{self, Action, Caller, Resource, Scope, SystemCaller};
use mainstay_domain::time::Timestamp;
use mainstay_platform::cache::Ticket;
use mainstay_platform::database::{ReadMode, Tx};
use std::sync::Arc;

/// A read-only snapshot of the database, for one query.
pub struct QueryContext<'v> {
    tx: &'v mut Tx,
    components: &'v Components,
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
        components: &'v Components,
        cx: &'v RequestContext,
        now: Timestamp,
        ticket: Ticket,
    ) -> Self {
        Self {
            tx,
            components,
            cx,
            now,
            ticket,
        }
    }

    /// Caches a row that was read, so that the next read of it needs no query; where [`CachedResources`](crate::CachedResources)
    /// names its resource.
    pub fn cache<T: Resource>(&self, row: &Arc<T>) {
        self.components.caches.fill(self.ticket, row);
    }

    /// The instant of this snapshot.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The caller of this use case.
    pub fn caller(&self) -> &Caller {
        &self.cx.caller
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

/// Runs a function over a snapshot.
pub(crate) async fn read<T, F>(
    components: &Arc<Components>,
    cx: &RequestContext,
    mode: ReadMode,
    read: F,
) -> Result<T>
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t mut QueryContext<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
{
    let (database, now) = (&components.node.database, components.node.now());
    let (components, cx) = (Arc::clone(components), cx.clone());
    let ticket = components.caches.ticket(now);
    database
        .read(mode, move |tx| {
            Box::pin(async move {
                tx.set_deadline(cx.deadline);
                let mut view = QueryContext::new(tx, &components, &cx, now, ticket);
                let out = read(&mut view).await;
                components.node.used(tx.stats());
                cx.notes.add(tx.stats());
                out
            })
        })
        .await
}
