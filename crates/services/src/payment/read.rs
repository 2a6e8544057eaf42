//! Reads a payment before the gateway is called.

use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::id::PaymentId;
use mainstay_domain::payment::Payment;
use mainstay_engine::PrepareContext;

/// The payment as it is before the gateway is called.
pub(super) async fn read_payment(cx: &PrepareContext<'_>, id: PaymentId) -> Result<Payment> {
    let read = cx.read(move |cx| {
        Box::pin(async move {
            let scope = cx.scope_of(SystemCaller::WORKER);
            cx.payments().find(&scope, id).await
        })
    });
    read.await
}
