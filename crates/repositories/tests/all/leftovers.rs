//! Outbox, idempotency, signing keys, security events, health check.

use crate::fixtures::*;
use crate::harness::on_both;
use mainstay_domain::error::Error;
use mainstay_domain::event::OutboxEvent;
use mainstay_domain::id::{EventId, UserId};
use mainstay_domain::key::SigningKey;
use mainstay_domain::security::SecurityEvent;
use mainstay_repositories::{
    EventsOf, Idempotency, NewStoredResult, Outbox, OutboxPositions, SecurityEvents, SigningKeys,
    StoredResult, database_clock, write_probe,
};
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

#[test]
fn the_probe_writes_and_the_clock_is_read() {
    on_both(async |store| {
        for padding in ["", "x"] {
            write!(store, [], |tx| { write_probe(tx, padding).await }).unwrap();
        }
        assert!(matches!(
            store.database.last_write(),
            Some(mainstay_platform::database::LastWrite::Committed(_))
        ));
        let now = write!(store, [], |tx| { database_clock(tx).await }).unwrap();
        // 2026-01-01: in microseconds, whatever the engine counts in.
        assert!((1_767_225_600..7_000_000_000).contains(&now.seconds()), "{now}");
    });
}

#[test]
fn events_are_relayed_once_the_oldest_first() {
    on_both(async |store| {
        write!(store, [], |tx| {
            let mut outbox = Outbox::new(tx);
            for number in [2, 1, 3] {
                outbox.insert(&event(number)).await?;
            }
            let waiting = outbox.waiting(2).await?;
            assert_eq!(waiting, [event(1), event(2)]);
            outbox.mark_relayed(&[id(1), id(2)], 7, at(500)).await?;
            assert_eq!(outbox.waiting(9).await?, [event(3)]);
            outbox.mark_relayed(&[], 9, at(500)).await?;
            assert_eq!(outbox.prune(at(500)).await?, 0);
            assert_eq!(outbox.prune(at(501)).await?, 2);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn relayed_events_are_read_in_the_order_of_their_positions() {
    on_both(async |store| {
        write!(store, [], |tx| {
            assert_eq!(OutboxPositions::new(tx).find().await?, None);
            let epoch = Uuid::from_u128(7);
            assert_eq!(OutboxPositions::new(tx).lock(epoch).await?.epoch, epoch);
            for number in 1..=3 {
                Outbox::new(tx).insert(&event(number)).await?;
            }
            assert!(Outbox::new(tx).is_waiting().await?);
            // Relayed in another order than they were recorded.
            Outbox::new(tx).mark_relayed(&[id(3), id(1)], 10, at(500)).await?;
            Outbox::new(tx).mark_relayed(&[id(2)], 12, at(600)).await?;
            OutboxPositions::new(tx).advance(13).await?;
            assert!(!Outbox::new(tx).is_waiting().await?);
            let all = EventsOf::Everything;
            let found = Outbox::new(tx).relayed(all, 0, 99, 9).await?;
            let positions: Vec<_> = found
                .iter()
                .map(|found| (found.position, found.event.id))
                .collect();
            assert_eq!(positions, [(11, id(3)), (12, id(1)), (13, id(2))]);
            assert_eq!(Outbox::new(tx).relayed(all, 11, 12, 9).await?[..], found[1..2]);
            assert_eq!(Outbox::new(tx).relayed(all, 0, 99, 2).await?[..], found[..2]);
            assert_eq!(Outbox::new(tx).last_relayed_before(at(600)).await?, Some(12));
            OutboxPositions::new(tx).set_pruned(12).await?;
            OutboxPositions::new(tx).set_pruned(5).await?;
            let positions = OutboxPositions::new(tx).lock(Uuid::nil()).await?;
            assert_eq!(
                (positions.epoch, positions.last, positions.pruned),
                (epoch, 13, 12)
            );
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn concurrent_relays_do_not_relay_an_event_twice() {
    on_both(async |store| {
        write!(store, [], |tx| {
            for number in 1..=60 {
                Outbox::new(tx).insert(&event(number)).await?;
            }
            Ok(())
        })
        .unwrap();
        let relays: Vec<_> = (0..3)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let mut relayed: Vec<EventId> = Vec::new();
                    loop {
                        let batch = write!(store, [], |tx| {
                            let last = OutboxPositions::new(tx).lock(Uuid::nil()).await?.last;
                            let waiting: Vec<OutboxEvent> = Outbox::new(tx).waiting(7).await?;
                            let ids: Vec<EventId> = waiting.iter().map(|event| event.id).collect();
                            Outbox::new(tx).mark_relayed(&ids, last, at(500)).await?;
                            let count = i64::try_from(ids.len()).unwrap();
                            OutboxPositions::new(tx).advance(last + count).await?;
                            Ok(ids)
                        })
                        .unwrap();
                        if batch.is_empty() {
                            return relayed;
                        }
                        relayed.extend(batch);
                    }
                })
            })
            .collect();
        let mut relayed = Vec::new();
        for relay in relays {
            relayed.extend(relay.await.unwrap());
        }
        let different: HashSet<EventId> = relayed.iter().copied().collect();
        assert_eq!((relayed.len(), different.len()), (60, 60));
    });
}

pub(crate) fn remembered(seconds: i64, code: Option<&str>) -> NewStoredResult {
    NewStoredResult {
        caller_id: id(1),
        operation: "order.place".to_owned(),
        key: "k-1".to_owned(),
        fingerprint: vec![1, 2, 3],
        code: code.map(str::to_owned),
        answer: format!("{{\"at\":{seconds}}}"),
        created_at: at(seconds),
        not_before: at(seconds - 50),
    }
}

#[test]
fn the_first_result_is_stored_until_it_expires() {
    on_both(async |store| {
        write!(store, [], |tx| {
            let mut answers = Idempotency::new(tx);
            let me: UserId = id(1);
            assert!(answers.insert(&remembered(100, None)).await?);
            assert!(!answers.insert(&remembered(120, Some("CONFLICT"))).await?);
            let found = answers.find(me, "order.place", "k-1", at(100)).await?;
            let first = StoredResult {
                fingerprint: vec![1, 2, 3],
                code: None,
                answer: "{\"at\":100}".to_owned(),
            };
            assert_eq!(found, Some(first));
            assert_eq!(answers.find(me, "order.place", "k-1", at(101)).await?, None);
            assert_eq!(answers.find(id(2), "order.place", "k-1", at(0)).await?, None);
            assert_eq!(answers.find(me, "order.pay", "k-1", at(0)).await?, None);
            assert_eq!(answers.find(me, "order.place", "k-2", at(0)).await?, None);
            assert!(answers.insert(&remembered(151, Some("CONFLICT"))).await?);
            let later = answers
                .find(me, "order.place", "k-1", at(0))
                .await?
                .expect("it is there");
            assert_eq!(
                (later.code.as_deref(), later.answer.as_str()),
                (Some("CONFLICT"), "{\"at\":151}")
            );
            assert_eq!(answers.prune(at(151)).await?, 0);
            assert_eq!(answers.prune(at(152)).await?, 1);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn of_concurrent_results_one_is_stored() {
    on_both(async |store| {
        let attempts: Vec<_> = (0..6)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    write!(store, [], |tx| {
                        Idempotency::new(tx).insert(&remembered(100, None)).await
                    })
                })
            })
            .collect();
        let mut stored = 0;
        for attempt in attempts {
            stored += usize::from(attempt.await.unwrap().unwrap());
        }
        assert_eq!(stored, 1);
    });
}

#[test]
fn signing_keys_are_visible_to_the_system_only() {
    on_both(async |store| {
        let key = SigningKey {
            id: id(1),
            kid: "thumb".to_owned(),
            algorithm: "EdDSA".to_owned(),
            sealed: vec![0, 255, 1],
            public: vec![9; 32],
            created_at: at(100),
            signs_from: at(100),
            retires_at: None,
        };
        write!(store, [key], |tx| {
            let mut keys = SigningKeys::new(tx);
            keys.insert(&permit_to(SigningKey::CREATE, &key), &key).await?;
            assert!(keys.all(&own(id(1))).await?.is_empty());
            assert!(keys.all(&anonymous()).await?.is_empty());
            assert_eq!(keys.all(&everything()).await?, std::slice::from_ref(&key));
            keys.retire(&permit_to(SigningKey::ROTATE, &key), &key, at(900))
                .await?;
            assert_eq!(
                keys.all(&everything()).await?,
                [SigningKey {
                    retires_at: Some(at(900)),
                    ..key
                }]
            );
            let gone = SigningKey {
                id: id(2),
                ..keys.all(&everything()).await?.remove(0)
            };
            assert!(matches!(
                keys.retire(&permit_to(SigningKey::ROTATE, &gone), &gone, at(1))
                    .await,
                Err(Error::NotFound)
            ));
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn equal_attempts_within_a_minute_share_one_count() {
    on_both(async |store| {
        let attempt = |number: u128, seconds: i64| SecurityEvent {
            id: id(number),
            kind: "login_failed".to_owned(),
            user_id: None,
            ip: Some("192.0.2.1".to_owned()),
            user_agent: None,
            operation: "account.login".to_owned(),
            resource: Some("account".to_owned()),
            resource_id: None,
            count: 3,
            first_at: at(seconds),
            last_at: at(seconds + 5),
        };
        let other_user = SecurityEvent {
            ip: None,
            user_id: Some(id(7)),
            ..attempt(4, 125)
        };
        let with_user_agent = |name: &str, event: SecurityEvent| SecurityEvent {
            user_agent: Some(name.to_owned()),
            ..event
        };
        let events = vec![
            with_user_agent("curl/8", attempt(1, 120)),
            with_user_agent("curl/9", attempt(2, 130)),
            attempt(3, 185),
            other_user,
        ];
        let listed = write!(store, [events], |tx| {
            let mut log = SecurityEvents::new(tx);
            log.record(&events).await?;
            log.record(&[]).await?;
            assert!(log.list(&own(id(1)), &numbered(1, 9)).await?.items.is_empty());
            let listed = log.list(&everything(), &numbered(1, 9)).await?;
            assert_eq!(log.prune(at(190)).await?, 2);
            Ok(listed)
        });
        let counts: Vec<_> = listed
            .unwrap()
            .items
            .into_iter()
            .map(|event| (event.count, event.last_at, event.user_agent))
            .collect();
        let curl = Some("curl/9".to_owned());
        assert_eq!(
            counts,
            [(3, at(190), None), (6, at(135), curl), (3, at(130), None)]
        );
    });
}
