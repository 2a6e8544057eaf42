//! Orders.

use mainstay_domain::id::OrderId;
use mainstay_domain::order::{self, Line};
use mainstay_domain::text;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data, Tag};
use mainstay_edge::input::{IfMatch, Object, OptionalBody, PathId};
use mainstay_edge::routes::CreateInput;
use mainstay_edge::{Answer, Operation, Routes, route};
use mainstay_services::order::{CancelOrder, ListOrders, PlaceOrder, ReadOrder};
use mainstay_views::OrderView;
use serde::Deserialize;
use utoipa::ToSchema;

const REASON: usize = 500;

pub(crate) fn routes() -> Routes {
    Routes::tagged("orders")
        .create::<NewOrder, OrderView>(
            "/api/orders",
            "Places an order; its stock is reserved until it is paid or the reservation expires.",
            "Created",
        )
        .list::<ListOrders, OrderView>(
            "/api/orders",
            "Lists the caller's orders, or all customers' orders for holders of `read:order`.",
            "Orders",
        )
        .read::<ReadOrder, OrderView>("/api/orders/{id}", "Reads an order.", "The order")
        .add(route!(CancelOrder, cancel))
}

/// The products to order.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewOrder {
    #[schema(value_type = Vec<LineInput>, min_items = 1, max_items = 100)]
    items: Vec<Object<LineInput>>,
}

/// A product and its quantity.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LineInput {
    #[schema(format = Uuid)]
    product_id: String,
    #[schema(minimum = 1, maximum = 10000)]
    quantity: i64,
}

/// The reason, for the audit trail.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cancellation {
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl CreateInput for NewOrder {
    type UseCase = PlaceOrder;

    fn validate(self) -> Result<PlaceOrder, ValidationErrors> {
        let lines = lines(&self.items)?;
        Ok(PlaceOrder { lines })
    }
}

/// Cancels an order before it is shipped; a payment is refunded.
#[utoipa::path(post, path = "/api/orders/{id}/cancel", tag = "orders", request_body = Option<Cancellation>,
    params(("id" = String, Path, format = Uuid), ("If-Match" = Option<String>, Header, description = "The entity tag of the state to which the request applies")),
    responses((status = 200, description = "The changed order", body = Data<OrderView>)))]
async fn cancel(
    operation: Operation<CancelOrder>,
    PathId(id): PathId<OrderId>,
    IfMatch(expected): IfMatch,
    OptionalBody(input): OptionalBody<Cancellation>,
) -> Answer {
    let mut errors = ValidationErrors::new();
    let reason = errors.take_optional(
        "reason",
        input.reason.as_deref().map(|text| text::paragraph(text, REASON)),
    );
    errors.check()?;
    let order = operation.command(CancelOrder { id, reason, expected }).await?;
    let tag = Tag::of(order.version);
    Ok(tag.put(answer::data(&OrderView::from(order))?))
}

/// The lines, or everything that is wrong with them.
fn lines(items: &[Object<LineInput>]) -> Result<Vec<Line>, ValidationErrors> {
    let mut errors = ValidationErrors::new();
    let mut lines = Vec::with_capacity(items.len().min(order::MAX_LINES));
    // The use case refuses a list that is too long, so its lines need not all be checked.
    for (at, Object(item)) in items.iter().enumerate().take(order::MAX_LINES + 1) {
        let product_id = item.product_id.parse().ok();
        if product_id.is_none() {
            errors.add(format!("items[{at}].productId"), "FORMAT", "must be a UUID");
        }
        let quantity = match order::quantity(item.quantity) {
            Ok(quantity) => Some(quantity),
            Err(flaw) => {
                errors.add(format!("items[{at}].quantity"), flaw.code, flaw.message);
                None
            }
        };
        lines.extend(
            product_id
                .zip(quantity)
                .map(|(product_id, quantity)| Line { product_id, quantity }),
        );
    }
    errors.finish(Some(lines))
}
