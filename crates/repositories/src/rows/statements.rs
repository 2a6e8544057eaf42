//! The statements of a table, composed once of its description; no input is ever part of one.

use super::record::Record;
use super::table::{Filter, Order, Sort, Table};
use crate::list::{Key, List};
use crate::statements::GuardedChange;
use mainstay_domain::access::Action;
use mainstay_platform::database::{Change, Select, Sql};

/// The statements of a table.
#[derive(Debug)]
pub struct TableStatements<T> {
    pub(super) columns: Vec<&'static str>,
    pub(super) find: Select,
    pub(super) find_owned: Option<Select>,
    pub(super) find_published: Option<Select>,
    /// A page of the rows of an owner, by their ids.
    pub(super) owned_after: Option<Select>,
    pub(super) insert: Option<Change<T>>,
    pub(super) update: Option<Change<T>>,
    pub(super) delete: Option<Change<T>>,
    /// The columns that an update sets, by their places.
    pub(super) updated: Vec<usize>,
    /// The place of the column `version`, if there is one.
    pub(super) version: Option<usize>,
    pub(super) owner: Option<usize>,
    pub(super) list: List,
}

/// The filters of every list: which rows the scope includes. Those of the table follow.
pub(super) const OWNED: usize = 0;
pub(super) const PUBLISHED: usize = 1;
pub(super) const FIRST_FILTER: usize = 2;

impl<T: Table> TableStatements<T> {
    /// The statements of a type, composed at their first use.
    pub(crate) fn get() -> &'static Self {
        <T as Record>::statements().get_or_init(Self::compose)
    }

    fn compose() -> Self {
        let columns = T::FIELDS.concat();
        let place = |wanted: &str| columns.iter().position(|column| *column == wanted);
        let version = place("version");
        let find = |condition: &str| {
            let (columns, table) = (columns.join(", "), T::TABLE);
            Select::new(Sql::owned(format!(
                "SELECT {columns} FROM {table} WHERE id = $1{condition}"
            )))
        };
        let owned_after = T::OWNER.map(|owner| {
            let (columns, table) = (columns.join(", "), T::TABLE);
            Select::new(Sql::owned(format!(
                "SELECT {columns} FROM {table} WHERE {owner} = $1 AND id > $2 ORDER BY id LIMIT $3"
            )))
        });
        let stays = |column: &str| column == "id" || T::OWNER == Some(column) || T::FIXED.contains(&column);
        let updated: Vec<usize> = (0..columns.len()).filter(|at| !stays(columns[*at])).collect();
        Self {
            find: find(""),
            find_owned: T::OWNER.map(|owner| find(&format!(" AND {owner} = $2"))),
            find_published: T::PUBLISHED.map(|condition| find(&format!(" AND {condition}"))),
            owned_after,
            insert: change(T::INSERT, || insert::<T>(&columns)),
            update: change(T::UPDATE, || update::<T>(&columns, &updated)),
            delete: change(T::DELETE, || {
                format!("DELETE FROM {} WHERE {}", T::TABLE, unchanged::<T>(&columns, 2))
            }),
            list: list::<T>(&columns),
            owner: T::OWNER.and_then(place),
            updated,
            version,
            columns,
        }
    }

    /// The place of a column.
    pub(super) fn place(&self, wanted: &str) -> Option<usize> {
        self.columns.iter().position(|column| *column == wanted)
    }
}

/// The statements of a table whose type is not known.
pub(crate) trait ComposedTable {
    /// Those that read, with their names.
    fn reads(&'static self) -> Vec<(&'static str, &'static Select)>;
    /// Those that change rows, with their names.
    fn changes(&'static self) -> Vec<(&'static str, &'static dyn GuardedChange)>;
}

impl<T: Table> ComposedTable for TableStatements<T> {
    fn reads(&'static self) -> Vec<(&'static str, &'static Select)> {
        let mut reads = self.list.all();
        reads.push((name::<T>("FIND"), &self.find));
        reads.extend(self.find_owned.iter().map(|find| (name::<T>("FIND_OWNED"), find)));
        reads.extend(
            self.owned_after
                .iter()
                .map(|page| (name::<T>("OWNED_AFTER"), page)),
        );
        reads.extend(
            self.find_published
                .iter()
                .map(|find| (name::<T>("FIND_PUBLISHED"), find)),
        );
        reads
    }

    fn changes(&'static self) -> Vec<(&'static str, &'static dyn GuardedChange)> {
        let all = [
            ("INSERT", &self.insert),
            ("UPDATE", &self.update),
            ("DELETE", &self.delete),
        ];
        let all = all.into_iter().filter_map(|(statement, change)| {
            let change: &dyn GuardedChange = change.as_ref()?;
            Some((name::<T>(statement), change))
        });
        all.collect()
    }
}

/// The name under which tests report a statement.
fn name<T: Record>(statement: &str) -> &'static str {
    forever(format!("{}::{statement}", T::PATH))
}

/// A change for the actions, if there are any.
fn change<T: Table>(actions: &'static [Action], text: impl FnOnce() -> String) -> Option<Change<T>> {
    (!actions.is_empty()).then(|| Change::new(T::TABLE, actions, Sql::owned(text())))
}

fn insert<T: Table>(columns: &[&str]) -> String {
    let values: Vec<String> = (1..=columns.len()).map(|at| format!("${at}")).collect();
    let (columns, values) = (columns.join(", "), values.join(", "));
    format!("INSERT INTO {} ({columns}) VALUES ({values})", T::TABLE)
}

/// Sets the columns to $2 and following.
fn update<T: Table>(columns: &[&str], updated: &[usize]) -> String {
    let set: Vec<String> = updated
        .iter()
        .enumerate()
        .map(|(at, column)| format!("{} = ${}", columns[*column], at + 2))
        .collect();
    let condition = unchanged::<T>(columns, updated.len() + 2);
    format!("UPDATE {} SET {} WHERE {condition}", T::TABLE, set.join(", "))
}

/// The condition that a row is still as it was read: with the id $1, then its version, then its owner, of whom the
/// permit was given.
fn unchanged<T: Table>(columns: &[&str], mut next: usize) -> String {
    let mut condition = "id = $1".to_owned();
    if columns.contains(&"version") {
        condition += &format!(" AND version = ${next}");
        next += 1;
    }
    if let Some(owner) = T::OWNER {
        condition += &format!(" AND {owner} IS NOT DISTINCT FROM ${next}");
    }
    condition
}

fn list<T: Table>(columns: &[&str]) -> List {
    // Without a column of owners or a condition of published rows, the filter is never applied.
    let owned = T::OWNER.map_or_else(|| "FALSE".to_owned(), |owner| format!("{owner} = {{}}"));
    let published = T::PUBLISHED.unwrap_or("FALSE").to_owned();
    let filters = T::FILTERS
        .iter()
        .map(|Filter { column, operator, .. }| format!("{column} {operator} {{}}"));
    let filters = [owned, published]
        .into_iter()
        .chain(filters)
        .map(forever)
        .collect::<Vec<_>>();
    let keys = T::SORTS.iter().map(|Sort { column, order, .. }| match order {
        Order::Number if *column == "id" => Key::Id,
        Order::Number => Key::Number(column),
        Order::Text => Key::Text(column),
        Order::LowerText => Key::Text(forever(format!("lower({column})"))),
    });
    List::new(
        name::<T>("LIST"),
        (forever(columns.join(", ")), T::TABLE),
        Vec::leak(filters),
        Vec::leak(keys.collect()),
    )
}

/// A part of the statements of a type, which live as long as the program.
fn forever(text: String) -> &'static str {
    String::leak(text)
}
