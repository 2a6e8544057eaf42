//! The representation of orders.

use super::MoneyView;
use mainstay_domain::id::{OrderId, ProductId, UserId};
use mainstay_domain::order::{Order, OrderItem, OrderStatus};
use mainstay_domain::product::Sku;
use mainstay_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order)]
pub struct OrderView {
    #[schema(value_type = String, format = Uuid)]
    id: OrderId,
    /// The order number for people.
    number: String,
    #[schema(value_type = String, format = Uuid)]
    user_id: UserId,
    #[schema(value_type = StatusShape)]
    status: OrderStatus,
    items: Vec<OrderItemView>,
    total: MoneyView,
    /// The amount that was refunded.
    refunded: MoneyView,
    /// Until when the stock is reserved while the order is not paid.
    #[schema(value_type = String, format = DateTime)]
    reserved_until: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// One line of an order, at the price when it was placed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderItem)]
pub struct OrderItemView {
    #[schema(value_type = String, format = Uuid)]
    product_id: ProductId,
    #[schema(value_type = String)]
    sku: Sku,
    name: String,
    quantity: u32,
    unit_price: MoneyView,
    total: MoneyView,
}

/// The status of an order.
#[derive(ToSchema)]
#[schema(as = OrderStatus, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum StatusShape {
    Pending,
    Paid,
    Fulfilled,
    Shipped,
    Delivered,
    Cancelled,
    Expired,
    Refunded,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        Self {
            id: order.id,
            number: order.number,
            user_id: order.user_id,
            status: order.status,
            items: order.items.into_iter().map(OrderItemView::from).collect(),
            total: order.total.into(),
            refunded: order.refunded.into(),
            reserved_until: order.reserved_until,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl From<OrderItem> for OrderItemView {
    fn from(item: OrderItem) -> Self {
        Self {
            product_id: item.product_id,
            sku: item.sku,
            name: item.name,
            quantity: item.quantity,
            unit_price: item.unit_price.into(),
            total: item.total.into(),
        }
    }
}
