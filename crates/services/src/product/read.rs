//! Reads one product.

use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::id::ProductId;
use mainstay_domain::product::Product;
use mainstay_platform::database::ReadMode;

/// One product; drafts and archived ones for staff only.
#[derive(Debug, Clone)]
pub struct ReadProduct {
    /// Which.
    pub id: ProductId,
}

impl UseCase for ReadProduct {
    const NAME: &'static str = "product.read";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(6000);
    type Output = Product;
}

impl Query for ReadProduct {
    const READ: ReadMode = ReadMode::InPlace;

    async fn run(self, view: &mut View<'_>) -> Result<Product> {
        let scope = view.scope();
        view.products().find(&scope, self.id).await
    }
}
