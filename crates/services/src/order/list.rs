//! Lists orders.

use crate::list::{FilterShape, ListFilter, ListParams, ListQuery, SortKey, set};
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::order::{Order, OrderStatus};
use mainstay_domain::page::{Page, PageRequest};
use mainstay_engine::{Query, QueryContext, UseCase};
use mainstay_platform::database::ReadMode;
use mainstay_repositories::{OrderFilter, OrderSort};

/// Lists the caller's orders, or all customers' orders for a caller who may read them.
#[derive(Debug, Clone)]
pub struct ListOrders {
    /// The conditions that listed orders meet.
    pub filter: OrderFilter,
    /// The sort key, and whether the order is descending.
    pub sort: (OrderSort, bool),
    /// The page to return.
    pub page: PageRequest,
}

impl UseCase for ListOrders {
    const NAME: &'static str = "order.list";
    const ACCESS: Access = Access::signed_in();
    const RATE: Rate = Rate::per_minute(1200);
    type Output = Page<Order>;
}

impl ListQuery for ListOrders {
    type Item = Order;
    type Filter = OrderFilter;
    type Sort = OrderSort;
    const FILTERS: &'static [ListFilter<OrderFilter>] = &[
        ListFilter::new(
            "status",
            "",
            FilterShape::Words(OrderStatus::NAMES),
            |filter, text| set::word(&mut filter.status, text),
        ),
        ListFilter::new(
            "userId",
            "Of one customer; other customers than the caller for holders of `read:order` only.",
            FilterShape::Id,
            |filter, text| set::id(&mut filter.user_id, text),
        ),
    ];

    fn list(params: ListParams<OrderFilter, OrderSort>) -> Self {
        let ListParams { filter, sort, page } = params;
        Self { filter, sort, page }
    }
}

impl SortKey for OrderSort {
    const NAMES: &'static [(&'static str, Self)] = &[("createdAt", Self::CreatedAt)];
    const DEFAULT: (Self, bool) = (Self::CreatedAt, true);
}

impl Query for ListOrders {
    const READ: ReadMode = ReadMode::InPlace;

    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<Order>> {
        let scope = cx.scope();
        cx.orders()
            .list(&scope, &self.filter, self.sort, &self.page)
            .await
    }
}
