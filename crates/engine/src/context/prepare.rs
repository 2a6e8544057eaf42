//! The context of a command's preparation: work outside of any transaction.

use super::query::{self, QueryContext};
use super::repositories::Repositories;
use crate::components::Components;
use crate::request_context::RequestContext;
use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::access::{self, Caller, Resource, Scope, SystemCaller};
use mainstay_domain::id::UserId;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Isolation, ReadMode, Tx};
use std::sync::Arc;

/// Work outside of a transaction: hashing passwords and calling other servers.
pub struct PrepareContext<'o> {
    components: &'o Arc<Components>,
    cx: &'o RequestContext,
    operation: &'static str,
}

/// A transaction of a preparation's own, over tables of Mainstay's own: it has no permits, so it cannot change a
/// resource.
pub struct PrepareWrite<'t> {
    tx: &'t mut Tx,
}

impl Repositories for PrepareWrite<'_> {
    fn tx(&mut self) -> &mut Tx {
        self.tx
    }
}

impl PrepareWrite<'_> {
    /// The rows of a resource that a part of Mainstay may read.
    pub fn scope_of<T: Resource>(&self, part: SystemCaller) -> Scope<T> {
        access::scope(&Caller::System(part))
    }
}

impl<'o> PrepareContext<'o> {
    pub(crate) fn new(
        components: &'o Arc<Components>,
        cx: &'o RequestContext,
        operation: &'static str,
    ) -> Self {
        Self {
            components,
            cx,
            operation,
        }
    }

    /// The name of the use case that prepares.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// The source of randomness.
    pub fn random(&self) -> &dyn Random {
        &*self.components.node.random
    }

    /// The account that the request is about: the one that it [concerns](Self::concerns), or else the caller's.
    pub fn account(&self) -> Option<UserId> {
        self.cx.notes.account().or_else(|| self.cx.caller.user_id())
    }

    /// Notes which account the client tries to prove its own, so that tries are counted for it and security events of
    /// anonymous callers name it.
    pub fn concerns(&self, account: UserId) {
        self.cx.notes.set_account(account);
    }

    /// The current instant; each call reads the clock.
    pub fn now(&self) -> Timestamp {
        self.components.node.now()
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

    /// Reads from the database in a snapshot of its own.
    ///
    /// # Errors
    /// Those of `body`, and those of the database.
    pub async fn read<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut QueryContext<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        query::read(self.components, self.cx, ReadMode::InPlace, body).await
    }

    /// Writes to tables of Mainstay's own, in a small transaction that is committed before the preparation goes on,
    /// whatever becomes of the use case. The body may run more than once.
    ///
    /// # Errors
    /// Those of `body`, whose changes are then undone, and those of the database.
    pub async fn write<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> Fn(PrepareWrite<'t>) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        let (components, notes) = (Arc::clone(self.components), Arc::clone(&self.cx.notes));
        let (body, deadline) = (Arc::new(body), self.cx.deadline);
        let database = &self.components.node.database;
        database
            .write(Isolation::ReadCommitted, move |tx| {
                let (body, components, notes) =
                    (Arc::clone(&body), Arc::clone(&components), Arc::clone(&notes));
                Box::pin(async move {
                    tx.set_deadline(deadline);
                    let out = body(PrepareWrite { tx: &mut *tx }).await;
                    components.node.used(tx.stats());
                    notes.add(tx.stats());
                    out
                })
            })
            .await
    }
}
