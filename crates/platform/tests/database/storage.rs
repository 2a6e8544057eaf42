//! Full disks, failing disks, endless statements and endless readers, on SQLite.

use std::io::BufRead;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use mainstay_platform::database::{Database, DatabaseError, DatabaseOptions, Isolation, ReadMode};

use crate::fixture::{Answer, add, add_alone, add_owner, boxed, owners, sqlite};
use crate::{change, select};

async fn add_long(db: &Database, id: i64) -> Answer<u64> {
    let name = format!("{id} {}", "x".repeat(2000));
    db.write(Isolation::ReadCommitted, move |tx| {
        let name = name.clone();
        boxed(async move { tx.execute(add_owner(), &[&id, &name]).await })
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_reported_and_nothing_answered_is_lost() {
    let fixture =
        sqlite(|options| options.fault_injection.writer_pragmas = vec!["PRAGMA max_page_count = 40".into()])
            .await;
    let mut kept = Vec::new();
    let mut refused = 0;
    for id in 0..80 {
        match add_long(&fixture.db, id).await {
            Ok(_) => kept.push(id),
            Err(DatabaseError::Full { .. } | DatabaseError::CommitFailed { .. }) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(
        refused > 10 && kept.len() > 10,
        "{refused} refused, {} kept",
        kept.len()
    );
    assert_eq!(owners(&fixture.db).await, kept);
    // Once there is room again the writer goes on.
    let deleted = fixture.db.write(Isolation::ReadCommitted, |tx| {
        boxed(async move { tx.execute(change!("owners", "DELETE FROM owners"), &[]).await })
    });
    assert_eq!(deleted.await.unwrap(), kept.len() as u64);
    add_long(&fixture.db, 1).await.unwrap();
    assert_eq!(owners(&fixture.db).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_database_reports_it() {
    let fixture =
        sqlite(|options| options.fault_injection.writer_pragmas = vec!["PRAGMA query_only = ON".into()])
            .await;
    for _ in 0..3 {
        let refused = add_alone(&fixture.db, 1).await;
        assert!(
            matches!(refused, Err(DatabaseError::ReadOnly { .. })),
            "{refused:?}"
        );
        assert!(refused.unwrap_err().is_unavailable());
    }
    assert!(owners(&fixture.db).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_file_or_folder_is_reported() {
    let fixture = sqlite(|_| {}).await;
    add_alone(&fixture.db, 1).await.unwrap();
    fixture.db.close().await;
    let (file, folder) = (fixture.file(""), fixture.folder.path().join("deep"));
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for (path, readable, writable) in [(&file, 0o444, 0o644), (&folder, 0o555, 0o755)] {
        mode(path, readable);
        // The superuser may do everything.
        let superuser = std::fs::OpenOptions::new().append(true).open(&file).is_ok()
            && std::fs::write(folder.join("probe"), "").is_ok();
        match Database::open(&fixture.options).await {
            Err(error) => assert!(error.is_unavailable(), "{error:?}"),
            Ok(_) if superuser => {}
            Ok(db) => {
                let ready = db.ping().await;
                let refused = add_alone(&db, 2).await;
                assert!(ready.is_err(), "{}: {refused:?}", path.display());
                assert!(refused.unwrap_err().is_unavailable());
            }
        }
        mode(path, writable);
        // Made with the rights that the file had, and empty: nothing was written.
        for log in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(fixture.file(log));
        }
    }
    let again = Database::open(&fixture.options).await.unwrap();
    again.ping().await.unwrap();
    assert_eq!(owners(&again).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_database_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("main.db");
    std::fs::write(&path, "not a database at all, whatever its name says".repeat(100)).unwrap();
    let wrong = Database::open(&DatabaseOptions::new(format!("sqlite://{}", path.display()))).await;
    assert!(matches!(wrong, Err(DatabaseError::Io { .. })), "{wrong:?}");
    let folder = Database::open(&DatabaseOptions::new(format!(
        "sqlite://{}",
        folder.path().display()
    )))
    .await;
    assert!(
        matches!(folder, Err(DatabaseError::Unavailable { .. })),
        "{folder:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_statement_is_stopped() {
    let fixture = sqlite(|options| options.statement_timeout = Duration::from_millis(100)).await;
    let endless =
        select!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
    for mode in [ReadMode::InPlace, ReadMode::Thread] {
        let read = fixture
            .db
            .read(mode, move |tx| {
                boxed(async move { tx.one::<i64>(endless, &[]).await })
            })
            .await;
        assert!(matches!(read, Err(DatabaseError::Timeout { .. })), "{read:?}");
    }
    let write = fixture
        .db
        .write(Isolation::ReadCommitted, move |tx| {
            boxed(async move {
                add(tx, 1).await?;
                tx.one::<i64>(endless, &[]).await
            })
        })
        .await;
    assert!(matches!(write, Err(DatabaseError::Timeout { .. })), "{write:?}");
    add_alone(&fixture.db, 2).await.unwrap();
    assert_eq!(owners(&fixture.db).await, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn endless_overlapping_readers_do_not_let_the_log_grow_for_ever() {
    let fixture = sqlite(|options| options.wal_limit_bytes = 1 << 20).await;
    add_alone(&fixture.db, -1).await.unwrap();
    // Each snapshot ends only when the next one has begun, so there is always one.
    let chain = tokio::spawn({
        let db = fixture.db.clone();
        async move {
            let mut last: Option<(mpsc::Sender<()>, tokio::task::JoinHandle<Answer<()>>)> = None;
            let mut snapshots = 0_u32;
            loop {
                let (begun, has_begun) = mpsc::channel();
                let (end, ended) = mpsc::channel::<()>();
                let db = db.clone();
                let reader = tokio::spawn(async move {
                    db.read(ReadMode::Thread, move |tx| {
                        boxed(async move {
                            tx.one::<i64>(select!("SELECT count(*) FROM owners"), &[]).await?;
                            begun.send(()).unwrap();
                            let _ = ended.recv();
                            Ok(())
                        })
                    })
                    .await
                });
                tokio::task::block_in_place(|| has_begun.recv().unwrap());
                snapshots += 1;
                if let Some((end, reader)) = last.replace((end, reader)) {
                    drop(end);
                    reader.await.unwrap().unwrap();
                }
                if snapshots.is_multiple_of(16) {
                    tokio::task::yield_now().await;
                }
            }
        }
    });
    let mut longest = 0;
    for id in 0..3000 {
        add_long(&fixture.db, id).await.unwrap();
        longest = longest.max(std::fs::metadata(fixture.file("-wal")).unwrap().len());
    }
    chain.abort();
    assert!(longest > 1 << 19, "the test wrote too little: {longest}");
    assert!(longest < 2 << 20, "the log grew to {longest} bytes");
    fixture.db.close().await;
    assert_eq!(
        std::fs::metadata(fixture.file("-wal")).map_or(0, |log| log.len()),
        0,
        "closing empties the log"
    );
}

/// Not a test by itself: what a process with too small a limit on its files does, for the test below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_with_a_small_disk() {
    let Ok(url) = std::env::var("SMALL_DISK_URL") else {
        return;
    };
    let db = Database::open(&DatabaseOptions::new(url)).await.unwrap();
    let mut failures = 0;
    for id in 0..5000 {
        match add_long(&db, id).await {
            Ok(_) => print(&format!("kept {id}")),
            Err(error) => {
                assert!(error.is_unavailable(), "{error:?}");
                failures += 1;
            }
        }
        if failures > 20 {
            break;
        }
    }
    print(&format!("failed {failures}"));
}

#[expect(clippy::print_stdout, reason = "the parent process reads it")]
fn print(line: &str) {
    println!("\nCHILD {line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_loses_nothing_answered() {
    let fixture = sqlite(|_| {}).await;
    fixture.db.close().await;
    // Writing past the limit fails with EFBIG once the signal is ignored: a disk that fails in the middle of a COMMIT.
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "storage::child_with_a_small_disk", "--nocapture"])
        .env("SMALL_DISK_URL", &fixture.options.url)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stdout)
    );
    let lines: Vec<String> = child.stdout.lines().map(Result::unwrap).collect();
    let reported = |what: &str| {
        lines
            .iter()
            .filter_map(|line| line.strip_prefix(what)?.parse().ok())
            .collect::<Vec<i64>>()
    };
    let (kept, failed) = (reported("CHILD kept "), reported("CHILD failed "));
    assert!(
        kept.len() > 50 && failed[0] > 0,
        "{} kept, {failed:?} failed",
        kept.len()
    );
    let again = Database::open(&fixture.options).await.unwrap();
    assert_eq!(owners(&again).await, kept);
    add_long(&again, 10_000).await.unwrap();
}
