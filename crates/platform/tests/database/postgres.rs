//! What only PostgreSQL does: transactions in each other's way, connections that break.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use mainstay_platform::database::{
    Authorized, Database, DatabaseError, DatabaseOptions, Isolation, ReadMode, postgres_client,
};
use tokio::task::block_in_place;

use crate::between::Gate;
use crate::fixture::{Answer, OWNERS, add, add_alone, boxed, owners, postgres};
use crate::{change, select};

/// Appends to the name of an owner.
fn rename() -> Authorized<'static> {
    change!("owners", "UPDATE owners SET name = name || $2 WHERE id = $1")
}

/// Adds an owner before the gate and one behind it, in one transaction.
async fn add_around_the_gate(db: Database) -> Answer<u64> {
    db.write(Isolation::ReadCommitted, |tx| {
        boxed(async move {
            add(tx, 1).await?;
            Gate::pass(tx).await?;
            add(tx, 2).await
        })
    })
    .await
}

/// Sessions of this database that sit inside a transaction without working.
async fn idle_in_transaction(db: &Database) -> i64 {
    let sessions = select!(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
    );
    db.read(ReadMode::Thread, move |tx| {
        boxed(async move { tx.one(sessions, &[]).await })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serialization_failure_is_run_again() {
    postgres(
        |_| {},
        |db, options| async move {
            add_alone(&db, 0).await.unwrap();
            let gate = Gate::shut(&options).await;
            let calls: Vec<_> = [1, 2]
                .into_iter()
                .map(|id| {
                    let (db, runs) = (db.clone(), AtomicU32::new(0));
                    tokio::spawn(async move {
                        db.write(Isolation::Serializable, move |tx| {
                            let run = runs.fetch_add(1, Ordering::SeqCst);
                            boxed(async move {
                                let seen: i64 = tx.one(select!("SELECT count(*) FROM owners"), &[]).await?;
                                if run == 0 {
                                    Gate::pass(tx).await?;
                                }
                                add(tx, id).await?;
                                Ok(seen)
                            })
                        })
                        .await
                    })
                })
                .collect();
            gate.wait_for(2).await;
            gate.open().await;
            let mut seen = Vec::new();
            for call in calls {
                seen.push(call.await.unwrap().unwrap());
            }
            seen.sort_unstable();
            assert_eq!(seen, [1, 2], "as if one had run after the other");
            assert!(db.counters().retries >= 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_run_again() {
    postgres(
        |_| {},
        |db, options| async move {
            add_alone(&db, 1).await.unwrap();
            add_alone(&db, 2).await.unwrap();
            let gate = Gate::shut(&options).await;
            let calls: Vec<_> = [(1, 2), (2, 1)]
                .into_iter()
                .map(|(first, second)| {
                    let (db, runs) = (db.clone(), AtomicU32::new(0));
                    tokio::spawn(async move {
                        db.write(Isolation::ReadCommitted, move |tx| {
                            let run = runs.fetch_add(1, Ordering::SeqCst);
                            boxed(async move {
                                tx.execute(rename(), &[&first, &"+"]).await?;
                                if run == 0 {
                                    Gate::pass(tx).await?;
                                }
                                tx.execute(rename(), &[&second, &"+"]).await
                            })
                        })
                        .await
                    })
                })
                .collect();
            gate.wait_for(2).await;
            gate.open().await;
            for call in calls {
                assert_eq!(call.await.unwrap().unwrap(), 1);
            }
            let names = select!("SELECT name FROM owners ORDER BY id");
            let names: Vec<String> = db
                .read(ReadMode::Thread, move |tx| {
                    boxed(async move { tx.all(names, &[]).await })
                })
                .await
                .unwrap();
            assert_eq!(
                names,
                ["owner 1++", "owner 2++"],
                "each ran to its end exactly once"
            );
            assert!(db.counters().retries >= 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_leaves_no_transaction_open() {
    postgres(
        |options| options.pool_size = 2,
        |db, options| async move {
            let gate = Gate::shut(&options).await;
            let call = tokio::spawn(add_around_the_gate(db.clone()));
            gate.wait_for(1).await;
            call.abort();
            assert!(call.await.unwrap_err().is_cancelled());
            gate.wait_for(1).await;
            assert!(owners(&db).await.is_empty(), "it is still at work, whole");
            gate.open().await;
            while owners(&db).await.is_empty() {
                tokio::task::yield_now().await;
            }
            assert_eq!(owners(&db).await, [1, 2]);
            // A snapshot is let go just after its reader was answered, so the count may lag, but not stay.
            while idle_in_transaction(&db).await > 0 {
                tokio::task::yield_now().await;
            }
            for id in 10..20 {
                add_alone(&db, id).await.unwrap();
            }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_or_an_abandoned_statement_gives_the_connection_up() {
    postgres(
        |options| options.pool_size = 1,
        |db, _| async move {
            for _ in 0..5 {
                let panicked: Answer<()> = db
                    .write(Isolation::ReadCommitted, |tx| {
                        boxed(async move {
                            add(tx, 1).await?;
                            panic!("on purpose")
                        })
                    })
                    .await;
                assert!(matches!(panicked, Err(DatabaseError::Panicked { .. })));
                let abandoned = db
                    .write(Isolation::ReadCommitted, |tx| {
                        boxed(async move {
                            add(tx, 1).await?;
                            let sleep = select!("SELECT 1 FROM pg_sleep(60)");
                            let slow = tx.one::<i32>(sleep, &[]);
                            let _ = tokio::time::timeout(Duration::from_millis(20), slow).await;
                            Ok(())
                        })
                    })
                    .await;
                assert!(
                    matches!(abandoned, Err(DatabaseError::LostTransaction { .. })),
                    "{abandoned:?}"
                );
            }
            assert!(owners(&db).await.is_empty());
            add_alone(&db, 2).await.unwrap();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_before_the_commit_is_replaced() {
    postgres(
        |_| {},
        |db, _| async move {
            let runs = Arc::new(AtomicU32::new(0));
            let counted = Arc::clone(&runs);
            db.write(Isolation::ReadCommitted, move |tx| {
                let run = counted.fetch_add(1, Ordering::SeqCst);
                boxed(async move {
                    add(tx, 1).await?;
                    if run == 0 {
                        tx.one::<bool>(select!("SELECT pg_terminate_backend(pg_backend_pid())"), &[])
                            .await?;
                    }
                    add(tx, 2).await
                })
            })
            .await
            .unwrap();
            assert_eq!(runs.load(Ordering::SeqCst), 2);
            assert_eq!(owners(&db).await, [1, 2]);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_died_in_the_pool_are_replaced() {
    postgres(
        |_| {},
        |db, options| async move {
            let many: Vec<_> = (0..8)
                .map(|id| {
                    let db = db.clone();
                    tokio::spawn(async move { add_alone(&db, id).await })
                })
                .collect();
            for one in many {
                one.await.unwrap().unwrap();
            }
            let (admin, _task) = postgres_client(&options).await.unwrap();
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
            admin.batch_execute(kill).await.unwrap();
            for id in 100..120 {
                add_alone(&db, id).await.unwrap();
            }
            assert_eq!(owners(&db).await.len(), 28);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_outlived_by_its_table_is_made_anew() {
    postgres(
        |options| options.pool_size = 1,
        |db, options| async move {
            add_alone(&db, 1).await.unwrap();
            let everything = select!("SELECT * FROM owners");
            let read_committed = |db: Database| async move {
                db.write(Isolation::ReadCommitted, move |tx| {
                    boxed(async move { tx.all::<i64>(everything, &[]).await })
                })
                .await
            };
            assert_eq!(read_committed(db.clone()).await.unwrap(), [1]);
            let (admin, _task) = postgres_client(&options).await.unwrap();
            admin
                .batch_execute("ALTER TABLE owners ADD COLUMN age BIGINT")
                .await
                .unwrap();
            assert_eq!(read_committed(db.clone()).await.unwrap(), [1]);
            assert_eq!(db.counters().retries, 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_of_waiting_and_of_statements_are_kept() {
    let limits = |options: &mut DatabaseOptions| {
        options.pool_size = 1;
        options.wait_limit = Duration::from_millis(300);
        options.statement_timeout = Duration::from_millis(200);
    };
    postgres(limits, |db, _| async move {
        let sleep = select!("SELECT 1 FROM pg_sleep(60)");
        let slow = db
            .read(ReadMode::Thread, move |tx| {
                boxed(async move { tx.one::<i32>(sleep, &[]).await })
            })
            .await;
        assert!(matches!(slow, Err(DatabaseError::Timeout { .. })), "{slow:?}");
        let (entered, inside) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let holder = tokio::spawn({
            let db = db.clone();
            async move {
                db.read(ReadMode::Thread, move |tx| {
                    entered.send(()).unwrap();
                    block_in_place(|| released.recv().unwrap());
                    boxed(async move { tx.all::<i64>(OWNERS, &[]).await })
                })
                .await
            }
        });
        block_in_place(|| inside.recv().unwrap());
        let refused = add_alone(&db, 1).await;
        assert!(
            matches!(refused, Err(DatabaseError::Unavailable { .. })),
            "{refused:?}"
        );
        release.send(()).unwrap();
        holder.await.unwrap().unwrap();
        add_alone(&db, 1).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_or_unencrypted_server_is_reported() {
    let options = DatabaseOptions {
        wait_limit: Duration::from_secs(2),
        ..DatabaseOptions::new("postgres://x@127.0.0.1:1/x")
    };
    let unavailable = Database::open(&options).await;
    assert!(
        matches!(unavailable, Err(DatabaseError::Unavailable { .. })),
        "{unavailable:?}"
    );
    postgres(
        |_| {},
        |_, options| async move {
            let joint = if options.url.contains('?') { '&' } else { '?' };
            let strict = DatabaseOptions::new(format!("{}{joint}sslmode=require", options.url));
            let (admin, _task) = postgres_client(&options).await.unwrap();
            let encrypted: String = admin.query_one("SHOW ssl", &[]).await.unwrap().get(0);
            if encrypted == "off" {
                let plain = Database::open(&strict).await;
                assert!(
                    matches!(plain, Err(DatabaseError::Unavailable { .. })),
                    "{plain:?}"
                );
            }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_waits_for_what_runs() {
    postgres(
        |_| {},
        |db, options| async move {
            let gate = Gate::shut(&options).await;
            let call = tokio::spawn(add_around_the_gate(db.clone()));
            gate.wait_for(1).await;
            let closing = tokio::spawn(async move { db.close().await });
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert!(!closing.is_finished());
            gate.open().await;
            closing.await.unwrap();
            call.await.unwrap().unwrap();
            let again = Database::open(&options).await.unwrap();
            assert_eq!(owners(&again).await, [1, 2]);
        },
    )
    .await;
}
