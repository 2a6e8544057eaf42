//! A failover: the address leads to a standby for a while, and then to a server that takes changes again.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::Duration;

use mainstay_platform::database::{Database, DatabaseError, DatabaseOptions, LastWrite, postgres_client};

use crate::between::Switch;
use crate::fixture::{SCHEMA, add_alone, owners};
use crate::is_ci;
use crate::tls::{programs, shell};

/// A server and its standby, which end when this is dropped.
struct Pair {
    keeper: Child,
    first: u16,
    standby: u16,
}

impl Drop for Pair {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Pair {
    /// `None`, loudly, where PostgreSQL's programs are not installed.
    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            is_ci::skip("a standby of PostgreSQL", &"its programs are not installed");
            return None;
        };
        let (first, standby) = (free_port(), free_port());
        let mut keeper = shell()
            .args(["-c", include_str!("standby.sh"), "keeper"])
            .arg(programs)
            .args([first.to_string(), standby.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let pair = Self {
            keeper,
            first,
            standby,
        };
        assert_eq!(line, "ready\n", "neither server nor standby");
        Some(pair)
    }
}

fn options(address: impl std::fmt::Display, attributes: &str) -> DatabaseOptions {
    DatabaseOptions {
        pool_size: 3,
        wait_limit: Duration::from_secs(5),
        ..DatabaseOptions::new(format!(
            "postgres://postgres@{address}/postgres?sslmode=disable{attributes}"
        ))
    }
}

fn is_refused(outcome: Result<u64, DatabaseError>) {
    let error = outcome.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert!(matches!(error, DatabaseError::ReadOnly { .. }), "{error:?}");
}

/// The one asks at each new connection whether the server takes changes, which is what we do; the other finds out when
/// it writes, as for a server that became a standby behind a pooler's back.
async fn comes_back_by_itself(pair: &Pair, attributes: &str, from: i64) {
    let switch = Switch::to(pair.first).await;
    let db = Database::open(&options(switch.address(), attributes))
        .await
        .unwrap();
    add_alone(&db, from).await.unwrap();

    switch.lead_to(pair.standby);
    switch.hang_up().await;
    for id in from + 1..from + 4 {
        is_refused(add_alone(&db, id).await);
        assert!(db.ping().await.unwrap_err().is_unavailable());
        assert_eq!(db.last_write(), Some(LastWrite::Refused));
    }

    // Nothing is cut now: connections that lead to the standby would go on doing so.
    switch.lead_to(pair.first);
    add_alone(&db, from + 4).await.unwrap();
    db.ping().await.unwrap();
    let added: Vec<i64> = owners(&db).await.into_iter().filter(|id| *id >= from).collect();
    assert_eq!(added, [from, from + 4]);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_that_met_a_standby_comes_back_by_itself() {
    let Some(pair) = tokio::task::block_in_place(Pair::start) else {
        return;
    };
    let first = format!("127.0.0.1:{}", pair.first);
    let (bare, _task) = postgres_client(&options(&first, "")).await.unwrap();
    bare.batch_execute(&SCHEMA.join(";")).await.unwrap();

    comes_back_by_itself(&pair, "", 10).await;
    comes_back_by_itself(&pair, "&target_session_attrs=any", 20).await;

    // Of several hosts, the one that takes changes is found, whichever comes first.
    let standby_first = format!("127.0.0.1:{},127.0.0.1:{}", pair.standby, pair.first);
    let db = Database::open(&options(standby_first, "")).await.unwrap();
    add_alone(&db, 30).await.unwrap();
    db.close().await;
    let standby_alone = Database::open(&options(format!("127.0.0.1:{}", pair.standby), "")).await;
    assert!(
        matches!(&standby_alone, Err(DatabaseError::ReadOnly { reason }) if reason.contains("standby")),
        "{standby_alone:?}"
    );
}
