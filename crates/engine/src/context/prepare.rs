//! The context of a command's preparation: work outside of any transaction.

use super::query::{self, QueryContext};
use crate::components::Components;
use crate::request_context::RequestContext;
use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::ReadMode;
use std::sync::Arc;

/// Work outside of a transaction: hashing passwords and calling other servers.
pub struct PrepareContext<'o> {
    components: &'o Arc<Components>,
    cx: &'o RequestContext,
}

impl<'o> PrepareContext<'o> {
    pub(crate) fn new(components: &'o Arc<Components>, cx: &'o RequestContext) -> Self {
        Self { components, cx }
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
}
