//! Measures the seam against the bare driver in one run: `cargo run --release -p mainstay-platform --example seam`.
//!
//! Both are durable at every answer. Only the ratios mean something on another machine.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a measurement, not a product"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use mainstay_platform::database::{
    Database, DatabaseError, DatabaseOptions, Isolation, ReadMode, Sql, Tx, sqlite_connection,
};
use mainstay_platform::sql;
use mainstay_platform::stopwatch::Stopwatch;

const SECONDS: u64 = 3;
const PRODUCTS: i64 = 1000;
const TOGETHER: usize = 64;

const SCHEMA: &str = "CREATE TABLE products (id BIGINT PRIMARY KEY, name TEXT NOT NULL, price BIGINT NOT NULL, stock BIGINT NOT NULL);
CREATE TABLE orders (id BIGINT PRIMARY KEY, owner BIGINT NOT NULL, total BIGINT NOT NULL, made_at BIGINT NOT NULL);
CREATE INDEX orders_owner ON orders (owner, id);
CREATE TABLE items (order_id BIGINT NOT NULL REFERENCES orders (id), product BIGINT NOT NULL REFERENCES products (id), amount BIGINT NOT NULL, PRIMARY KEY (order_id, product));
CREATE TABLE audit (id BIGINT PRIMARY KEY, actor BIGINT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE outbox (id BIGINT PRIMARY KEY, body TEXT NOT NULL);";
const FILL: &str = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
INSERT INTO products SELECT i, 'product ' || i, 100 + i, 1000000000 FROM n";

const PRICE: Sql = sql!("SELECT price FROM products WHERE id = $1");
const TAKE: Sql = sql!("UPDATE products SET stock = stock - $2 WHERE id = $1 AND stock >= $2");
const ORDER: Sql = sql!("INSERT INTO orders (id, owner, total, made_at) VALUES ($1, $2, $3, $4)");
const ITEM: Sql = sql!("INSERT INTO items (order_id, product, amount) VALUES ($1, $2, $3)");
const AUDIT: Sql = sql!("INSERT INTO audit (id, actor, detail) VALUES ($1, $2, $3)");
const OUTBOX: Sql = sql!("INSERT INTO outbox (id, body) VALUES ($1, $2)");
const PRODUCT: Sql = sql!("SELECT id, name, price, stock FROM products WHERE id = $1");
const LIST: Sql =
    sql!("SELECT id, owner, total, made_at FROM orders WHERE owner = $1 ORDER BY id DESC LIMIT 20");
const DETAIL: &str = r#"{"order":"placed","lines":1,"note":"as much as a story usually says about itself"}"#;

async fn place(tx: &mut Tx, id: i64) -> Result<(), DatabaseError> {
    let (product, owner) = (id % PRODUCTS, id % 100);
    let price: i64 = tx.one(&PRICE, &[&product]).await?;
    tx.execute(&TAKE, &[&product, &1]).await?;
    tx.execute(&ORDER, &[&id, &owner, &price, &id]).await?;
    tx.execute(&ITEM, &[&id, &product, &1]).await?;
    tx.execute(&AUDIT, &[&id, &owner, &DETAIL]).await?;
    tx.execute(&OUTBOX, &[&id, &DETAIL]).await?;
    Ok(())
}

fn place_bare(connection: &mut rusqlite::Connection, id: i64) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    statements(&tx, id)?;
    tx.commit()
}

fn statements(tx: &rusqlite::Connection, id: i64) -> rusqlite::Result<()> {
    let (product, owner) = (id % PRODUCTS, id % 100);
    let price: i64 = tx
        .prepare_cached(PRICE.sqlite())?
        .query_row([product], |row| row.get(0))?;
    tx.prepare_cached(TAKE.sqlite())?.execute([product, 1])?;
    tx.prepare_cached(ORDER.sqlite())?
        .execute([id, owner, price, id])?;
    tx.prepare_cached(ITEM.sqlite())?.execute([id, product, 1])?;
    tx.prepare_cached(AUDIT.sqlite())?.execute((id, owner, DETAIL))?;
    tx.prepare_cached(OUTBOX.sqlite())?.execute((id, DETAIL))?;
    Ok(())
}

fn tell(what: &str, done: u64, since: Stopwatch) -> f64 {
    let rate = done as f64 / since.elapsed().as_secs_f64();
    println!("{what:<58} {rate:>10.0} /s");
    rate
}

fn fresh(folder: &tempfile::TempDir, name: &str) -> DatabaseOptions {
    let options = DatabaseOptions::new(format!("sqlite://{}", folder.path().join(name).display()));
    let connection = sqlite_connection(&options).unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection.execute_batch(FILL).unwrap();
    options
}

fn bare_writes(folder: &tempfile::TempDir) -> f64 {
    let mut connection = sqlite_connection(&fresh(folder, "bare.db")).unwrap();
    connection
        .execute_batch("PRAGMA wal_autocheckpoint = 1000")
        .unwrap();
    connection.set_prepared_statement_cache_capacity(256);
    let (since, mut id) = (Stopwatch::start(), 0);
    while since.elapsed() < Duration::from_secs(SECONDS) {
        place_bare(&mut connection, id).unwrap();
        id += 1;
    }
    tell(
        "write, 6 statements, bare rusqlite, one fsync each",
        id as u64,
        since,
    )
}

/// What one thread could do at best: no seam, no waiting, one fsync for 64.
fn bare_groups(folder: &tempfile::TempDir) -> f64 {
    let mut connection = sqlite_connection(&fresh(folder, "groups.db")).unwrap();
    connection
        .execute_batch("PRAGMA wal_autocheckpoint = 1000")
        .unwrap();
    connection.set_prepared_statement_cache_capacity(256);
    let (since, mut id) = (Stopwatch::start(), 0);
    while since.elapsed() < Duration::from_secs(SECONDS) {
        let mut group = connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .unwrap();
        for _ in 0..TOGETHER {
            let one = group.savepoint().unwrap();
            statements(&one, id).unwrap();
            one.commit().unwrap();
            id += 1;
        }
        group.commit().unwrap();
    }
    tell(
        "write, 6 statements, bare rusqlite, one fsync for 64",
        id.unsigned_abs(),
        since,
    )
}

async fn seam_writes(db: &Database, what: &str) -> f64 {
    let next = Arc::new(AtomicI64::new(0));
    let since = Stopwatch::start();
    let tasks: Vec<_> = (0..TOGETHER)
        .map(|_| {
            let (db, next) = (db.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let mut slowest = Duration::ZERO;
                while since.elapsed() < Duration::from_secs(SECONDS) {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    let began = Stopwatch::start();
                    let write = db.write(Isolation::ReadCommitted, move |tx| Box::pin(place(tx, id)));
                    write.await.unwrap();
                    slowest = slowest.max(began.elapsed());
                }
                slowest
            })
        })
        .collect();
    let mut slowest = Duration::ZERO;
    for task in tasks {
        slowest = slowest.max(task.await.unwrap());
    }
    let rate = tell(what, next.load(Ordering::Relaxed).unsigned_abs(), since);
    let counters = db.counters();
    println!(
        "  group {:.1}, slowest {slowest:?}, retries {}, checkpoints {}",
        counters.grouped as f64 / counters.commits.max(1) as f64,
        counters.retries,
        counters.checkpoints
    );
    rate
}

fn bare_reads(options: &DatabaseOptions) -> f64 {
    let connection = sqlite_connection(options).unwrap();
    let (since, mut done) = (Stopwatch::start(), 0_u64);
    while since.elapsed() < Duration::from_secs(SECONDS) {
        for _ in 0..100 {
            let id = (done * 7919) as i64 % PRODUCTS;
            let mut statement = connection.prepare_cached(PRODUCT.sqlite()).unwrap();
            let row: (i64, String, i64, i64) = statement
                .query_row([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
                .unwrap();
            std::hint::black_box(row);
            done += 1;
        }
    }
    tell("point read, bare rusqlite, one thread", done, since)
}

async fn point_reads(db: &Database, mode: ReadMode, tasks: usize, what: &str) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let since = Stopwatch::start();
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let (db, done) = (db.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut count = 0_u64;
                while since.elapsed() < Duration::from_secs(SECONDS) {
                    let id = (count * 7919 + task as u64) as i64 % PRODUCTS;
                    let read = db.read(mode, move |tx| {
                        Box::pin(async move { tx.one::<(i64, String, i64, i64)>(&PRODUCT, &[&id]).await })
                    });
                    let row: Result<_, DatabaseError> = read.await;
                    std::hint::black_box(row.unwrap());
                    count += 1;
                }
                done.fetch_add(count, Ordering::Relaxed);
            })
        })
        .collect();
    for task in running {
        task.await.unwrap();
    }
    tell(what, done.load(Ordering::Relaxed), since)
}

async fn lists(db: &Database, mode: ReadMode, what: &str) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let since = Stopwatch::start();
    let running: Vec<_> = (0..2)
        .map(|task| {
            let (db, done) = (db.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                while since.elapsed() < Duration::from_secs(SECONDS) {
                    let owner = (done.fetch_add(1, Ordering::Relaxed) + task) as i64 % 100;
                    let read = db.read(mode, move |tx| {
                        Box::pin(async move { tx.all::<(i64, i64, i64, i64)>(&LIST, &[&owner]).await })
                    });
                    let rows: Result<_, DatabaseError> = read.await;
                    assert_eq!(rows.unwrap().len(), 20);
                }
            })
        })
        .collect();
    for task in running {
        task.await.unwrap();
    }
    tell(what, done.load(Ordering::Relaxed), since)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let bare = bare_writes(&folder);
    bare_groups(&folder);
    let options = fresh(&folder, "seam.db");
    let db = Database::open(&options).await.unwrap();
    let seam = seam_writes(&db, "write, 6 statements, seam, 64 at once").await;
    println!("  seam / bare = {:.2}", seam / bare);
    let bare = bare_reads(&options);
    let one = point_reads(&db, ReadMode::InPlace, 1, "point read, seam in place, one task").await;
    println!("  seam / bare = {:.2}", one / bare);
    point_reads(&db, ReadMode::InPlace, 2, "point read, seam in place, two tasks").await;
    point_reads(&db, ReadMode::Thread, 64, "point read, seam on threads, 64 tasks").await;
    lists(
        &db,
        ReadMode::InPlace,
        "20 rows by index, seam in place, two tasks",
    )
    .await;
    lists(
        &db,
        ReadMode::Thread,
        "20 rows by index, seam on threads, two tasks",
    )
    .await;
    db.close().await;
    if let Ok(url) = std::env::var("BENCH_POSTGRES_URL") {
        let (client, _task) = mainstay_platform::database::postgres_client(&DatabaseOptions::new(&*url))
            .await
            .unwrap();
        client
            .batch_execute("DROP TABLE IF EXISTS items, orders, products, audit, outbox")
            .await
            .unwrap();
        client.batch_execute(SCHEMA).await.unwrap();
        client.batch_execute(FILL).await.unwrap();
        let db = Database::open(&DatabaseOptions {
            pool_size: 12,
            ..DatabaseOptions::new(url)
        })
        .await
        .unwrap();
        seam_writes(&db, "write, 6 statements, PostgreSQL, 64 at once").await;
        point_reads(&db, ReadMode::Thread, 64, "point read, PostgreSQL, 64 tasks").await;
        db.close().await;
    }
}
