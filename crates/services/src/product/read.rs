//! Reads one product.

use crate::cache::Known;
use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::id::ProductId;
use mainstay_domain::product::Product;
use mainstay_platform::database::ReadMode;
use std::sync::Arc;

/// Reads one product; drafts and archived ones for staff only.
#[derive(Debug, Clone)]
pub struct ReadProduct {
    /// The product.
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

    fn known(&self, known: &Known<'_>) -> Option<Arc<Product>> {
        known.product(self.id)
    }

    async fn run(self, view: &mut View<'_>) -> Result<Arc<Product>> {
        let scope = view.scope();
        let product = Arc::new(view.products().find(&scope, self.id).await?);
        view.keep_product(&product);
        Ok(product)
    }
}
