//! What both engines guarantee.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use mainstay_platform::database::{Database, DatabaseError, Isolation, ReadMode, Retryable};

use crate::fixture::{Answer, OWNERS, add, add_alone, add_owner, add_thing, boxed, owners};
use crate::{change, on_both, select};

/// An error type of the layers above; the database API must find the [`DatabaseError`] inside.
#[derive(Debug)]
enum Failure {
    Refused(&'static str),
    Database(DatabaseError),
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl Retryable for Failure {
    fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

on_both! {
    async fn success_is_committed_and_failure_leaves_no_trace(db: Database) {
        assert_eq!(add_alone(&db, 1).await.unwrap(), 1);
        let refused: Result<(), Failure> = db
            .write(Isolation::ReadCommitted, |tx| {
                Box::pin(async move {
                    add(tx, 2).await?;
                    assert_eq!(tx.all::<i64>(OWNERS, &[]).await?, [1, 2], "a transaction sees its own changes");
                    Err(Failure::Refused("no"))
                })
            })
            .await;
        assert!(matches!(refused, Err(Failure::Refused("no"))));
        assert_eq!(owners(&db).await, [1]);
    }

    async fn a_transaction_that_awaits_something_else_fails(db: Database) {
        let inner = db.clone();
        let nested: Answer<u64> = db
            .write(Isolation::ReadCommitted, move |tx| {
                let inner = inner.clone();
                boxed(async move {
                    add(tx, 1).await?;
                    add_alone(&inner, 2).await
                })
            })
            .await;
        assert!(matches!(nested, Err(DatabaseError::WaitedElsewhere)), "{nested:?}");
        let slept: Answer<()> = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    add(tx, 3).await?;
                    tokio::time::sleep(std::time::Duration::from_micros(1)).await;
                    Ok(())
                })
            })
            .await;
        // SQLite's writer thread has no timer that it could wait for.
        let slept = slept.unwrap_err();
        assert!(matches!(slept, DatabaseError::WaitedElsewhere | DatabaseError::Panicked { .. }), "{slept:?}");
        for mode in [ReadMode::InPlace, ReadMode::Thread] {
            let read: Answer<()> = db.read(mode, |_| boxed(std::future::pending())).await;
            assert!(matches!(read, Err(DatabaseError::WaitedElsewhere)), "{read:?}");
        }
        add_alone(&db, 4).await.unwrap();
        let left = owners(&db).await;
        assert!(left.contains(&4) && !left.contains(&1) && !left.contains(&3), "{left:?}");
    }

    async fn statements_and_changed_rows_are_counted(db: Database) {
        let stats = db
            .write(Isolation::Serializable, |tx| {
                boxed(async move {
                    for id in 1..=3 {
                        add(tx, id).await?;
                    }
                    let rename =
                        change!("owners", "UPDATE owners SET name = name || $1 WHERE id > $2 RETURNING id");
                    let renamed: Vec<i64> =
                        tx.execute_returning_all(rename, &[&"!", &1]).await?;
                    assert_eq!(renamed.len(), 2);
                    assert_eq!(tx.execute(change!("owners", "DELETE FROM owners WHERE id = $1"), &[&99]).await?, 0);
                    assert_eq!(tx.one::<i64>(select!("SELECT count(*) FROM owners"), &[]).await?, 3);
                    assert_eq!(tx.optional::<i64>(select!("SELECT id FROM owners WHERE id = $1"), &[&99]).await?, None);
                    Ok(tx.stats())
                })
            })
            .await
            .unwrap();
        assert_eq!((stats.statements, stats.changed_rows), (7, 5));
        assert!(stats.database_us > 0);
        let next = db.write(Isolation::ReadCommitted, |tx| boxed(async move { Ok(tx.stats()) })).await.unwrap();
        assert_eq!((next.statements, next.changed_rows), (0, 0), "each transaction starts counting at zero");
    }

    async fn constraint_errors_name_the_violated_constraint(db: Database) {
        add_alone(&db, 1).await.unwrap();
        let same_name = db
            .write(Isolation::ReadCommitted, |tx| boxed(async move { tx.execute(add_owner(), &[&2, &"owner 1"]).await }))
            .await
            .unwrap_err();
        let conflict = same_name.conflict().expect("a conflict");
        assert!(conflict.on("owners", "name") && !conflict.on("owners", "id"), "{conflict:?}");
        let same_id = db
            .write(Isolation::ReadCommitted, |tx| boxed(async move { tx.execute(add_owner(), &[&1, &"another"]).await }))
            .await
            .unwrap_err();
        assert!(same_id.conflict().expect("a conflict").on("owners", "id"), "{same_id:?}");

        let thing = |owner: Option<i64>, size: Option<i64>, late: Option<i64>| {
            let db = db.clone();
            async move {
                let body = db.write(Isolation::ReadCommitted, move |tx| {
                    boxed(async move { tx.execute(add_thing(), &[&1, &owner, &size, &late]).await })
                });
                body.await.unwrap_err()
            }
        };
        assert!(matches!(thing(Some(7), Some(1), None).await, DatabaseError::ForeignKey { .. }));
        let check = thing(Some(1), Some(-1), None).await;
        assert!(matches!(&check, DatabaseError::Check { constraint } if constraint == "things_size_check"), "{check:?}");
        let absent = thing(Some(1), None, None).await;
        assert!(matches!(&absent, DatabaseError::Check { constraint } if constraint == "things.size"), "{absent:?}");
        let late = thing(Some(1), Some(1), Some(7)).await;
        assert!(matches!(late, DatabaseError::CommitFailed { .. }), "{late:?}");
        let wrong = db
            .write(Isolation::ReadCommitted, |tx| boxed(async move { tx.execute(change!("nowhere", "UPDATE nowhere SET x = 1"), &[]).await }))
            .await
            .unwrap_err();
        assert!(matches!(&wrong, DatabaseError::Statement { sql, .. } if sql.contains("nowhere")), "{wrong:?}");
        let too_few = db
            .write(Isolation::ReadCommitted, |tx| boxed(async move { tx.execute(add_owner(), &[&1]).await }))
            .await
            .unwrap_err();
        assert!(matches!(too_few, DatabaseError::Statement { .. }), "{too_few:?}");
    }

    async fn a_transaction_that_ignores_a_failed_statement_is_not_committed(db: Database) {
        add_alone(&db, 1).await.unwrap();
        let ignored_error = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    add(tx, 2).await?;
                    let _ = add(tx, 1).await;
                    Ok(())
                })
            })
            .await;
        assert!(matches!(ignored_error, Err(DatabaseError::FailedBefore { .. })), "{ignored_error:?}");
        let continued = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    let _ = add(tx, 1).await;
                    add(tx, 3).await
                })
            })
            .await;
        assert!(matches!(continued, Err(DatabaseError::FailedBefore { .. })), "{continued:?}");
        assert_eq!(owners(&db).await, [1]);
    }

    async fn an_expected_conflict_is_not_a_failure(db: Database) {
        let add = change!("owners", "INSERT INTO owners (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        let counts = db
            .write(Isolation::ReadCommitted, move |tx| {
                boxed(async move {
                    Ok((tx.execute(add, &[&1, &"a"]).await?, tx.execute(add, &[&1, &"b"]).await?))
                })
            })
            .await
            .unwrap();
        assert_eq!(counts, (1, 0));
    }

    async fn a_panic_undoes_its_own_transaction_only(db: Database) {
        let panicked: Answer<()> = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    add(tx, 1).await?;
                    panic!("on purpose")
                })
            })
            .await;
        assert!(matches!(&panicked, Err(DatabaseError::Panicked { message }) if message == "on purpose"), "{panicked:?}");
        let early: Answer<()> = db.write(Isolation::ReadCommitted, |_| panic!("before the future")).await;
        assert!(matches!(early, Err(DatabaseError::Panicked { .. })), "{early:?}");
        for mode in [ReadMode::Single, ReadMode::InPlace, ReadMode::Thread] {
            for _ in 0..40 {
                let read: Answer<()> = db
                    .read(mode, |tx| {
                        boxed(async move {
                            tx.all::<i64>(OWNERS, &[]).await?;
                            panic!("while reading")
                        })
                    })
                    .await;
                assert!(matches!(read, Err(DatabaseError::Panicked { .. })), "{read:?}");
            }
        }
        assert_eq!(db.counters().panics, 122);
        add_alone(&db, 2).await.unwrap();
        assert_eq!(owners(&db).await, [2]);
    }

    async fn a_body_may_request_another_run(db: Database) {
        let runs = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&runs);
        db.write(Isolation::ReadCommitted, move |tx| {
            let run = counter.fetch_add(1, Ordering::SeqCst);
            boxed(async move {
                add(tx, i64::from(run)).await?;
                if run < 3 { Err(DatabaseError::Retry) } else { Ok(()) }
            })
        })
        .await
        .unwrap();
        assert_eq!(owners(&db).await, [3], "only the last run counts");
        assert_eq!(db.counters().retries, 3);

        let counter = Arc::clone(&runs);
        runs.store(0, Ordering::SeqCst);
        let never: Answer<()> = db
            .write(Isolation::ReadCommitted, move |_| {
                counter.fetch_add(1, Ordering::SeqCst);
                boxed(async { Err(DatabaseError::Retry) })
            })
            .await;
        assert!(matches!(never, Err(DatabaseError::Retry)));
        assert_eq!(runs.load(Ordering::SeqCst), 10);
    }

    async fn a_read_sees_one_snapshot(db: Database) {
        add_alone(&db, 1).await.unwrap();
        let (first_read_done, first_read) = mpsc::channel();
        let (resume, written) = mpsc::channel::<()>();
        let reader = tokio::spawn({
            let db = db.clone();
            async move {
                db.read(ReadMode::Thread, move |tx| {
                    boxed(async move {
                        let before: Vec<i64> = tx.all(OWNERS, &[]).await?;
                        first_read_done.send(()).unwrap();
                        // Blocks the thread on purpose: a body cannot await anything but its transaction.
                        tokio::task::block_in_place(|| written.recv().unwrap());
                        Ok((before, tx.all::<i64>(OWNERS, &[]).await?))
                    })
                })
                .await
            }
        });
        tokio::task::block_in_place(|| first_read.recv().unwrap());
        add_alone(&db, 2).await.unwrap();
        assert_eq!(owners(&db).await, [1, 2], "another reader sees the new row, and no writer waited");
        resume.send(()).unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), (vec![1], vec![1]));
    }

    async fn a_read_cannot_write(db: Database) {
        for mode in [ReadMode::Single, ReadMode::InPlace, ReadMode::Thread] {
            let plain = db.read(mode, |tx| boxed(async move { add(tx, 1).await })).await;
            assert!(matches!(plain, Err(DatabaseError::WriteInRead { .. })), "{plain:?}");
        }
        assert!(owners(&db).await.is_empty());
    }

    async fn a_read_of_a_single_statement_refuses_a_second(db: Database) {
        add_alone(&db, 1).await.unwrap();
        let two = db
            .read(ReadMode::Single, |tx| {
                boxed(async move {
                    assert_eq!(tx.all::<i64>(OWNERS, &[]).await?, [1]);
                    tx.all::<i64>(OWNERS, &[]).await
                })
            })
            .await;
        assert!(matches!(&two, Err(DatabaseError::Statement { message, .. }) if message.contains("single")), "{two:?}");
        // The connections are still usable: none is left inside of a transaction.
        for _ in 0..40 {
            let one = db.read(ReadMode::Single, |tx| boxed(async move { tx.all::<i64>(OWNERS, &[]).await })).await;
            assert_eq!(one.unwrap(), [1]);
        }
        add_alone(&db, 2).await.unwrap();
        let fresh = db.read(ReadMode::Single, |tx| boxed(async move { tx.all::<i64>(OWNERS, &[]).await })).await;
        assert_eq!(fresh.unwrap(), [1, 2]);
        assert_eq!(owners(&db).await, [1, 2]);
    }

    async fn a_change_returns_all_its_rows_or_the_first_and_is_always_whole(db: Database) {
        for id in 1..=3 {
            add_alone(&db, id).await.unwrap();
        }
        let first = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    let delete = change!("owners", "DELETE FROM owners WHERE id > $1 RETURNING id");
                    let first: Option<i64> = tx.execute_returning_optional(delete, &[&1]).await?;
                    let none: Option<i64> = tx.execute_returning_optional(delete, &[&1]).await?;
                    Ok((first.is_some(), none, tx.stats().changed_rows))
                })
            })
            .await
            .unwrap();
        assert_eq!(first, (true, None, 2));
        assert_eq!(owners(&db).await, [1]);
    }

    async fn a_batch_runs_in_order(db: Database) {
        let counts = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    // The child's statement is prepared already, the parents' is not: it must not overtake them.
                    tx.execute(add_thing(), &[&1, &None::<i64>, &1, &None::<i64>]).await?;
                    tx.batch(&[
                        (add_owner(), &[&1, &"a"]),
                        (add_thing(), &[&2, &1, &1, &None::<i64>]),
                        (add_owner(), &[&2, &"b"]),
                        (add_thing(), &[&3, &2, &1, &None::<i64>]),
                        (change!("things", "UPDATE things SET size = size + $1"), &[&5]),
                    ])
                    .await
                })
            })
            .await
            .unwrap();
        assert_eq!(counts, [1, 1, 1, 1, 3]);
        let failed = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    tx.batch(&[(add_owner(), &[&3, &"c"]), (add_owner(), &[&1, &"d"]), (add_owner(), &[&4, &"e"])]).await
                })
            })
            .await
            .unwrap_err();
        assert!(failed.conflict().is_some_and(|conflict| conflict.on("owners", "id")), "{failed:?}");
        assert_eq!(owners(&db).await, [1, 2]);
    }

    async fn a_row_that_does_not_fit_is_an_error(db: Database) {
        add_alone(&db, 1).await.unwrap();
        let read = db
            .read(ReadMode::Thread, |tx| {
                boxed(async move { tx.one::<(i64, i64)>(select!("SELECT id, name FROM owners"), &[]).await })
            })
            .await
            .unwrap_err();
        assert!(
            matches!(read, DatabaseError::Decode { column: 2, wanted: "integer", found: "text" }),
            "{read:?}"
        );
        let none = db
            .read(ReadMode::Thread, |tx| {
                boxed(async move { tx.one::<i64>(select!("SELECT id FROM owners WHERE id = $1"), &[&5]).await })
            })
            .await;
        assert!(matches!(none, Err(DatabaseError::NoRow { .. })), "{none:?}");
    }

    async fn a_caller_that_goes_away_leaves_all_or_nothing(db: Database) {
        for round in 0..30 {
            let (first, second) = (round * 2, round * 2 + 1);
            let call = tokio::spawn({
                let db = db.clone();
                async move {
                    db.write(Isolation::ReadCommitted, move |tx| {
                        boxed(async move {
                            add(tx, first).await?;
                            add(tx, second).await
                        })
                    })
                    .await
                }
            });
            for _ in 0..round % 7 {
                tokio::task::yield_now().await;
            }
            call.abort();
            let _ = call.await;
        }
        // On PostgreSQL the others may still run; each is complete whenever a reader sees it.
        add_alone(&db, 1000).await.unwrap();
        let ids = owners(&db).await;
        let pairs = &ids[..ids.len() - 1];
        assert!(pairs.chunks(2).all(|pair| pair.len() == 2 && pair[0] + 1 == pair[1]), "{ids:?}");
    }

    async fn a_closed_database_accepts_no_work(db: Database) {
        let writes: Vec<_> = (0..20)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move { add_alone(&db, id).await })
            })
            .collect();
        for write in writes {
            write.await.unwrap().unwrap();
        }
        db.ping().await.unwrap();
        db.close().await;
        db.close().await;
        assert!(matches!(add_alone(&db, 99).await, Err(DatabaseError::Unavailable { .. })));
        assert!(matches!(db.ping().await, Err(DatabaseError::Unavailable { .. })));
    }
}
