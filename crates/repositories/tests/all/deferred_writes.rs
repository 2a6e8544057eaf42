//! The deferred writes of a transaction are written together, or not at all.

use crate::fixtures::*;
use crate::harness::on_both;
use crate::leftovers::remembered;
use mainstay_domain::error::Error;
use mainstay_domain::job::JobState;
use mainstay_domain::order::Order;
use mainstay_repositories::{Audit, AuditFilter, DeferredWrites, FlushOutcome, Jobs, NewJob, Orders, Outbox};
use std::time::Duration;

#[test]
fn all_of_it_is_written_in_one_go() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        let lease = write!(store, [], |tx| {
            Jobs::new(tx).enqueue(&job(9)).await?;
            Ok(Jobs::new(tx)
                .claim(&[], 1, at(100), Duration::from_secs(60))
                .await?[0]
                .lease())
        })
        .unwrap();
        let outcome = write!(store, [], |tx| {
            let placed = order(1, id(1), &product(1), 11);
            let before = tx.stats().statements;
            let mut deferred = DeferredWrites::new();
            deferred.order(&permit_to(Order::PLACE, &placed), placed.clone())?;
            deferred.audit(authenticated(1));
            deferred.audit_writer(writer_end(1));
            deferred.event(event(1));
            deferred.job(job(1));
            deferred.job(NewJob {
                unique_key: Some("u".into()),
                ..job(2)
            });
            deferred.job(NewJob {
                unique_key: Some("u".into()),
                ..job(3)
            });
            deferred.idempotency(remembered(100, None));
            deferred.finish_job(lease, at(110));
            let outcome = deferred.flush(tx).await?;
            assert_eq!(tx.stats().statements - before, 11);
            assert_eq!(Orders::new(tx).find(&everything(), id(1)).await?, placed);
            assert_eq!(Outbox::new(tx).waiting(9).await?, [event(1)]);
            assert_eq!(
                Jobs::new(tx).find(&everything(), id(9)).await?.state,
                JobState::Done
            );
            assert!(Jobs::new(tx).find(&everything(), id(3)).await.is_err());
            let stored = Audit::new(tx)
                .list(&everything(), &AuditFilter::default(), &first(9))
                .await?;
            assert_eq!(stored.items, [audit_entry(1)]);
            Ok(outcome)
        });
        assert_eq!(
            outcome.unwrap(),
            FlushOutcome {
                jobs_known: 1,
                ..FlushOutcome::default()
            }
        );
        let second = write!(store, [], |tx| {
            let mut deferred = DeferredWrites::new();
            deferred.idempotency(remembered(120, None));
            deferred.finish_job(lease, at(120));
            deferred.flush(tx).await
        });
        let expected = FlushOutcome {
            idempotency_taken: true,
            lease_lost: true,
            writer_gone: false,
            jobs_known: 0,
        };
        assert_eq!(second.unwrap(), expected);
    });
}

#[test]
fn nothing_deferred_sends_nothing() {
    on_both(async |store| {
        let sent = write!(store, [], |tx| {
            assert_eq!(DeferredWrites::new().flush(tx).await?, FlushOutcome::default());
            Ok(tx.stats().statements)
        });
        assert_eq!(sent.unwrap(), 0);
    });
}

#[test]
fn what_fails_leaves_nothing_of_the_rest() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        put_order(&store, &order(1, id(1), &product(1), 1)).await;
        let failed = write!(store, [], |tx| {
            let twin = mainstay_domain::order::Order {
                number: "N-1".into(),
                ..order(2, id(1), &product(1), 1)
            };
            let mut deferred = DeferredWrites::new();
            deferred.event(event(1));
            deferred.order(&permit_to(Order::PLACE, &twin), twin)?;
            deferred.flush(tx).await
        });
        assert!(matches!(failed, Err(Error::Unavailable { .. })), "{failed:?}");
        let stored = write!(store, [], |tx| { Outbox::new(tx).waiting(9).await });
        assert!(stored.unwrap().is_empty());
    });
}
