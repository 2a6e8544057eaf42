//! Lists products.

use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::product::Product;
use mainstay_engine::{Query, QueryContext, UseCase};
use mainstay_repositories::{ProductFilter, ProductSort};

/// Lists products by category or words; drafts and archived ones for staff only.
#[derive(Debug, Clone)]
pub struct ListProducts {
    /// The conditions that listed products meet.
    pub filter: ProductFilter,
    /// The sort key, and whether the order is descending.
    pub sort: (ProductSort, bool),
    /// The page to return.
    pub page: PageRequest,
}

impl UseCase for ListProducts {
    const NAME: &'static str = "product.list";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(1200);
    type Output = Page<Product>;
}

impl Query for ListProducts {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<Product>> {
        let scope = cx.scope();
        cx.products()
            .list(&scope, &self.filter, self.sort, &self.page)
            .await
    }
}
