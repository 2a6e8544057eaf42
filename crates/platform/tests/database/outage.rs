//! PostgreSQL out of reach, in the way, or set up in another way than Mainstay needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mainstay_platform::database::{
    Database, DatabaseError, DatabaseOptions, Isolation, ReadMode, Retryable, postgres_client,
};

use crate::between::Network;
use crate::fixture::{add, add_alone, boxed, owners, postgres};
use crate::select;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_stops_carrying_pins_no_connection() {
    let limits = |options: &mut DatabaseOptions| {
        options.pool_size = 1;
        options.wait_limit = Duration::from_millis(300);
        options.statement_timeout = Duration::from_millis(200);
    };
    postgres(limits, |direct, options| async move {
        let network = Arc::new(Network::before(&options).await);
        let db = Database::open(&network.through(&options)).await.unwrap();
        add_alone(&db, 1).await.unwrap();
        let began = Instant::now();
        network.stop();
        let refused = add_alone(&db, 2).await;
        assert!(
            matches!(refused, Err(DatabaseError::Unavailable { .. })),
            "{refused:?}"
        );
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert!(db.ping().await.is_err());
        network.go_on();
        db.ping().await.unwrap();
        add_alone(&db, 3).await.unwrap();
        let stops = Arc::clone(&network);
        let unknown = db.write(Isolation::ReadCommitted, move |tx| {
            let stops = Arc::clone(&stops);
            boxed(async move {
                let added = add(tx, 4).await;
                stops.stop();
                added
            })
        });
        let unknown = unknown.await.unwrap_err();
        assert!(
            matches!(&unknown, DatabaseError::Unavailable { what } if what.contains("unknown")),
            "{unknown:?}"
        );
        network.go_on();
        add_alone(&db, 5).await.unwrap();
        assert_eq!(owners(&direct).await, [1, 3, 5]);
    })
    .await;
}

/// Makes something else of whatever the database says.
#[derive(Debug)]
struct TransactionFailure;

impl From<DatabaseError> for TransactionFailure {
    fn from(_: DatabaseError) -> Self {
        Self
    }
}

impl Retryable for TransactionFailure {
    fn database(&self) -> Option<&DatabaseError> {
        None
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_body_makes_of_a_failure_does_not_keep_it_from_running_again() {
    postgres(
        |_| {},
        |db, options| async move {
            let (admin, _task) = postgres_client(&options).await.unwrap();
            let fail = "CREATE FUNCTION fail() RETURNS INTEGER LANGUAGE plpgsql AS \
                        'BEGIN RAISE EXCEPTION USING ERRCODE = ''40001'', MESSAGE = ''in the way''; END'";
            admin.batch_execute(fail).await.unwrap();
            let runs = AtomicU32::new(0);
            let done: Result<u64, TransactionFailure> = db
                .write(Isolation::ReadCommitted, move |tx| {
                    let run = runs.fetch_add(1, Ordering::SeqCst);
                    Box::pin(async move {
                        if run == 0 {
                            tx.one::<i32>(select!("SELECT fail()"), &[]).await?;
                        }
                        Ok(add(tx, 1).await?)
                    })
                })
                .await;
            assert_eq!(done.unwrap(), 1);
            assert_eq!(db.counters().retries, 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_durable_whatever_the_server_thinks() {
    postgres(
        |_| {},
        |db, options| async move {
            let (admin, _task) = postgres_client(&options).await.unwrap();
            let name: String = admin
                .query_one("SELECT current_database()::text", &[])
                .await
                .unwrap()
                .get(0);
            let off = format!("ALTER DATABASE {name} SET synchronous_commit = off");
            admin.batch_execute(&off).await.unwrap();
            db.close().await;
            let again = Database::open(&options).await.unwrap();
            let setting = again.read(ReadMode::Thread, |tx| {
                boxed(async move {
                    tx.one::<String>(select!("SELECT current_setting('synchronous_commit')"), &[])
                        .await
                })
            });
            assert_eq!(setting.await.unwrap(), "on");
            // A server that takes no changes is not ready to.
            admin
                .batch_execute(&format!(
                    "ALTER DATABASE {name} SET default_transaction_read_only = on"
                ))
                .await
                .unwrap();
            again.close().await;
            let standby = Database::open(&options).await;
            assert!(
                matches!(standby, Err(DatabaseError::ReadOnly { .. })),
                "{standby:?}"
            );
        },
    )
    .await;
}
