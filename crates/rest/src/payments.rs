//! Payments.

use http::StatusCode;
use mainstay_domain::id::OrderId;
use mainstay_domain::payment::PaymentStatus;
use mainstay_edge::answer::{self, Data};
use mainstay_edge::input::{OptionalBody, PathId};
use mainstay_edge::{Answer, Operation, Routes, route};
use mainstay_services::order::PayOrder;
use mainstay_views::PaymentView;
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new().add(route!(PayOrder, pay))
}

/// Empty: the order determines the amount.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PaymentInput {}

/// Starts the payment of an order. However often the request is repeated, the order is charged once.
#[utoipa::path(post, path = "/api/orders/{id}/pay", tag = "orders", request_body = Option<PaymentInput>,
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "Paid", body = Data<PaymentView>), (status = 202, description = "The payment is pending", body = Data<PaymentView>)))]
async fn pay(
    operation: Operation<PayOrder>,
    PathId(id): PathId<OrderId>,
    OptionalBody(_): OptionalBody<PaymentInput>,
) -> Answer {
    let started = operation.command(PayOrder { id }).await?;
    let status = match started.payment.status {
        PaymentStatus::Pending => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    answer::json(
        status,
        &Data {
            data: PaymentView::from(started),
        },
    )
}
