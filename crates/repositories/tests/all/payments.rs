//! Payments: at most one per order is pending or succeeded.

use crate::fixtures::*;
use crate::harness::{Store, on_both};
use mainstay_domain::error::Error;
use mainstay_domain::id::PaymentId;
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_repositories::Payments;
use std::sync::Arc;

fn payment(number: u128, seconds: i64) -> Payment {
    Payment::begin(id(number), id(1), id(1), usd(1999), at(seconds))
}

async fn place_order(store: &Store) {
    put_product(store, &product(1)).await;
    put_order(store, &order(1, id(1), &product(1), 1)).await;
}

#[test]
fn a_payment_is_read_back_and_saved_only_from_its_stored_status() {
    on_both(async |store| {
        place_order(&store).await;
        let started = payment(1, 200);
        let done = Payment {
            reference: Some("pi_1".into()),
            ..started.clone()
        };
        let done = done.become_status(PaymentStatus::Succeeded, at(300)).unwrap();
        let refused = Payment {
            failure: Some("declined".into()),
            ..started.clone()
        };
        let refused = refused.become_status(PaymentStatus::Failed, at(300)).unwrap();
        write!(store, [started, done], |tx| {
            let mut payments = Payments::new(tx);
            payments
                .insert(&permit_to(Payment::PAY, &started), &started)
                .await?;
            assert_eq!(payments.find(&own(id(1)), id(1)).await?, started);
            assert!(matches!(
                payments.find(&own(id(2)), id(1)).await,
                Err(Error::NotFound)
            ));
            assert_eq!(payments.of_order(&own(id(2)), id(1)).await?, None);
            payments
                .save(&permit_to(Payment::SETTLE, &done), &done, PaymentStatus::Pending)
                .await?;
            assert_eq!(payments.find(&everything(), id(1)).await?, done);
            Ok(())
        })
        .unwrap();
        let late = write!(store, [refused], |tx| {
            Payments::new(tx)
                .save(
                    &permit_to(Payment::SETTLE, &refused),
                    &refused,
                    PaymentStatus::Pending,
                )
                .await
        });
        assert!(lost_a_race(&late), "{late:?}");
    });
}

#[test]
fn the_payment_of_an_order_is_the_live_one_else_the_last() {
    on_both(async |store| {
        place_order(&store).await;
        write!(store, [], |tx| {
            let mut payments = Payments::new(tx);
            for (number, seconds) in [(1, 200), (2, 300)] {
                let failed = Payment {
                    status: PaymentStatus::Failed,
                    ..payment(number, seconds)
                };
                payments
                    .insert(&permit_to(Payment::PAY, &failed), &failed)
                    .await?;
            }
            assert_eq!(
                payments
                    .of_order(&everything(), id(1))
                    .await?
                    .map(|found| found.id),
                Some(id(2))
            );
            let live = payment(3, 100);
            payments.insert(&permit_to(Payment::PAY, &live), &live).await?;
            assert_eq!(payments.of_order(&own(id(1)), id(1)).await?, Some(live));
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn of_concurrent_payments_one_is_inserted() {
    on_both(async |store| {
        place_order(&store).await;
        let attempts: Vec<_> = (1..=8)
            .map(|number| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let started = payment(number, 200);
                    write!(store, [started], |tx| {
                        Payments::new(tx)
                            .insert(&permit_to(Payment::PAY, &started), &started)
                            .await
                    })
                })
            })
            .collect();
        let mut started = 0;
        for attempt in attempts {
            match attempt.await.unwrap() {
                Ok(()) => started += 1,
                Err(error) => assert!(matches!(error, Error::Conflict(_)), "{error:?}"),
            }
        }
        assert_eq!(started, 1);
    });
}

#[test]
fn a_cancelled_payment_cannot_succeed_beside_a_live_one() {
    on_both(async |store| {
        place_order(&store).await;
        let cancelled = Payment {
            status: PaymentStatus::Cancelled,
            ..payment(1, 200)
        };
        let live = payment(2, 300);
        write!(store, [cancelled, live], |tx| {
            Payments::new(tx)
                .insert(&permit_to(Payment::PAY, &cancelled), &cancelled)
                .await?;
            Payments::new(tx)
                .insert(&permit_to(Payment::PAY, &live), &live)
                .await
        })
        .unwrap();
        let late = cancelled
            .become_status(PaymentStatus::Succeeded, at(400))
            .unwrap();
        let error = write!(store, [late], |tx| {
            Payments::new(tx)
                .save(
                    &permit_to(Payment::SETTLE, &late),
                    &late,
                    PaymentStatus::Cancelled,
                )
                .await
        });
        assert!(matches!(error, Err(Error::Conflict(_))), "{error:?}");
        let live_id: PaymentId = id(2);
        let found = write!(store, [], |tx| {
            Payments::new(tx).of_order(&everything(), id(1)).await
        })
        .unwrap();
        assert_eq!(found.map(|payment| payment.id), Some(live_id));
    });
}
