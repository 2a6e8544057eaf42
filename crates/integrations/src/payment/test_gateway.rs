//! The built-in test gateway.

use super::ledger::{Ledger, LedgerEntry};
use futures_util::future::BoxFuture;
use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;
use mainstay_domain::{Error, Result};
use mainstay_services::ports::{Charge, PaymentGateway, Voided};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;

/// Collects at once and moves no money; refused in production.
///
/// It records its operations in a file, one line of JSON each, so that a tester can check that it collected a payment
/// once: `{"entry":"collected","payment":"…","amount":1450,"currency":"USD"}`; the other values of `entry` are `refused`,
/// `voided` and `repaid`. It returns the same result for a payment however often it is called, after restarts, and in
/// every process of the same `DATA_DIR`. The reference of a payment is `test_<payment id>`. It refuses exactly one
/// amount, [`TestGateway::REFUSED_AMOUNT`], so that a tester can try out a refusal.
#[derive(Debug, Clone)]
pub struct TestGateway {
    ledger: Arc<Mutex<Ledger>>,
}

impl TestGateway {
    /// The refused amount, in minor units of any currency (40.02 USD), after the card number 4000 0000 0000 0002, which
    /// other test gateways refuse.
    pub const REFUSED_AMOUNT: i64 = 4002;

    /// A gateway that records its operations in this file, which the first record creates.
    pub fn new(file: PathBuf) -> Self {
        Self {
            ledger: Arc::new(Mutex::new(Ledger::new(file))),
        }
    }

    /// Passes the payment's last record to `decide`, appends what it returns, and returns the payment's last record
    /// then.
    async fn record(
        &self,
        payment: PaymentId,
        amount: Money,
        decide: fn(Option<LedgerEntry>, Money) -> Option<LedgerEntry>,
    ) -> Result<Option<LedgerEntry>> {
        let ledger = Arc::clone(&self.ledger);
        let write = move || {
            ledger
                .lock()
                .append(payment, amount, |before| decide(before, amount))
        };
        let done = tokio::task::spawn_blocking(write)
            .await
            .map_err(Error::internal)?;
        done.map_err(|error| Error::unavailable("the test gateway", error))
    }
}

fn reference(payment: PaymentId) -> String {
    format!("test_{payment}")
}

fn unknown() -> Error {
    Error::InvalidState("the gateway knows no such charge".to_owned())
}

impl PaymentGateway for TestGateway {
    fn name(&self) -> &'static str {
        "test"
    }

    fn charge(&self, payment: PaymentId, amount: Money) -> BoxFuture<'_, Result<Charge>> {
        Box::pin(async move {
            let decide = |before: Option<LedgerEntry>, amount: Money| match before {
                None if amount.amount == Self::REFUSED_AMOUNT => Some(LedgerEntry::Refused),
                None => Some(LedgerEntry::Collected),
                Some(_) => None,
            };
            Ok(match self.record(payment, amount, decide).await? {
                Some(LedgerEntry::Collected | LedgerEntry::Repaid) => Charge::Collected {
                    reference: reference(payment),
                },
                Some(LedgerEntry::Voided) => Charge::Refused {
                    reason: "the payment was called off".to_owned(),
                },
                Some(LedgerEntry::Refused) | None => Charge::Refused {
                    reason: "the card was declined".to_owned(),
                },
            })
        })
    }

    fn void(&self, payment: PaymentId, amount: Money) -> BoxFuture<'_, Result<Voided>> {
        Box::pin(async move {
            let decide = |before: Option<LedgerEntry>, _| before.is_none().then_some(LedgerEntry::Voided);
            Ok(match self.record(payment, amount, decide).await? {
                Some(LedgerEntry::Collected | LedgerEntry::Repaid) => Voided::Collected {
                    reference: reference(payment),
                },
                Some(LedgerEntry::Refused | LedgerEntry::Voided) | None => Voided::Nothing,
            })
        })
    }

    /// Refunds a collected payment; for any other it returns `INVALID_STATE`, as a real gateway would.
    fn refund(&self, payment: PaymentId, given: &str, amount: Money) -> BoxFuture<'_, Result<()>> {
        let known = given == reference(payment);
        Box::pin(async move {
            if !known {
                return Err(unknown());
            }
            let decide = |before: Option<LedgerEntry>, _| {
                (before == Some(LedgerEntry::Collected)).then_some(LedgerEntry::Repaid)
            };
            match self.record(payment, amount, decide).await? {
                Some(LedgerEntry::Repaid) => Ok(()),
                _ => Err(unknown()),
            }
        })
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test leaves what a crash would")]
mod tests {
    use super::*;
    use mainstay_domain::currency::Currency;
    use mainstay_domain::error::Code;
    use mainstay_domain::random::Counting;
    use mainstay_domain::time::Timestamp;
    use std::fs;
    use std::path::Path;

    fn gateway(folder: &Path) -> TestGateway {
        TestGateway::new(folder.join("data").join("test-gateway.jsonl"))
    }

    fn records(folder: &Path) -> Vec<String> {
        let text = fs::read_to_string(folder.join("data/test-gateway.jsonl")).unwrap();
        let record = |line: &str| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["entry"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        text.lines().map(record).collect()
    }

    fn payment(second: i64) -> PaymentId {
        PaymentId::make(Timestamp::from_seconds(second), &Counting::default())
    }

    fn usd(amount: i64) -> Money {
        Money {
            amount,
            currency: Currency::parse("USD").unwrap(),
        }
    }

    #[tokio::test]
    async fn a_payment_has_one_outcome_in_every_process_and_after_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (gateway(folder.path()), gateway(folder.path()));
        let first = one.charge(payment(1), usd(1999)).await.unwrap();
        let collected = Charge::Collected {
            reference: format!("test_{}", payment(1)),
        };
        assert_eq!(first, collected);
        assert_eq!(other.charge(payment(1), usd(1999)).await.unwrap(), first);
        assert_eq!(one.charge(payment(1), usd(1999)).await.unwrap(), first);
        let restarted = gateway(folder.path());
        assert_eq!(restarted.charge(payment(1), usd(1999)).await.unwrap(), first);
        assert_eq!(records(folder.path()), ["collected"], "once");
        let many = (0..16).map(|number| {
            let gateway = if number % 2 == 0 {
                one.clone()
            } else {
                other.clone()
            };
            tokio::spawn(async move { gateway.charge(payment(2), usd(5)).await.unwrap() })
        });
        for charge in futures_util::future::join_all(many).await {
            assert!(matches!(charge.unwrap(), Charge::Collected { .. }));
        }
        assert_eq!(records(folder.path()), ["collected", "collected"]);
    }

    #[tokio::test]
    async fn only_the_refused_amount_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (second, (amount, refused)) in (1..).zip([
            (4001, false),
            (4002, true),
            (4003, false),
            (2, false),
            (14_002, false),
        ]) {
            let charge = gateway(folder.path()).charge(payment(second), usd(amount)).await;
            assert_eq!(
                matches!(charge.unwrap(), Charge::Refused { .. }),
                refused,
                "{amount}"
            );
        }
    }

    #[tokio::test]
    async fn a_payment_voided_in_time_is_never_collected() {
        let (folder, early) = (tempfile::tempdir().unwrap(), payment(1));
        let gateway = gateway(folder.path());
        for _ in 0..2 {
            assert_eq!(gateway.void(early, usd(5)).await.unwrap(), Voided::Nothing);
            let late = gateway.charge(early, usd(5)).await.unwrap();
            assert!(matches!(late, Charge::Refused { .. }), "{late:?}");
        }
        gateway.charge(payment(2), usd(5)).await.unwrap();
        let reference = reference(payment(2));
        let late = gateway.void(payment(2), usd(5)).await.unwrap();
        assert_eq!(late, Voided::Collected { reference });
        gateway
            .charge(payment(3), usd(TestGateway::REFUSED_AMOUNT))
            .await
            .unwrap();
        assert_eq!(
            gateway.void(payment(3), usd(4002)).await.unwrap(),
            Voided::Nothing
        );
        assert_eq!(records(folder.path()), ["voided", "collected", "refused"]);
    }

    #[tokio::test]
    async fn only_a_collected_payment_is_refunded_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let (gateway, own) = (gateway(folder.path()), reference(payment(1)));
        let refused = |done: Result<()>| done.unwrap_err().code() == Code::InvalidState;
        assert!(
            refused(gateway.refund(payment(1), &own, usd(1999)).await),
            "nothing was collected"
        );
        gateway.charge(payment(1), usd(1999)).await.unwrap();
        for other in ["test_other", ""] {
            assert!(
                refused(gateway.refund(payment(1), other, usd(1999)).await),
                "{other}"
            );
        }
        for _ in 0..2 {
            gateway.refund(payment(1), &own, usd(1999)).await.unwrap();
        }
        assert_eq!(records(folder.path()), ["collected", "repaid"]);
    }

    #[tokio::test]
    async fn a_partial_last_line_counts_as_not_written() {
        let folder = tempfile::tempdir().unwrap();
        gateway(folder.path()).charge(payment(1), usd(5)).await.unwrap();
        let path = folder.path().join("data/test-gateway.jsonl");
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{whole}{}", &whole[..40])).unwrap();
        let gateway = gateway(folder.path());
        gateway.charge(payment(1), usd(5)).await.unwrap();
        gateway.charge(payment(2), usd(5)).await.unwrap();
        assert_eq!(records(folder.path()), ["collected", "collected"]);
    }
}
