//! The statements that list a user's newest orders with their items, in one snapshot.

use super::statement::Statements;
use super::{OnSqlite, on_every_core};
use crate::error::BenchError;
use crate::measured::{Measured, repeat};
use crate::seed::Seed;
use rusqlite::{Connection, OpenFlags, Row, Statement, ToSql, params_from_iter};
use std::hint::black_box;
use uuid::Uuid;

/// The form of the list request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// A numbered page with the total count.
    Page,
    /// The first page by cursor: one more row, no count.
    Cursor,
}

const LIMIT: i64 = 20;

/// Runs the list on every core, each with its own connection and prepared statements.
pub(super) fn measure(form: Form, on: &OnSqlite) -> Result<Measured, BenchError> {
    let seed = Seed::read(&on.seed)?;
    on_every_core(|core| {
        let connection = Connection::open_with_flags(
            &on.database,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.execute_batch("PRAGMA cache_size = -16384; PRAGMA mmap_size = 268435456;")?;
        let mut lister = Lister::new(&connection, form)?;
        let mut users = seed.users.iter().cycle().skip(core as usize);
        let mut begin = connection.prepare("BEGIN")?;
        let mut end = connection.prepare("COMMIT")?;
        repeat(on.seconds, || {
            begin.execute([])?;
            if let Some(user) = users.next() {
                black_box(lister.list(user.id)?);
            }
            end.execute([])?;
            Ok(())
        })
    })
}

struct Lister<'c> {
    orders: Statement<'c>,
    items: Statement<'c>,
    count: Option<Statement<'c>>,
}

impl<'c> Lister<'c> {
    fn new(connection: &'c Connection, form: Form) -> Result<Self, BenchError> {
        let statements = Statements::new();
        let by_user =
            |text: &str| text.contains("FROM orders WHERE user_id = $1") && !text.contains("status = $");
        let orders = statements.matching("orders::LIST", |text| {
            by_user(text) && text.ends_with("$1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3")
        })?;
        let count = statements.matching("orders::LIST", |text| {
            text.contains("count(*)") && text.ends_with("user_id = $1") && by_user(text)
        })?;
        let items = statements.matching("order_items::ITEMS_OF", |text| text.contains("$20)"))?;
        Ok(Self {
            orders: connection.prepare(orders.sqlite())?,
            items: connection.prepare(items.sqlite())?,
            count: (form == Form::Page)
                .then(|| connection.prepare(count.sqlite()))
                .transpose()?,
        })
    }

    /// Returns the number of bytes read: reads every column, keeps none.
    fn list(&mut self, user: Uuid) -> Result<usize, BenchError> {
        let limit = if self.count.is_some() { LIMIT } else { LIMIT + 1 };
        let mut ids: Vec<[u8; 16]> = Vec::with_capacity(20);
        let mut read = 0;
        let mut rows = self.orders.query((user.as_bytes(), limit, 0))?;
        while let Some(row) = rows.next()? {
            read += size(row)?;
            if ids.len() < 20 {
                ids.push(row.get(0)?);
            }
        }
        drop(rows);
        if ids.len() < 20 {
            return Err(BenchError::new("a user has fewer than twenty orders"));
        }
        let mut rows = self
            .items
            .query(params_from_iter(ids.iter().map(|id| id as &dyn ToSql)))?;
        while let Some(row) = rows.next()? {
            read += size(row)?;
        }
        drop(rows);
        if let Some(count) = &mut self.count {
            read += usize::try_from(count.query_row([user.as_bytes()], |row| row.get::<_, i64>(0))?)?;
        }
        Ok(read)
    }
}

fn size(row: &Row<'_>) -> rusqlite::Result<usize> {
    let columns = row.as_ref().column_count();
    (0..columns).try_fold(0, |sum, column| {
        Ok(sum
            + match row.get_ref(column)? {
                rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                    bytes.len()
                }
                _ => 8,
            })
    })
}
