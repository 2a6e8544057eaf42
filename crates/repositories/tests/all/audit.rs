//! The audit trail: written once, linked once, never changed.

use crate::fixtures::*;
use crate::harness::{Store, on_both};
use mainstay_domain::access::{self, Permission};
use mainstay_domain::audit::{AuditEntry, ChainHead};
use mainstay_domain::id::AuditId;
use mainstay_platform::database::{Engine, postgres_client, sqlite_connection};
use mainstay_repositories::{Audit, AuditFilter, DeferredWrites, EntryKey, NewHead};
use std::sync::Arc;

async fn put(store: &Store, numbers: std::ops::RangeInclusive<u128>) {
    write!(store, [numbers], |tx| {
        for number in numbers {
            Audit::new(tx).insert(&authenticated(number)).await?;
        }
        Ok(())
    })
    .unwrap();
}

fn head(seq: i64) -> ChainHead {
    ChainHead {
        seq,
        hash: vec![u8::try_from(seq).unwrap(); 32],
    }
}

fn new_head(head: &ChainHead, expected_seq: i64) -> NewHead<'_> {
    NewHead {
        head,
        writers: b"writers",
        seal: b"seal",
        at: at(1),
        expected_seq,
    }
}

#[test]
fn a_writer_is_recorded_moved_and_removed_when_it_has_written_no_more() {
    on_both(async |store| {
        let end_with = async |number: i64| {
            write!(store, [], |tx| {
                let mut deferred = DeferredWrites::new();
                deferred.audit(authenticated(u128::try_from(number).unwrap()));
                deferred.audit_writer(writer_end(number));
                deferred.flush(tx).await
            })
            .unwrap()
        };
        assert!(!end_with(1).await.writer_gone);
        assert!(!end_with(2).await.writer_gone);
        write!(store, [], |tx| {
            let mut audit = Audit::new(tx);
            let [record] = &audit.writers().await?[..] else {
                panic!("there is one")
            };
            assert_eq!(record.end, writer_end(2));
            assert!(!audit.remove_writer(&record.key, 1).await?);
            assert!(audit.remove_writer(&record.key, 2).await?);
            Ok(())
        })
        .unwrap();
        assert!(end_with(3).await.writer_gone);
    });
}

#[test]
fn a_head_that_is_gone_is_set_again_and_one_that_moved_is_not() {
    on_both(async |store| {
        write!(store, [], |tx| {
            let mut audit = Audit::new(tx);
            assert!(audit.reset_head(new_head(&head(2), 0)).await?);
            assert!(!audit.reset_head(new_head(&head(3), 0)).await?);
            assert!(audit.reset_head(new_head(&head(3), 2)).await?);
            assert_eq!(audit.end().await?.unwrap().head, head(3));
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn callers_with_the_permission_read_entries_newest_first() {
    on_both(async |store| {
        put(&store, 1..=6).await;
        let mut all: Vec<AuditEntry> = (1..=6).map(audit_entry).collect();
        all.reverse();
        let listed = write!(store, [], |tx| {
            let mut audit = Audit::new(tx);
            assert!(
                audit
                    .list(&own(id(7)), &AuditFilter::default(), &numbered(1, 9))
                    .await?
                    .items
                    .is_empty()
            );
            let reader = access::scope(&person(id(1), &[Permission::READ_AUDIT]));
            audit
                .list(&reader, &AuditFilter::default(), &numbered(1, 9))
                .await
        });
        assert_eq!(listed.unwrap().items, all);
        let filters = [
            (
                AuditFilter {
                    resource: Some("order".into()),
                    ..AuditFilter::default()
                },
                vec![6, 5, 4, 3, 2, 1],
            ),
            (
                AuditFilter {
                    resource: Some("user".into()),
                    ..AuditFilter::default()
                },
                vec![],
            ),
            (
                AuditFilter {
                    resource_id: Some("thing-0".into()),
                    ..AuditFilter::default()
                },
                vec![6, 3],
            ),
            (
                AuditFilter {
                    user_id: Some(id(7)),
                    ..AuditFilter::default()
                },
                vec![6, 4, 2],
            ),
            (
                AuditFilter {
                    action: Some("DELETE".into()),
                    ..AuditFilter::default()
                },
                vec![],
            ),
            (
                AuditFilter {
                    action: Some("UP\0".into()),
                    ..AuditFilter::default()
                },
                vec![],
            ),
            (
                AuditFilter {
                    from: Some(at(102)),
                    to: Some(at(105)),
                    ..AuditFilter::default()
                },
                vec![4, 3, 2],
            ),
        ];
        for (filter, wanted) in filters {
            let listed = write!(store, [filter], |tx| {
                Audit::new(tx).list(&everything(), &filter, &first(9)).await
            });
            let ids: Vec<AuditId> = listed.unwrap().items.iter().map(|entry| entry.id).collect();
            assert_eq!(
                ids,
                wanted.into_iter().map(id).collect::<Vec<AuditId>>(),
                "{filter:?}"
            );
        }
    });
}

#[test]
fn the_chain_grows_by_one_sealer_at_a_time() {
    on_both(async |store| {
        put(&store, 1..=4).await;
        write!(store, [], |tx| {
            let mut audit = Audit::new(tx);
            let end = audit.end().await?.unwrap();
            assert_eq!((end.head.seq, end.last_seq, end.last_hash), (0, None, None));
            let waiting = audit.unlinked(&everything(), None, 3).await?;
            let names: Vec<String> = waiting.iter().map(|waiting| waiting.entry.id()).collect();
            assert_eq!(
                names,
                [1, 2, 3].map(|number| id::<AuditEntry>(number).to_string())
            );
            let [first, second, third] = &waiting[..] else {
                panic!("{waiting:?}")
            };
            assert!(audit.set_head(new_head(&head(2), 0)).await?);
            assert!(!audit.set_head(new_head(&head(2), 0)).await?);
            let links = [(first.key.clone(), 1, vec![1]), (second.key.clone(), 2, vec![2])];
            audit.link(&links).await?;
            let end = audit.end().await?.unwrap();
            assert_eq!((end.head, end.seal), (head(2), b"seal".to_vec()));
            assert_eq!(end.writers, b"writers");
            assert_eq!((end.last_seq, end.last_hash), (Some(2), Some(vec![2])));
            let after = audit.linked_after(&everything(), 0, 9).await?;
            let after: Vec<_> = after
                .iter()
                .map(|linked| (linked.seq, &linked.hash, &linked.entry))
                .collect();
            assert_eq!(
                after,
                [
                    (1, &Some(vec![1]), &first.entry),
                    (2, &Some(vec![2]), &second.entry)
                ]
            );
            assert_ne!(second.entry, third.entry);
            assert_eq!(audit.linked_after(&everything(), 1, 9).await?.len(), 1);
            assert_eq!(audit.count_unlinked().await?, 2);
            assert_eq!(audit.unlinked(&everything(), None, 9).await?.len(), 2);
            assert_eq!(audit.unlinked(&everything(), Some(third), 9).await?.len(), 1);
            assert!(audit.unlinked(&own(id(1)), None, 9).await?.is_empty());
            assert!(audit.linked_after(&own(id(1)), 0, 9).await?.is_empty());
            Ok(())
        })
        .unwrap();
        let again = write!(store, [], |tx| {
            Audit::new(tx).link(&[(EntryKey::Id(id(2)), 3, vec![3])]).await
        });
        assert!(lost_a_race(&again), "{again:?}");
        let sealers: Vec<_> = (0..6)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    write!(store, [], |tx| {
                        let mut audit = Audit::new(tx);
                        if !audit.set_head(new_head(&head(3), 2)).await? {
                            return Ok(false);
                        }
                        audit.link(&[(EntryKey::Id(id(3)), 3, vec![3])]).await?;
                        Ok(true)
                    })
                })
            })
            .collect();
        let mut sealed = 0;
        for sealer in sealers {
            sealed += usize::from(sealer.await.unwrap().unwrap());
        }
        assert_eq!(sealed, 1);
    });
}

/// Every way to change or remove what was written; `X` stands for a hash, which each engine writes its own way.
fn forbidden_edits() -> Vec<String> {
    let mut edits = vec![
        "DELETE FROM audit_entries".to_owned(),
        "DELETE FROM audit_entries WHERE seq IS NULL".to_owned(),
        "UPDATE audit_entries SET hash = hash WHERE seq = 1".to_owned(),
        "UPDATE audit_entries SET seq = NULL, hash = NULL WHERE seq = 1".to_owned(),
        "UPDATE audit_entries SET seq = 2, hash = NULL WHERE seq IS NULL".to_owned(),
        "UPDATE audit_entries SET action = 'x' WHERE seq IS NULL".to_owned(),
    ];
    let columns = [
        "action",
        "resource",
        "resource_id",
        "actor",
        "before_json",
        "after_json",
        "ip",
        "user_agent",
        "request_id",
    ];
    for set in columns
        .map(|column| format!("{column} = 'forged'"))
        .iter()
        .chain([
            &"at = at + 1".to_owned(),
            &"user_id = id".to_owned(),
            &"request_id = NULL".to_owned(),
            &"writer = id".to_owned(),
            &"number = number + 1".to_owned(),
            &"mac = X, ip = ip".to_owned(),
        ])
    {
        edits.push(format!(
            "UPDATE audit_entries SET seq = 2, hash = hash, {set} WHERE seq IS NULL"
        ));
        edits.push(format!("UPDATE audit_entries SET {set} WHERE seq = 1"));
    }
    let columns = "id, at, actor, action, resource, resource_id, writer, number, mac, seq, hash";
    let values = "at, actor, action, resource, resource_id, writer, number, mac";
    edits.push(format!(
        "INSERT INTO audit_entries ({columns}) SELECT user_id, {values}, 2, X FROM audit_entries WHERE seq IS NULL"
    ));
    edits.push(format!(
        "INSERT INTO audit_entries ({columns}) SELECT user_id, {values}, NULL, X FROM audit_entries WHERE seq IS NULL"
    ));
    // A hash that may be written, so that only the forged column is in the way.
    edits
        .iter()
        .map(|edit| edit.replace("hash = hash, ", "hash = X, "))
        .collect()
}

#[test]
fn the_database_refuses_to_edit_or_remove_entries() {
    on_both(async |store| {
        put(&store, 1..=2).await;
        write!(store, [], |tx| {
            Audit::new(tx).link(&[(EntryKey::Id(id(1)), 1, vec![1])]).await
        })
        .unwrap();
        let edits = forbidden_edits();
        match store.database.engine() {
            Engine::Sqlite => {
                let connection = sqlite_connection(&store.options).unwrap();
                // These remove what is in their way without asking the trigger that forbids to.
                let replace = [
                    "UPDATE OR REPLACE audit_entries SET seq = 1, hash = x'02' WHERE seq IS NULL",
                    "INSERT OR REPLACE INTO audit_entries (id, at, actor, action, resource, resource_id, writer, number, mac) \
                     SELECT id, at, actor, 'READ', resource, resource_id, writer, number, mac FROM audit_entries",
                    "REPLACE INTO audit_entries (id, at, actor, action, resource, resource_id, writer, number, mac, \
                     seq, hash) SELECT x'00', at, actor, 'READ', resource, resource_id, writer, number, mac, seq, hash FROM audit_entries \
                     WHERE seq = 1",
                ];
                for edit in edits.iter().map(String::as_str).chain(replace) {
                    let outcome =
                        connection.execute_batch(&edit.replace("= X,", "= x'02',").replace(", X", ", x'02'"));
                    assert!(
                        outcome
                            .as_ref()
                            .is_err_and(|e| e.to_string().contains("audit entry is never")),
                        "{edit}: {outcome:?}"
                    );
                }
            }
            Engine::Postgres => {
                let (client, _connection) = postgres_client(&store.options).await.unwrap();
                for edit in edits.iter().chain([&"TRUNCATE audit_entries".to_owned()]) {
                    let outcome = client
                        .batch_execute(
                            &edit
                                .replace("= X,", "= '\\x02',")
                                .replace(", X", ", CAST('\\x02' AS BYTEA)"),
                        )
                        .await;
                    let said = outcome
                        .as_ref()
                        .err()
                        .and_then(|e| e.as_db_error())
                        .map(|e| e.message().to_owned());
                    assert!(
                        said.is_some_and(|said| said.contains("audit entry is never")),
                        "{edit}: {outcome:?}"
                    );
                }
            }
        }
        let entries = write!(store, [], |tx| {
            Audit::new(tx)
                .list(&everything(), &AuditFilter::default(), &first(9))
                .await
        });
        assert_eq!(entries.unwrap().items, [audit_entry(2), audit_entry(1)]);
    });
}
