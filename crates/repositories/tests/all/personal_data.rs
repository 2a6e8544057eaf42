//! Everything that is stored about an account is exported, or left out for a reason.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use crate::harness::{Store, runtime};
use mainstay_platform::database::{Engine, sqlite_connection};
use mainstay_repositories::{NOT_EXPORTED, personal_tables};
use std::collections::{BTreeMap, BTreeSet};

const COLUMNS: &str = "
    SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'refinery_schema_history'";

/// The columns of every table of the schema.
async fn schema() -> BTreeMap<String, BTreeSet<String>> {
    let store = Store::fresh(Engine::Sqlite).await.unwrap();
    let connection = sqlite_connection(&store.options).unwrap();
    let mut statement = connection.prepare(COLUMNS).unwrap();
    let mut rows = statement.raw_query();
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while let Some(row) = rows.next().unwrap() {
        tables
            .entry(row.get(0).unwrap())
            .or_default()
            .insert(row.get(1).unwrap());
    }
    tables
}

#[test]
fn every_table_is_exported_or_left_out_for_a_reason() {
    let tables = runtime().block_on(schema());
    assert!(tables.len() > 20, "{tables:?}");
    let exported: BTreeSet<&str> = personal_tables().iter().map(|table| table.table()).collect();
    let left_out: BTreeSet<&str> = NOT_EXPORTED.iter().map(|(table, _)| *table).collect();
    assert!(exported.is_disjoint(&left_out));
    let known: BTreeSet<&str> = exported.union(&left_out).copied().collect();
    let present: BTreeSet<&str> = tables.keys().map(String::as_str).collect();
    assert_eq!(
        present, known,
        "a new table belongs into `personal_data!`, or `GET /api/users/me/export` would forget it; or, for a reason, \
         into NOT_EXPORTED (crates/repositories/src/personal_data/tables.rs)"
    );
}

#[test]
fn every_column_of_an_exported_table_is_exported_or_left_out_for_a_reason() {
    let tables = runtime().block_on(schema());
    for table in personal_tables() {
        let known: Vec<&str> = table
            .columns()
            .chain(table.left_out().iter().map(|(column, _)| *column))
            .collect();
        let distinct: BTreeSet<String> = known.iter().map(|column| (*column).to_owned()).collect();
        assert_eq!(distinct.len(), known.len(), "{}: {known:?}", table.table());
        assert_eq!(tables[table.table()], distinct, "{}", table.table());
        let reasons = table.left_out().iter();
        assert!(
            reasons.clone().all(|(_, why)| !why.is_empty()),
            "{}",
            table.table()
        );
    }
}

#[test]
fn no_column_of_secrets_is_exported() {
    for table in personal_tables() {
        for column in table.columns() {
            for secret in [
                "hash",
                "digest",
                "sealed",
                "seed",
                "secret",
                "token",
                "mac",
                "fingerprint",
            ] {
                assert!(!column.contains(secret), "{}.{column}", table.table());
            }
        }
    }
}
