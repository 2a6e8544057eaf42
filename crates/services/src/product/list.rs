//! Lists products.

use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::page::{Listing, Page};
use mainstay_domain::product::Product;
use mainstay_repositories::{ProductFilter, ProductSort};

/// Lists products by category or words; drafts and archived ones for staff only.
#[derive(Debug, Clone)]
pub struct ListProducts {
    /// The conditions that listed products meet.
    pub filter: ProductFilter,
    /// The sort key, and whether the order is descending.
    pub sort: (ProductSort, bool),
    /// The page to return.
    pub page: Page,
}

impl UseCase for ListProducts {
    const NAME: &'static str = "product.list";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(1200);
    type Output = Listing<Product>;
}

impl Query for ListProducts {
    async fn run(self, view: &mut View<'_>) -> Result<Listing<Product>> {
        let scope = view.scope();
        view.products()
            .list(&scope, &self.filter, self.sort, &self.page)
            .await
    }
}
