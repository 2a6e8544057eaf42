//! Nothing leaves the process before it is durable, and what happens when the log cannot be synced.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use mainstay_platform::database::{Database, DatabaseError, DatabaseOptions, Isolation, ReadMode, SyncHook};
use tokio::task::block_in_place;

use crate::fixture::{Answer, Fixture, add, add_alone, boxed, owners, sqlite};
use crate::select;

const COUNT: &mainstay_platform::database::Select = select!("SELECT count(*) FROM owners");

/// A database whose syncs wait: each reports that it began, and ends when the test lets it.
async fn with_held_syncs() -> (Fixture, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (began, begins) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let held = Mutex::new((began, released));
    let hook = move || {
        let held = held.lock().map_err(|_| io::Error::other("poisoned"))?;
        // Both fail once the test is over: then no sync is held any more.
        let _ = held.0.send(());
        let _ = held.1.recv();
        Ok(())
    };
    let fixture =
        sqlite(|options| options.fault_injection.before_sync = Some(SyncHook(Arc::new(hook)))).await;
    (fixture, begins, release)
}

async fn count(db: &Database, mode: ReadMode) -> i64 {
    db.read(mode, |tx| boxed(async move { tx.one::<i64>(COUNT, &[]).await }))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_answered_before_the_log_is_synced() {
    let (fixture, begins, release) = with_held_syncs().await;
    let db = fixture.db.clone();
    let write = tokio::spawn(async move { add_alone(&db, 1).await });
    block_in_place(|| begins.recv().unwrap());
    // The COMMIT has happened and every reader can see it, but it could still be lost.
    let conflicting = tokio::spawn({
        let db = fixture.db.clone();
        async move { add_alone(&db, 1).await }
    });
    let reads = [ReadMode::Single, ReadMode::InPlace, ReadMode::Thread].map(|mode| {
        let db = fixture.db.clone();
        tokio::spawn(async move { count(&db, mode).await })
    });
    let seen_by_writer = Arc::new(AtomicBool::new(false));
    let saw = Arc::clone(&seen_by_writer);
    let queued = tokio::spawn({
        let db = fixture.db.clone();
        async move {
            db.write(Isolation::ReadCommitted, move |tx| {
                let saw = Arc::clone(&saw);
                boxed(async move {
                    saw.store(tx.one::<i64>(COUNT, &[]).await? == 1, Ordering::SeqCst);
                    Ok(())
                })
            })
            .await
        }
    });
    // The writer runs on while the sync is held.
    while !seen_by_writer.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    assert!(!write.is_finished() && !conflicting.is_finished() && !queued.is_finished());
    assert!(reads.iter().all(|read| !read.is_finished()));
    release.send(()).unwrap();
    write.await.unwrap().unwrap();
    queued.await.unwrap().unwrap();
    assert!(matches!(
        conflicting.await.unwrap(),
        Err(DatabaseError::Conflict(_))
    ));
    for read in reads {
        assert_eq!(read.await.unwrap(), 1);
    }
    drop(release);
    fixture.db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_that_end_during_a_sync_share_the_next_one() {
    let (fixture, begins, release) = with_held_syncs().await;
    let db = fixture.db.clone();
    let first = tokio::spawn(async move { add_alone(&db, 0).await });
    block_in_place(|| begins.recv().unwrap());
    let (done, dones) = mpsc::channel();
    let mut others = Vec::new();
    for id in 1..4 {
        let (db, done) = (fixture.db.clone(), done.clone());
        others.push(tokio::spawn(async move {
            db.write(Isolation::ReadCommitted, move |tx| {
                let done = done.clone();
                boxed(async move {
                    let added = add(tx, id).await;
                    done.send(()).unwrap();
                    added
                })
            })
            .await
        }));
        block_in_place(|| dones.recv().unwrap());
    }
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    block_in_place(|| begins.recv().unwrap());
    release.send(()).unwrap();
    for other in others {
        assert_eq!(other.await.unwrap().unwrap(), 1);
    }
    assert!(begins.try_recv().is_err(), "a third sync");
    drop(release);
    fixture.db.close().await;
}

/// A database whose syncs fail while the flag is true, and the number of those that were tried.
async fn with_failing_syncs() -> (Fixture, Arc<AtomicBool>, Arc<AtomicU32>) {
    let (fails, tried) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let (flag, counter) = (Arc::clone(&fails), Arc::clone(&tried));
    let hook = move || {
        counter.fetch_add(1, Ordering::SeqCst);
        match flag.load(Ordering::SeqCst) {
            true => Err(io::Error::other("on purpose")),
            false => Ok(()),
        }
    };
    let fixture =
        sqlite(|options| options.fault_injection.before_sync = Some(SyncHook(Arc::new(hook)))).await;
    (fixture, fails, tried)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_synced_is_copied_into_the_file() {
    let (fixture, fails, tried) = with_failing_syncs().await;
    add_alone(&fixture.db, 1).await.unwrap();
    fails.store(true, Ordering::SeqCst);
    add_alone(&fixture.db, 2).await.unwrap();
    assert_eq!(tried.load(Ordering::SeqCst), 2);
    // The file alone, without its log, contains both.
    assert_eq!(std::fs::metadata(fixture.file("-wal")).unwrap().len(), 0);
    let alone = fixture.folder.path().join("alone.db");
    std::fs::copy(fixture.file(""), &alone).unwrap();
    let copy = Database::open(&DatabaseOptions::new(format!("sqlite://{}", alone.display())))
        .await
        .unwrap();
    assert_eq!(owners(&copy).await, [1, 2]);
    fails.store(false, Ordering::SeqCst);
    add_alone(&fixture.db, 3).await.unwrap();
    assert_eq!(fixture.db.counters().failed_commits, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_may_not_last_is_reported_as_unknown() {
    let (fixture, fails, tried) = with_failing_syncs().await;
    add_alone(&fixture.db, 1).await.unwrap();
    // A reader keeps the log from being emptied.
    let (inside, entered) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let db = fixture.db.clone();
    let reader = tokio::spawn(async move {
        db.read(ReadMode::Thread, move |tx| {
            boxed(async move {
                let before = tx.one::<i64>(COUNT, &[]).await?;
                inside.send(()).unwrap();
                released.recv().unwrap();
                Ok::<_, DatabaseError>(before)
            })
        })
        .await
    });
    block_in_place(|| entered.recv().unwrap());
    fails.store(true, Ordering::SeqCst);
    let unknown: Answer<u64> = add_alone(&fixture.db, 2).await;
    assert!(
        matches!(&unknown, Err(error) if error.is_unavailable() && error.to_string().contains("unknown")),
        "{unknown:?}"
    );
    assert_eq!(fixture.db.counters().failed_commits, 1);
    // The kernel reports a failure once: a sync that succeeds now would prove nothing about what went before.
    fails.store(false, Ordering::SeqCst);
    let tries = tried.load(Ordering::SeqCst);
    release.send(()).unwrap();
    assert_eq!(reader.await.unwrap().unwrap(), 1);
    add_alone(&fixture.db, 3).await.unwrap();
    assert_eq!(tried.load(Ordering::SeqCst), tries);
    assert_eq!(std::fs::metadata(fixture.file("-wal")).unwrap().len(), 0);
    add_alone(&fixture.db, 4).await.unwrap();
    assert_eq!(tried.load(Ordering::SeqCst), tries + 1);
    assert_eq!(owners(&fixture.db).await, [1, 2, 3, 4]);
}
