//! The representation of payments.

use mainstay_domain::id::PaymentId;
use mainstay_domain::payment::PaymentStatus;
use mainstay_services::order::StartedPayment;
use serde::Serialize;
use utoipa::ToSchema;

/// An attempt to charge an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Payment)]
pub struct PaymentView {
    #[schema(value_type = String, format = Uuid)]
    payment_id: PaymentId,
    #[schema(value_type = StatusShape)]
    status: PaymentStatus,
    /// The secret with which a front end asks the payer for consent, at gateways that require it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// The status of a payment.
#[derive(ToSchema)]
#[schema(as = PaymentStatus, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum StatusShape {
    Pending,
    Succeeded,
    Failed,
    Cancelled,
    Refunded,
}

impl From<StartedPayment> for PaymentView {
    fn from(
        StartedPayment {
            payment,
            client_secret,
        }: StartedPayment,
    ) -> Self {
        Self {
            payment_id: payment.id,
            status: payment.status,
            client_secret,
        }
    }
}
