//! Everything that is stored about an account, as its owner may take it along.
//!
//! [`tables`] declares which columns of which tables that are, and names every other column and table with the reason why
//! it is left out. A test compares the list with the schema, so that a new noun, or a new column, is not forgotten.

mod tables;

use crate::row_filter::{RowFilter, owned};
use mainstay_domain::access::Scope;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Column, DatabaseError, FromRow, Param, Row, Select, Tx, Value};
use serde_json::{Map, json};
pub(crate) use tables::ALL;
pub use tables::NOT_EXPORTED;
use tables::TABLES;
use uuid::Uuid;

/// The most rows that one page of a table has.
const PAGE: u32 = 50;

/// Where the rows of a table stand in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Location {
    /// The file is the one row.
    One(&'static str),
    /// The file is the list of the rows.
    List(&'static str),
    /// The file lists the rows of several tables, each with its `kind`.
    Kind(&'static str, &'static str),
    /// Each row of a file has its rows in a field.
    Within(&'static str, &'static str),
}

/// What a column holds, which decides how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Id,
    Text,
    Number,
    Flag,
    Instant,
    Json,
}

/// How the rows of an account are read, and which parameters the statement takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paging {
    /// Page by page, by `id`.
    ById,
    /// Page by page, by `created_at` and `id`.
    ByTime,
    /// Page by page, by `id`; the account is named by its text first, then by its id.
    ByIdOfText,
    /// All at once: there are few.
    Whole,
}

/// The position after the last row of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonalPosition {
    at: i64,
    id: Uuid,
}

/// A page of rows, and where the next one begins; `None` after the last.
#[derive(Debug)]
pub struct PersonalPage {
    /// The rows, as they are written.
    pub rows: Vec<Map<String, serde_json::Value>>,
    /// Where the next page begins.
    pub next: Option<PersonalPosition>,
}

/// A table of which an export holds the rows of an account.
#[derive(Debug)]
pub struct PersonalTable {
    location: Location,
    table: &'static str,
    columns: &'static [(&'static str, Type)],
    left_out: &'static [(&'static str, &'static str)],
    paging: Paging,
    select: &'static Select,
}

/// A file of an export.
#[derive(Debug)]
pub struct PersonalFile {
    /// Its name, without an ending.
    pub name: &'static str,
    /// Whether it holds one row, and not a list.
    pub is_one: bool,
    /// The tables whose rows it holds.
    pub tables: Vec<&'static PersonalTable>,
}

/// Every file of an export.
pub fn personal_files() -> Vec<PersonalFile> {
    let mut files: Vec<PersonalFile> = Vec::new();
    for table in TABLES {
        let (name, is_one) = match table.location {
            Location::One(name) => (name, true),
            Location::List(name) | Location::Kind(name, _) => (name, false),
            Location::Within(..) => continue,
        };
        match files.iter_mut().find(|file| file.name == name) {
            Some(file) => file.tables.push(table),
            None => files.push(PersonalFile {
                name,
                is_one,
                tables: vec![table],
            }),
        }
    }
    files
}

/// Every table of which an export holds rows, whatever its location.
pub fn personal_tables() -> &'static [PersonalTable] {
    TABLES
}

impl PersonalTable {
    /// The name of the table.
    pub fn table(&self) -> &'static str {
        self.table
    }

    /// The columns that the export holds.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(column, _)| *column)
    }

    /// The columns that it leaves out, each with the reason.
    pub fn left_out(&self) -> &'static [(&'static str, &'static str)] {
        self.left_out
    }

    /// A page of the rows of an account, with the rows that belong to them; none for an account outside of the scope.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn page(
        &self,
        tx: &mut Tx,
        scope: &Scope<User>,
        user: UserId,
        after: Option<PersonalPosition>,
    ) -> Result<PersonalPage> {
        let sees = match owned(scope) {
            RowFilter::All => true,
            RowFilter::Of(owner) => owner == user,
            RowFilter::None => false,
        };
        if !sees {
            return Ok(PersonalPage {
                rows: Vec::new(),
                next: None,
            });
        }
        let found = self.read(tx, user.uuid(), after).await?;
        let next = match self.paging {
            Paging::Whole => None,
            _ => (found.len() == PAGE as usize)
                .then(|| found.last().and_then(|row| self.position(row)))
                .flatten(),
        };
        let mut rows = Vec::with_capacity(found.len());
        for row in found {
            let id = self.position(&row).map(|position| position.id);
            let mut written = self.written(row)?;
            if let Some(id) = id {
                self.add_nested(tx, id, &mut written).await?;
            }
            rows.push(written);
        }
        Ok(PersonalPage { rows, next })
    }

    /// The rows that belong to a row of this table, each list in its field.
    async fn add_nested(
        &self,
        tx: &mut Tx,
        id: Uuid,
        into: &mut Map<String, serde_json::Value>,
    ) -> Result<()> {
        let Location::List(file) = self.location else {
            return Ok(());
        };
        for nested in TABLES {
            if let Location::Within(parent, field) = nested.location
                && parent == file
            {
                let rows = nested.read(tx, id, None).await?.into_iter();
                let rows: Result<Vec<_>> = rows.map(|row| nested.written(row)).collect();
                into.insert(field.to_owned(), json!(rows?));
            }
        }
        Ok(())
    }

    async fn read(&self, tx: &mut Tx, of: Uuid, after: Option<PersonalPosition>) -> Result<Vec<Cells>> {
        let (at, id) = after.map_or((i64::MIN, Uuid::nil()), |after| (after.at, after.id));
        let (text, limit) = (of.to_string(), PAGE);
        let values: Vec<&dyn Param> = match self.paging {
            Paging::ById => vec![&of, &id, &limit],
            Paging::ByTime => vec![&of, &at, &id, &limit],
            Paging::ByIdOfText => vec![&text, &of, &id, &limit],
            Paging::Whole => vec![&of],
        };
        Ok(tx.all(self.select, &values).await?)
    }

    /// The position of a row, by the columns that precede those that are written.
    fn position(&self, Cells(cells): &Cells) -> Option<PersonalPosition> {
        let (at, id) = match (self.paging, &cells[..]) {
            (Paging::ById | Paging::ByIdOfText, [id, ..]) => (0, id),
            (Paging::ByTime, [Cell::Number(at), id, ..]) => (*at, id),
            _ => return None,
        };
        id.uuid().map(|id| PersonalPosition { at, id })
    }

    fn written(&self, Cells(cells): Cells) -> Result<Map<String, serde_json::Value>> {
        let mut row = Map::new();
        if let Location::Kind(_, kind) = self.location {
            row.insert("kind".to_owned(), json!(kind));
        }
        let keys = match self.paging {
            Paging::ById | Paging::ByIdOfText => 1,
            Paging::ByTime => 2,
            Paging::Whole => 0,
        };
        for ((column, kind), cell) in self.columns.iter().zip(cells.into_iter().skip(keys)) {
            let value = cell
                .written(*kind)
                .ok_or_else(|| Error::bug(format!("{}.{column} holds something else", self.table)))?;
            row.insert(camel_case(column), value);
        }
        Ok(row)
    }
}

/// The name of a column in JSON: `created_at` is `createdAt`.
fn camel_case(column: &str) -> String {
    let mut name = String::with_capacity(column.len());
    let mut is_first_of_word = false;
    for character in column.chars() {
        match character {
            '_' => is_first_of_word = true,
            _ if is_first_of_word => {
                name.push(character.to_ascii_uppercase());
                is_first_of_word = false;
            }
            _ => name.push(character),
        }
    }
    name
}

/// A row of whatever columns.
struct Cells(Vec<Cell>);

/// A value of whatever type, copied from the driver's memory.
enum Cell {
    Null,
    Number(i64),
    Flag(bool),
    Text(String),
    Bytes(Vec<u8>),
    Id(Uuid),
}

impl FromRow for Cells {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let columns = row.columns();
        let cells: Result<Vec<Cell>, _> = (0..columns).map(|_| row.next()).collect();
        cells.map(Self)
    }
}

impl Column for Cell {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Integer(number) => Self::Number(number),
            Value::Bool(flag) => Self::Flag(flag),
            Value::Text(text) | Value::Json(text) => Self::Text(text.to_owned()),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Value::Uuid(id) => Self::Id(id),
            other => return Err(other.mismatch("a value of an exported column")),
        })
    }
}

impl Cell {
    /// The id; on SQLite ids are bytes.
    fn uuid(&self) -> Option<Uuid> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Bytes(bytes) => Uuid::from_slice(bytes).ok(),
            _ => None,
        }
    }

    /// The value as JSON; `None` when it is not of the type. Bytes are never written.
    fn written(self, kind: Type) -> Option<serde_json::Value> {
        match (kind, self) {
            (_, Self::Null) => Some(serde_json::Value::Null),
            (Type::Id, cell) => cell.uuid().map(|id| json!(id)),
            (Type::Text, Self::Text(text)) => Some(json!(text)),
            (Type::Number, Self::Number(number)) => Some(json!(number)),
            (Type::Flag, Self::Flag(flag)) => Some(json!(flag)),
            (Type::Flag, Self::Number(number @ (0 | 1))) => Some(json!(number == 1)),
            (Type::Instant, Self::Number(micros)) => Some(json!(Timestamp::from_micros(micros))),
            // A text that is no JSON was changed by other means: its owner gets it as it is.
            (Type::Json, Self::Text(text)) => Some(serde_json::from_str(&text).unwrap_or(json!(text))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_the_api() {
        for (column, name) in [
            ("id", "id"),
            ("created_at", "createdAt"),
            ("last_seen_at", "lastSeenAt"),
        ] {
            assert_eq!(camel_case(column), name);
        }
    }

    #[test]
    fn a_value_of_another_type_is_not_written() {
        assert_eq!(Cell::Bytes(vec![1; 32]).written(Type::Text), None);
        assert_eq!(Cell::Bytes(vec![1; 32]).written(Type::Id), None);
        assert_eq!(Cell::Number(2).written(Type::Flag), None);
        assert_eq!(Cell::Number(1).written(Type::Flag), Some(json!(true)));
        assert_eq!(Cell::Text("[1".to_owned()).written(Type::Json), Some(json!("[1")));
        assert_eq!(
            Cell::Number(0).written(Type::Instant),
            Some(json!("1970-01-01T00:00:00.000Z"))
        );
    }
}
