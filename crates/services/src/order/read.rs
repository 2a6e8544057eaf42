//! Reads one order.

use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::id::OrderId;
use mainstay_domain::order::Order;
use mainstay_domain::state::ExpectedVersion;
use mainstay_engine::{ById, Query, QueryContext, UseCase};
use mainstay_platform::database::ReadMode;

/// Reads one order; another customer's is not found.
#[derive(Debug, Clone)]
pub struct ReadOrder {
    /// The order to read.
    pub id: OrderId,
}

impl UseCase for ReadOrder {
    const NAME: &'static str = "order.read";
    const ACCESS: Access = Access::signed_in();
    type Output = Order;
}

impl ById for ReadOrder {
    type Id = OrderId;

    fn by_id(id: OrderId, _expected: ExpectedVersion) -> Self {
        Self { id }
    }
}

impl Query for ReadOrder {
    const READ: ReadMode = ReadMode::InPlace;

    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Order> {
        let scope = cx.scope();
        cx.orders().find(&scope, self.id).await
    }
}
