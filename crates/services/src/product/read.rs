//! Reads one product.

use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::id::ProductId;
use mainstay_domain::product::Product;
use mainstay_engine::{CacheView, Query, QueryContext, UseCase};
use mainstay_platform::database::ReadMode;
use std::sync::Arc;

/// Reads one product; drafts and archived ones for staff only.
#[derive(Debug, Clone)]
pub struct ReadProduct {
    /// The product to read.
    pub id: ProductId,
}

impl UseCase for ReadProduct {
    const NAME: &'static str = "product.read";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(6000);
    type Output = Arc<Product>;
}

impl Query for ReadProduct {
    const READ: ReadMode = ReadMode::Single;

    fn cached(&self, cached: &CacheView<'_>) -> Option<Arc<Product>> {
        cached.get::<Product>(self.id)
    }

    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Arc<Product>> {
        let scope = cx.scope();
        let product = Arc::new(cx.products().find(&scope, self.id).await?);
        cx.cache(&product);
        Ok(product)
    }
}
