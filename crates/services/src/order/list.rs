//! Lists orders.

use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::order::Order;
use mainstay_domain::page::{Listing, Page};
use mainstay_platform::database::ReadMode;
use mainstay_repositories::{OrderFilter, OrderSort};

/// Lists the caller's orders; for a caller who may read all orders, everyone's.
#[derive(Debug, Clone)]
pub struct ListOrders {
    /// The conditions that listed orders meet.
    pub filter: OrderFilter,
    /// The sort key, and whether the order is descending.
    pub sort: (OrderSort, bool),
    /// The page to return.
    pub page: Page,
}

impl UseCase for ListOrders {
    const NAME: &'static str = "order.list";
    const ACCESS: Access = Access::signed_in();
    const RATE: Rate = Rate::per_minute(1200);
    type Output = Listing<Order>;
}

impl Query for ListOrders {
    const READ: ReadMode = ReadMode::InPlace;

    async fn run(self, view: &mut View<'_>) -> Result<Listing<Order>> {
        let scope = view.scope();
        view.orders()
            .list(&scope, &self.filter, self.sort, &self.page)
            .await
    }
}
