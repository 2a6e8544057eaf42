//! Group commit on SQLite, and what happens when a member or the COMMIT fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;

use futures_util::future::BoxFuture;
use mainstay_platform::database::{Database, DatabaseError, Isolation, Tx};
use tokio::task::{JoinHandle, block_in_place};

use crate::change;
use crate::fixture::{Answer, add, add_alone, add_thing, boxed, owners, sqlite};

/// Blocks the writer inside a first transaction until all `bodies` wait, so that they form one group with it.
async fn run_in_one_group<F>(db: &Database, bodies: Vec<F>) -> Vec<Answer<u64>>
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Answer<u64>> + Send + 'static,
{
    let (entered, inside) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let first = tokio::spawn({
        let db = db.clone();
        async move {
            db.write(Isolation::ReadCommitted, move |_| {
                let _ = entered.send(());
                // The sender is gone on a second run, which then does not wait.
                let _ = released.recv();
                boxed(async { Ok(0) })
            })
            .await
        }
    });
    block_in_place(|| inside.recv().unwrap());
    let mut calls: Vec<JoinHandle<Answer<u64>>> = Vec::new();
    for body in bodies {
        let before = db.counters().waiting;
        let db_of_call = db.clone();
        calls.push(tokio::spawn(async move {
            db_of_call.write(Isolation::ReadCommitted, body).await
        }));
        while db.counters().waiting == before {
            tokio::task::yield_now().await;
        }
    }
    release.send(()).unwrap();
    drop(release);
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    // It has the same outcome as the rest where the whole group fails.
    let _ = first.await.unwrap();
    answers
}

type Body = Box<dyn for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Answer<u64>> + Send>;

fn adds(id: i64) -> Body {
    Box::new(move |tx| boxed(async move { add(tx, id).await }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_transactions_share_one_commit() {
    let fixture = sqlite(|_| {}).await;
    let answers = run_in_one_group(&fixture.db, (0..63).map(adds).collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let counters = fixture.db.counters();
    assert_eq!((counters.commits, counters.grouped), (1, 64));
    assert_eq!(owners(&fixture.db).await, (0..63).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_have_at_most_the_configured_size() {
    let fixture = sqlite(|options| options.group_size = 8).await;
    let answers = run_in_one_group(&fixture.db, (0..31).map(adds).collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let counters = fixture.db.counters();
    assert_eq!((counters.commits, counters.grouped), (4, 32));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_member_leaves_no_trace_and_does_not_affect_others() {
    let fixture = sqlite(|_| {}).await;
    let bodies = (0..60).map(|id| -> Body {
        match id % 6 {
            0 => Box::new(move |tx| {
                boxed(async move {
                    add(tx, id).await?;
                    Err(DatabaseError::NoRow {
                        sql: "its own error".to_owned(),
                    })
                })
            }),
            1 => Box::new(move |tx| {
                boxed(async move {
                    add(tx, id).await?;
                    panic!("on purpose")
                })
            }),
            2 => Box::new(move |tx| {
                boxed(async move {
                    add(tx, id).await?;
                    tokio::task::yield_now().await;
                    Ok(0)
                })
            }),
            // Conflicts with another member's row that is not committed yet.
            3 => Box::new(move |tx| boxed(async move { add(tx, id + 1 - 6).await })),
            _ => adds(id),
        }
    });
    let answers = run_in_one_group(&fixture.db, bodies.collect()).await;
    for (id, answer) in answers.iter().enumerate() {
        match (id % 6, answer) {
            (0, Err(DatabaseError::NoRow { .. }))
            | (1, Err(DatabaseError::Panicked { .. }))
            | (2, Err(DatabaseError::WaitedElsewhere))
            | (3, Err(DatabaseError::Conflict(_)))
            | (4 | 5, Ok(1)) => {}
            // For the very first, that other member does not exist.
            (3, Ok(1)) if id == 3 => {}
            other => panic!("{id}: {other:?}"),
        }
    }
    let mut wanted: Vec<i64> = (0..60).filter(|id| id % 6 > 3).collect();
    wanted.insert(0, -2);
    assert_eq!(owners(&fixture.db).await, wanted);
    assert_eq!(fixture.db.counters().commits, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_fails_every_member() {
    let refuse = Arc::new(AtomicBool::new(true));
    let flag = Arc::clone(&refuse);
    let fixture = sqlite(move |options| options.fault_injection.refuse_commits = Some(flag)).await;
    let mut bodies: Vec<Body> = (0..10).map(adds).collect();
    // Not even a conflict is reported: the row that it conflicts with was not committed.
    bodies.push(adds(3));
    let answers = run_in_one_group(&fixture.db, bodies).await;
    for answer in &answers {
        assert!(
            matches!(answer, Err(DatabaseError::CommitFailed { .. })),
            "{answer:?}"
        );
    }
    assert!(owners(&fixture.db).await.is_empty());
    assert_eq!(fixture.db.counters().failed_commits, 1);
    refuse.store(false, Ordering::SeqCst);
    add_alone(&fixture.db, 3).await.unwrap();
    assert_eq!(owners(&fixture.db).await, [3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_violated_deferred_foreign_key_fails_its_own_transaction_only() {
    let fixture = sqlite(|_| {}).await;
    let mut bodies: Vec<Body> = (0..10).map(adds).collect();
    bodies.insert(
        5,
        Box::new(|tx| {
            boxed(async move { tx.execute(add_thing(), &[&1, &None::<i64>, &1, &Some(99)]).await })
        }),
    );
    let answers = run_in_one_group(&fixture.db, bodies).await;
    for (index, answer) in answers.iter().enumerate() {
        match answer {
            Ok(1) if index != 5 => {}
            Err(DatabaseError::CommitFailed { .. }) if index == 5 => {}
            other => panic!("{index}: {other:?}"),
        }
    }
    assert_eq!(owners(&fixture.db).await, (0..10).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_rolls_back_the_group_fails_and_the_others_run_again() {
    let fixture = sqlite(|_| {}).await;
    add_alone(&fixture.db, 100).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let mut bodies: Vec<Body> = vec![Box::new(move |tx| {
        counter.fetch_add(1, Ordering::SeqCst);
        boxed(async move { add(tx, 0).await })
    })];
    bodies.extend((1..5).map(adds));
    bodies.push(Box::new(|tx| {
        boxed(async move {
            let _ = tx
                .execute(
                    change!(
                        "owners",
                        "INSERT OR ROLLBACK INTO owners (id, name) VALUES (100, 'x')"
                    ),
                    &[],
                )
                .await;
            Ok(7)
        })
    }));
    bodies.extend((5..10).map(adds));
    let answers = run_in_one_group(&fixture.db, bodies).await;
    for (index, answer) in answers.iter().enumerate() {
        match answer {
            Ok(1) if index != 5 => {}
            Err(DatabaseError::LostTransaction { .. }) if index == 5 => {}
            other => panic!("{index}: {other:?}"),
        }
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    let mut wanted: Vec<i64> = (0..10).collect();
    wanted.push(100);
    assert_eq!(owners(&fixture.db).await, wanted);
    add_alone(&fixture.db, 11).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_caller_is_gone_does_not_start() {
    let fixture = sqlite(|_| {}).await;
    let (entered, inside) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let db = fixture.db.clone();
    let first = tokio::spawn(async move {
        db.write(Isolation::ReadCommitted, move |_| {
            entered.send(()).unwrap();
            released.recv().unwrap();
            boxed(async { Ok(()) })
        })
        .await
    });
    block_in_place(|| inside.recv().unwrap());
    let db = fixture.db.clone();
    let gone = tokio::spawn(async move { add_alone(&db, 1).await });
    while fixture.db.counters().waiting == 0 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    add_alone(&fixture.db, 2).await.unwrap();
    assert_eq!(owners(&fixture.db).await, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_and_a_long_wait_are_errors() {
    let fixture = sqlite(|options| {
        options.queue_size = 1;
        options.wait_limit = std::time::Duration::from_millis(100);
    })
    .await;
    let (entered, inside) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let db = fixture.db.clone();
    let first = tokio::spawn(async move {
        db.write(Isolation::ReadCommitted, move |_| {
            entered.send(()).unwrap();
            released.recv().unwrap();
            boxed(async { Ok(()) })
        })
        .await
    });
    block_in_place(|| inside.recv().unwrap());
    let db = fixture.db.clone();
    let queued = tokio::spawn(async move { add_alone(&db, 1).await });
    while fixture.db.counters().waiting == 0 {
        tokio::task::yield_now().await;
    }
    let refused = add_alone(&fixture.db, 2).await;
    assert!(
        matches!(refused, Err(DatabaseError::Unavailable { .. })),
        "{refused:?}"
    );
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    // By now it has waited longer than the limit.
    assert!(matches!(
        queued.await.unwrap(),
        Err(DatabaseError::Unavailable { .. })
    ));
    assert!(owners(&fixture.db).await.is_empty());
    add_alone(&fixture.db, 3).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_timeout_does_not_affect_other_members() {
    let fixture = sqlite(|options| options.statement_timeout = std::time::Duration::from_millis(50)).await;
    let endless = change!(
        "owners",
        "INSERT INTO owners (id, name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i), 'x' FROM n"
    );
    let mut bodies: Vec<Body> = (0..6).map(adds).collect();
    bodies.insert(
        3,
        Box::new(move |tx| {
            boxed(async move {
                add(tx, 100).await?;
                tx.execute(endless, &[]).await
            })
        }),
    );
    let answers = run_in_one_group(&fixture.db, bodies).await;
    for (index, answer) in answers.iter().enumerate() {
        match answer {
            Ok(1) if index != 3 => {}
            Err(DatabaseError::Timeout { .. }) if index == 3 => {}
            other => panic!("{index}: {other:?}"),
        }
    }
    assert_eq!(owners(&fixture.db).await, (0..6).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_only_members_without_space_fail() {
    let fixture =
        sqlite(|options| options.fault_injection.writer_pragmas = vec!["PRAGMA max_page_count = 40".into()])
            .await;
    let large = |id: i64| -> Body {
        Box::new(move |tx| {
            boxed(async move {
                let name = format!("{id} {}", "x".repeat(60_000));
                tx.execute(crate::fixture::add_owner(), &[&id, &name]).await
            })
        })
    };
    let mut bodies: Vec<Body> = (0..5).map(adds).collect();
    bodies.extend((100..104).map(large));
    bodies.extend((5..10).map(adds));
    let answers = run_in_one_group(&fixture.db, bodies).await;
    let stored = owners(&fixture.db).await;
    let ids = (0..5).chain(100..104).chain(5..10);
    let mut full = 0;
    for (id, answer) in ids.zip(&answers) {
        match answer {
            Ok(1) => assert!(stored.contains(&id), "{id} was answered Ok and is lost"),
            Err(DatabaseError::Full { .. }) => {
                full += 1;
                assert!(
                    !stored.contains(&id),
                    "{id} was answered with an error and is stored"
                );
            }
            other => panic!("{id}: {other:?}"),
        }
    }
    assert!(
        full >= 1 && stored.len() >= 10,
        "{full} members without space, stored: {stored:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn savepoints_are_used_only_after_a_member_had_changes_to_undo() {
    let fixture = sqlite(|_| {}).await;
    let runs = Arc::new(AtomicU32::new(0));
    let counts = |id: i64| -> Body {
        let runs = Arc::clone(&runs);
        Box::new(move |tx| {
            runs.fetch_add(1, Ordering::SeqCst);
            boxed(async move { add(tx, id).await })
        })
    };
    let fails = |id: i64| -> Body {
        Box::new(move |tx| {
            boxed(async move {
                add(tx, id).await?;
                Err(DatabaseError::NoRow {
                    sql: "its own error".to_owned(),
                })
            })
        })
    };
    // A member that fails before it changed anything leaves nothing to undo.
    let harmless = run_in_one_group(&fixture.db, vec![counts(1), counts(2), adds(1), counts(3)]).await;
    assert!(
        matches!(harmless[2], Err(DatabaseError::Conflict(_))),
        "{harmless:?}"
    );
    assert_eq!(runs.swap(0, Ordering::SeqCst), 3);
    // The first that has changes makes the ones before it run again; the second is undone alone.
    let bodies = vec![counts(4), fails(5), counts(6), fails(7), counts(8)];
    let answers = run_in_one_group(&fixture.db, bodies).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.is_ok()).count(),
        3,
        "{answers:?}"
    );
    assert_eq!(runs.load(Ordering::SeqCst), 4);
    assert_eq!(owners(&fixture.db).await, [1, 2, 3, 4, 6, 8]);
}
