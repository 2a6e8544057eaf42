//! In-memory caches of rows that this node has read recently.

use crate::request_context::RequestContext;
use crate::services::Services;
use mainstay_domain::access::{self, Resource, Scope};
use mainstay_domain::id::ProductId;
use mainstay_domain::product::Product;
use mainstay_domain::time::Timestamp;
use mainstay_platform::cache::{Cache, Ticket};
use mainstay_platform::database::Engine;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long a cached row is served. A change made by this process drops it at once; the limit is for another process
/// that writes to the same SQLite file.
const ROW_RETENTION: Duration = Duration::from_secs(1);
const MAX_PRODUCTS: usize = 10_000;

/// The caches of a node. On PostgreSQL they hold nothing: the node is not notified of what other nodes change.
pub(crate) struct Caches {
    products: Cache<ProductId, Product>,
}

impl Caches {
    pub(crate) fn new(engine: Engine) -> Self {
        let retention = match engine {
            Engine::Sqlite => ROW_RETENTION,
            Engine::Postgres => Duration::ZERO,
        };
        Self {
            products: Cache::new(MAX_PRODUCTS, retention),
        }
    }

    /// Must be taken before the snapshot that a cached row is read from.
    pub(crate) fn ticket(&self, now: Timestamp) -> Ticket {
        self.products.ticket(now)
    }

    pub(crate) fn cache_product(&self, ticket: Ticket, product: &Arc<Product>) {
        self.products.fill(ticket, product.id, Arc::clone(product));
    }

    /// Drops a changed row, if rows of this resource are cached.
    pub(crate) fn changed(&self, noun: &'static str, id: Uuid) {
        if noun == Product::NAME {
            self.products.drop_entry(&ProductId::from_uuid(id));
        }
    }
}

/// The caches as one caller sees them: a cached row is returned only if the caller's scope includes it.
pub struct CacheView<'k> {
    services: &'k Services,
    cx: &'k RequestContext,
}

impl<'k> CacheView<'k> {
    pub(crate) fn new(services: &'k Services, cx: &'k RequestContext) -> Self {
        Self { services, cx }
    }

    /// The cached product, if it is fresh and in the caller's scope.
    pub fn product(&self, id: ProductId) -> Option<Arc<Product>> {
        let scope: Scope<Product> = access::scope(&self.cx.caller);
        let caches = self.services.caches();
        let product = caches.products.get(&id, self.services.now())?;
        scope.shows(&product).then_some(product)
    }
}
