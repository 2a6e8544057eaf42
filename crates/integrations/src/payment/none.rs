//! No payment gateway: clients can view products but not pay.

use futures_util::future::{self, BoxFuture};
use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;
use mainstay_domain::{Error, Result};
use mainstay_services::ports::{Charge, PaymentGateway, Voided};

/// Collects no payments. Paying returns `UNAVAILABLE`, before anything is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoGateway;

impl PaymentGateway for NoGateway {
    fn name(&self) -> &'static str {
        "none"
    }

    fn charge(&self, _payment: PaymentId, _amount: Money) -> BoxFuture<'_, Result<Charge>> {
        Box::pin(future::ready(Err(closed())))
    }

    fn void(&self, _payment: PaymentId, _amount: Money) -> BoxFuture<'_, Result<Voided>> {
        Box::pin(future::ready(Err(closed())))
    }

    fn refund(&self, _payment: PaymentId, _reference: &str, _amount: Money) -> BoxFuture<'_, Result<()>> {
        Box::pin(future::ready(Err(closed())))
    }

    fn check_open(&self) -> Result<()> {
        Err(closed())
    }
}

fn closed() -> Error {
    Error::Unavailable {
        what: "payments",
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::currency::Currency;
    use mainstay_domain::error::Code;
    use mainstay_domain::random::Counting;
    use mainstay_domain::time::Timestamp;

    #[tokio::test]
    async fn every_call_answers_unavailable() {
        let payment = PaymentId::make(Timestamp::from_seconds(1), &Counting::default());
        let amount = Money {
            amount: 100,
            currency: Currency::parse("USD").unwrap(),
        };
        assert_eq!(NoGateway.check_open().unwrap_err().code(), Code::Unavailable);
        assert_eq!(
            NoGateway.charge(payment, amount).await.unwrap_err().code(),
            Code::Unavailable
        );
        assert_eq!(
            NoGateway.void(payment, amount).await.unwrap_err().code(),
            Code::Unavailable
        );
        assert_eq!(
            NoGateway
                .refund(payment, "test_x", amount)
                .await
                .unwrap_err()
                .code(),
            Code::Unavailable
        );
    }
}
