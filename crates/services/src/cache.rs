//! What this node has read lately and may answer again without asking the database.

use crate::context::Context;
use crate::services::Services;
use mainstay_domain::access::{self, Guarded, Scope};
use mainstay_domain::id::{Id, ProductId};
use mainstay_domain::product::Product;
use mainstay_domain::time::Timestamp;
use mainstay_platform::cache::{Cache, Ticket};
use mainstay_platform::database::Engine;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long an answer is given again. Changes of this process drop it at once; this is for another process that writes
/// to the same file.
const KEPT: Duration = Duration::from_secs(1);
const MOST_PRODUCTS: usize = 10_000;

/// The caches of a node. On PostgreSQL they keep nothing: other nodes change what they cannot hear of yet.
pub(crate) struct Caches {
    products: Cache<ProductId, Product>,
}

impl Caches {
    pub(crate) fn new(engine: Engine) -> Self {
        let kept = match engine {
            Engine::Sqlite => KEPT,
            Engine::Postgres => Duration::ZERO,
        };
        Self {
            products: Cache::new(MOST_PRODUCTS, kept),
        }
    }

    /// To be taken before a snapshot that something may be kept from.
    pub(crate) fn ticket(&self, now: Timestamp) -> Ticket {
        self.products.ticket(now)
    }

    pub(crate) fn keep_product(&self, ticket: Ticket, product: &Arc<Product>) {
        self.products.fill(ticket, product.id, Arc::clone(product));
    }

    /// Forgets a row that was changed, if it is of a noun that is kept.
    pub(crate) fn changed(&self, noun: &'static str, id: Uuid) {
        if noun == Product::NOUN {
            self.products.drop_entry(&ProductId::from_uuid(id));
        }
    }
}

/// The caches as one caller sees them: what is kept is shown to those only who may see it.
pub struct Known<'k> {
    services: &'k Services,
    cx: &'k Context,
}

impl<'k> Known<'k> {
    pub(crate) fn new(services: &'k Services, cx: &'k Context) -> Self {
        Self { services, cx }
    }

    /// A product.
    pub fn product(&self, id: ProductId) -> Option<Arc<Product>> {
        let scope: Scope<Product> = access::scope(&self.cx.caller);
        let caches = self.services.caches();
        let product = caches.products.get(&id, self.services.now())?;
        scope.shows(&product).then_some(product)
    }
}
