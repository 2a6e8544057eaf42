//! Orders.

use crate::parse;
use mainstay_views::OrderView;
use mainstay_domain::id::{OrderId, UserId};
use mainstay_domain::order::{self, Line, Order, OrderStatus};
use mainstay_domain::page::DEFAULT_LIMIT;
use mainstay_domain::text;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data, Listed, Tag};
use mainstay_edge::input::{
    Body, IfMatch, IfNoneMatch, Object, OptionalBody, PageParams, PathId, Query, page, sort,
};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::list::{OrderFilter, OrderSort};
use mainstay_services::order::{CancelOrder, ListOrders, PlaceOrder, ReadOrder};
use serde::Deserialize;
use utoipa::ToSchema;

const SORTS: [(&str, OrderSort); 1] = [("createdAt", OrderSort::CreatedAt)];
const STATUSES: &str = "pending, paid, fulfilled, shipped, delivered, cancelled, expired, refunded";
const REASON: usize = 500;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(PlaceOrder, place))
        .add(route!(ListOrders, list))
        .add(route!(ReadOrder, read))
        .add(route!(CancelOrder, cancel))
}

/// What is bought.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewOrder {
    #[schema(value_type = Vec<LineInput>, min_items = 1, max_items = 100)]
    items: Vec<Object<LineInput>>,
}

/// How many of what.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LineInput {
    #[schema(format = Uuid)]
    product_id: String,
    #[schema(minimum = 1, maximum = 10000)]
    quantity: i64,
}

/// Why.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cancellation {
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Which orders, and which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListOrdersParams {
    /// `pending`, `paid`, `fulfilled`, `shipped`, `delivered`, `cancelled`, `expired` or `refunded`.
    #[param(pattern = "^(pending|paid|fulfilled|shipped|delivered|cancelled|expired|refunded)$")]
    status: Option<String>,
    /// Of one buyer; others than oneself for holders of `read:order` only.
    #[param(format = Uuid)]
    user_id: Option<String>,
    /// `createdAt`, with `-` before it for the last first.
    #[param(pattern = "^-?createdAt$")]
    sort: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1)]
    page: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// Instead of `page`: the `nextCursor` of this list with the same sort and filters; empty for the beginning.
    #[param(pattern = "^([0-9a-f]{2})*$")]
    cursor: Option<String>,
}

/// Places an order; its stock is held until it is paid or the time is up.
#[utoipa::path(post, path = "/api/orders", tag = "orders", request_body = NewOrder,
    responses((status = 201, description = "Placed", body = Data<OrderView>)))]
async fn place(operation: Operation<PlaceOrder>, Body(new): Body<NewOrder>) -> Answer {
    let order = operation
        .command(PlaceOrder {
            lines: lines(&new.items)?,
        })
        .await?;
    let (tag, location) = (Tag::of(order.version), format!("/api/orders/{}", order.id));
    Ok(tag.put(answer::created(&location, &OrderView::from(order))?))
}

/// Lists the caller's orders; everybody's for holders of `read:order`.
#[utoipa::path(get, path = "/api/orders", tag = "orders", params(ListOrdersParams),
    responses((status = 200, description = "Orders", body = Listed<OrderView>)))]
async fn list(operation: Operation<ListOrders>, Query(params): Query<ListOrdersParams>) -> Answer {
    let mut errors = ValidationErrors::new();
    let status = params
        .status
        .as_deref()
        .map(|text| parse::word(text, OrderStatus::find, STATUSES));
    let status = errors.take_optional("status", status);
    let user_id = errors.take_optional("userId", params.user_id.as_deref().map(parse::id::<UserId>));
    let sort = sort(
        &mut errors,
        params.sort.as_deref(),
        &SORTS,
        (OrderSort::CreatedAt, true),
    );
    let asked = PageParams {
        page: params.page.as_deref(),
        limit: params.limit.as_deref(),
        cursor: params.cursor.as_deref(),
    };
    let page = page(&mut errors, asked, DEFAULT_LIMIT);
    let (sort, page) = ApiError::unless_good(errors, sort.zip(page))?;
    let filter = OrderFilter { status, user_id };
    answer::list(
        operation.query(ListOrders { filter, sort, page }).await?,
        OrderView::from,
    )
}

/// Reads an order.
#[utoipa::path(get, path = "/api/orders/{id}", tag = "orders",
    params(("id" = String, Path, format = Uuid), ("If-None-Match" = Option<String>, Header, description = "The state that the client has")),
    responses((status = 200, description = "The order", body = Data<OrderView>), (status = 304, description = "Unchanged")))]
async fn read(operation: Operation<ReadOrder>, PathId(id): PathId<OrderId>, known: IfNoneMatch) -> Answer {
    let order = operation.query(ReadOrder { id }).await?;
    Tag::of(order.version).answer(&known, &OrderView::from(order))
}

/// Cancels an order before it is shipped; what was paid is given back.
#[utoipa::path(post, path = "/api/orders/{id}/cancel", tag = "orders", request_body = Option<Cancellation>,
    params(("id" = String, Path, format = Uuid), ("If-Match" = Option<String>, Header, description = "The state that is meant")),
    responses((status = 200, description = "The order as it is now", body = Data<OrderView>)))]
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
    shown(operation.command(CancelOrder { id, reason, expected }).await?)
}

fn shown(order: Order) -> Answer {
    let tag = Tag::of(order.version);
    Ok(tag.put(answer::data(&OrderView::from(order))?))
}

/// The lines, or everything that is wrong with them.
fn lines(items: &[Object<LineInput>]) -> Result<Vec<Line>, ApiError> {
    let mut errors = ValidationErrors::new();
    let mut lines = Vec::with_capacity(items.len().min(order::MAX_LINES));
    // Of a list that is too long, not each line needs to be told; the use case refuses its length.
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
    ApiError::unless_good(errors, Some(lines))
}
