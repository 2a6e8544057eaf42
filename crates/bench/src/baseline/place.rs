//! Places orders with bare rusqlite: one connection, one transaction and one sync per order.

use super::OnSqlite;
use super::order::{Orders, Step};
use crate::error::BenchError;
use crate::measured::{Measured, repeat};
use rusqlite::{Connection, params_from_iter};

/// Writes sequentially, which is the fastest on SQLite: it allows one writer, and further ones only contend for the
/// lock.
pub(super) fn measure(on: &OnSqlite) -> Result<Measured, BenchError> {
    let mut connection = Connection::open(&on.database)?;
    connection.set_prepared_statement_cache_capacity(256);
    // The product's own settings, except for the checkpoints: SQLite runs these automatically.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
         PRAGMA cache_size = -16384; PRAGMA mmap_size = 268435456;",
    )?;
    let mut orders = Orders::new(&on.seed, 0, 1)?;
    repeat(on.seconds, || place(&mut connection, &mut orders))
}

fn place(connection: &mut Connection, orders: &mut Orders) -> Result<(), BenchError> {
    let (recall, steps) = orders.next();
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if count_rows(&transaction, &recall)? != 0 {
        return Err(BenchError::new("an order had been placed under the same key"));
    }
    for step in &steps {
        if step.0.sqlite().contains("RETURNING") {
            if count_rows(&transaction, step)? != 1 {
                return Err(BenchError::new("a product is not on sale"));
            }
        } else {
            let (sql, fields) = step;
            transaction
                .prepare_cached(sql.sqlite())?
                .execute(params_from_iter(fields))?;
        }
    }
    Ok(transaction.commit()?)
}

fn count_rows(connection: &Connection, (sql, fields): &Step<'_>) -> Result<usize, BenchError> {
    let mut statement = connection.prepare_cached(sql.sqlite())?;
    let mut rows = statement.query(params_from_iter(fields))?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        let _: String = row.get(0)?;
        found += 1;
    }
    Ok(found)
}
