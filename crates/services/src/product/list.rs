//! Lists products.

use crate::list::{FilterShape, ListFilter, ListParams, ListQuery, SortKey, set};
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::product::{Product, ProductStatus};
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

impl ListQuery for ListProducts {
    type Item = Product;
    type Filter = ProductFilter;
    type Sort = ProductSort;
    const FILTERS: &'static [ListFilter<ProductFilter>] = &[
        ListFilter::new("category", "", FilterShape::Text, |filter, text| {
            set::text(&mut filter.category, text)
        }),
        ListFilter::new(
            "q",
            "Words in the name or the description.",
            FilterShape::Text,
            |filter, text| set::text(&mut filter.q, text),
        ),
        ListFilter::new(
            "status",
            "all but `active` are shown to holders of `update:product` only.",
            FilterShape::Words(ProductStatus::NAMES),
            |filter, text| set::word(&mut filter.status, text),
        ),
    ];

    fn list(params: ListParams<ProductFilter, ProductSort>) -> Self {
        let ListParams { filter, sort, page } = params;
        Self { filter, sort, page }
    }
}

impl SortKey for ProductSort {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("createdAt", Self::CreatedAt),
        ("price", Self::Price),
        ("name", Self::Name),
    ];
    const DEFAULT: (Self, bool) = (Self::CreatedAt, true);
}

impl Query for ListProducts {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<Product>> {
        let scope = cx.scope();
        cx.products()
            .list(&scope, &self.filter, self.sort, &self.page)
            .await
    }
}
