//! The built-in gateway: no money moves.

use futures_util::future::{self, BoxFuture};
use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;
use mainstay_domain::{Error, Result};
use mainstay_services::ports::{Charge, PaymentGateway};

/// Collects at once and moves no money; refused in production.
///
/// Everything it says follows from what it is asked, so it tells the same outcome however often, in whichever
/// process and after whichever restart it is asked: the reference of a payment is `test_<payment id>`. The one
/// amount it refuses is [`TestGateway::REFUSED_AMOUNT`], so that a refusal can be tried out by hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct TestGateway;

impl TestGateway {
    /// The amount that is refused, in minor units of any currency (40.02 USD), after the card number
    /// 4000 0000 0000 0002 by which other test gateways refuse.
    pub const REFUSED_AMOUNT: i64 = 4002;
}

fn reference(payment: PaymentId) -> String {
    format!("test_{payment}")
}

impl PaymentGateway for TestGateway {
    fn name(&self) -> &'static str {
        "test"
    }

    fn charge(&self, payment: PaymentId, amount: Money) -> BoxFuture<'_, Result<Charge>> {
        let charge = if amount.amount == Self::REFUSED_AMOUNT {
            Charge::Refused {
                reason: "the card was declined".to_owned(),
            }
        } else {
            Charge::Collected {
                reference: reference(payment),
            }
        };
        Box::pin(future::ready(Ok(charge)))
    }

    /// Gives back what it collected; a reference of another payment is `INVALID_STATE`, as a real gateway would say.
    fn refund(&self, payment: PaymentId, given: &str, amount: Money) -> BoxFuture<'_, Result<()>> {
        let known = given == reference(payment) && amount.amount != Self::REFUSED_AMOUNT;
        let refused = || Error::InvalidState("the gateway knows no such charge".to_owned());
        Box::pin(future::ready(if known { Ok(()) } else { Err(refused()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::currency::Currency;
    use mainstay_domain::error::Code;
    use mainstay_domain::id::Id;
    use mainstay_domain::random::Counting;
    use mainstay_domain::time::Timestamp;

    fn payment() -> PaymentId {
        PaymentId::make(Timestamp::from_seconds(1), &Counting::default())
    }

    fn usd(amount: i64) -> Money {
        Money {
            amount,
            currency: Currency::parse("USD").unwrap(),
        }
    }

    #[tokio::test]
    async fn a_payment_has_one_outcome_across_restarts() {
        let first = TestGateway.charge(payment(), usd(1999)).await.unwrap();
        let after_a_restart = TestGateway.charge(payment(), usd(1999)).await.unwrap();
        assert_eq!(
            first,
            Charge::Collected {
                reference: format!("test_{}", payment())
            }
        );
        assert_eq!(first, after_a_restart);
    }

    #[tokio::test]
    async fn one_amount_is_refused_and_its_neighbours_are_not() {
        for (amount, refused) in [
            (4001, false),
            (4002, true),
            (4003, false),
            (2, false),
            (14_002, false),
        ] {
            let charge = TestGateway.charge(payment(), usd(amount)).await.unwrap();
            assert_eq!(matches!(charge, Charge::Refused { .. }), refused, "{amount}");
        }
    }

    #[tokio::test]
    async fn only_what_was_collected_is_given_back() {
        let own = reference(payment());
        assert!(TestGateway.refund(payment(), &own, usd(1999)).await.is_ok());
        assert!(
            TestGateway.refund(payment(), &own, usd(1999)).await.is_ok(),
            "asked twice"
        );
        for (reference, amount) in [
            ("test_other", 1999),
            ("", 1999),
            (own.as_str(), TestGateway::REFUSED_AMOUNT),
        ] {
            let refused = TestGateway
                .refund(payment(), reference, usd(amount))
                .await
                .unwrap_err();
            assert_eq!(refused.code(), Code::InvalidState, "{reference} {amount}");
        }
    }
}
