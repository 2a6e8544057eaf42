//! A second process on the same SQLite file.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mainstay_platform::database::{Database, DatabaseError, DatabaseOptions, sqlite_connection};

use crate::fixture::{Fixture, add_alone, owners, sqlite};

const WRITES: i64 = 300;

/// Not a test by itself: the program of the second process, for the tests below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(url) = std::env::var("CHILD_URL") else {
        return;
    };
    let base: i64 = std::env::var("CHILD_BASE").unwrap().parse().unwrap();
    // Opened and closed many times, because that is when SQLite recovers, checkpoints and locks most.
    for part in 0..WRITES / 10 {
        let db = Database::open(&DatabaseOptions::new(&*url)).await.unwrap();
        for id in 0..10 {
            let id = base + part * 10 + id;
            add_alone(&db, id).await.unwrap();
            assert!(owners(&db).await.contains(&id));
            print_id(id);
        }
        db.close().await;
    }
}

#[expect(clippy::print_stdout, reason = "the parent process reads it")]
fn print_id(id: i64) {
    println!("\nCHILD {id}");
}

fn start(fixture: &Fixture, base: i64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "two_processes::child", "--nocapture"])
        .env("CHILD_URL", &fixture.options.url)
        .env("CHILD_BASE", base.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_never_reaches_a_caller() {
    let fixture = sqlite(|_| {}).await;
    let children = [start(&fixture, 100_000), start(&fixture, 200_000)];
    let mut mine = 0;
    let mut waits: Vec<_> = children
        .into_iter()
        .map(|child| std::thread::spawn(|| child.wait_with_output().unwrap()))
        .collect();
    while mine < WRITES || !waits.iter().all(|wait| wait.is_finished()) {
        add_alone(&fixture.db, mine).await.unwrap();
        assert!(owners(&fixture.db).await.contains(&mine));
        mine += 1;
    }
    for wait in waits.drain(..) {
        let output = wait.join().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    assert_eq!(owners(&fixture.db).await.len() as i64, mine + 2 * WRITES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_does_not_reach_a_caller_when_the_last_close_meets_the_first_open() {
    let fixture = sqlite(|_| {}).await;
    // No process keeps the file open, so the one that closes it may be the last one, which removes the log.
    fixture.db.close().await;
    let children = [
        start(&fixture, 100_000),
        start(&fixture, 200_000),
        start(&fixture, 300_000),
    ];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    let again = Database::open(&fixture.options).await.unwrap();
    assert_eq!(owners(&again).await.len() as i64, 3 * WRITES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answered_writes_survive_a_kill() {
    let fixture = sqlite(|_| {}).await;
    fixture.db.close().await;
    let mut child = start(&fixture, 0);
    let mut printed = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        printed.extend(
            line.unwrap()
                .strip_prefix("CHILD ")
                .and_then(|id| id.parse::<i64>().ok()),
        );
        if printed.len() == 77 {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let again = Database::open(&fixture.options).await.unwrap();
    let found = owners(&again).await;
    assert_eq!(found[..printed.len()], printed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_never_released_makes_the_database_unavailable() {
    let fixture = sqlite(|options| options.wait_limit = Duration::from_millis(100)).await;
    let other = sqlite_connection(&fixture.options).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = add_alone(&fixture.db, 1).await;
    assert!(
        matches!(refused, Err(DatabaseError::Unavailable { .. })),
        "{refused:?}"
    );
    assert!(owners(&fixture.db).await.is_empty(), "reads continue");
    let ready = fixture.db.ping().await;
    assert!(
        matches!(ready, Err(DatabaseError::Unavailable { .. })),
        "{ready:?}"
    );
    other.execute_batch("ROLLBACK").unwrap();
    fixture.db.ping().await.unwrap();
    add_alone(&fixture.db, 2).await.unwrap();
    assert_eq!(owners(&fixture.db).await, [2]);
}
