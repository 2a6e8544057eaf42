//! The two schemas agree: tables, columns, nullability, types, keys, indexes, references, defaults, triggers and the
//! number of checks.

use crate::harness::{Store, runtime};
use mainstay_platform::database::{Engine, postgres_client, sqlite_connection};
use std::collections::BTreeSet;

/// Intended differences: each engine implements its full-text index in its own way.
const ONLY_ON_SQLITE: [&str; 6] = [
    // PostgreSQL has one for the two of them, and no REPLACE.
    "trigger audit_entries audit_entries_no_update",
    "trigger audit_entries audit_entries_no_delete",
    "trigger audit_entries audit_entries_no_replace",
    "column products.search_row INTEGER nullable=true",
    "key products search_row",
    "unique products id",
];
const ONLY_ON_POSTGRES: [&str; 5] = [
    "trigger audit_entries audit_entries_no_change",
    "trigger audit_entries audit_entries_no_truncate",
    "column products.search TSVECTOR nullable=false",
    "key products id",
    "index products_search unique=false USINGginsearch",
];

const SQLITE: &str = "
    WITH tables AS (
        SELECT name FROM pragma_table_list
        WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'refinery_schema_history'
    )
    SELECT 'column ' || t.name || '.' || c.name || ' ' || c.type || ' nullable=' || iif(c.\"notnull\", 'false', 'true')
    FROM tables t, pragma_table_info(t.name) c
    UNION ALL
    SELECT 'key ' || name || ' ' || group_concat(columns, ',') FROM (
        SELECT t.name AS name, c.name AS columns FROM tables t, pragma_table_info(t.name) c WHERE c.pk > 0 ORDER BY t.name, c.pk
    ) GROUP BY name
    UNION ALL
    SELECT 'unique ' || t.name || ' ' || (SELECT group_concat(name, ',') FROM pragma_index_info(i.name))
    FROM tables t, pragma_index_list(t.name) i WHERE i.origin = 'u'
    UNION ALL
    SELECT 'index ' || i.name || ' unique=' || iif(i.\"unique\", 'true', 'false') || ' '
        || substr(m.sql, instr(m.sql, ' ON ' || t.name) + 4 + length(t.name))
    FROM tables t, pragma_index_list(t.name) i, sqlite_schema m WHERE i.origin = 'c' AND m.name = i.name
    UNION ALL
    SELECT 'reference ' || t.name || '.' || f.\"from\" || ' ' || f.\"table\" || ' ' || f.on_delete
    FROM tables t, pragma_foreign_key_list(t.name) f
    UNION ALL
    SELECT 'checks ' || t.name || ' ' || ((length(m.sql) - length(replace(m.sql, 'CHECK (', ''))) / length('CHECK ('))
    FROM tables t, sqlite_schema m WHERE m.name = t.name
    UNION ALL
    SELECT 'default ' || t.name || '.' || c.name || ' ' || c.dflt_value
    FROM tables t, pragma_table_info(t.name) c WHERE c.dflt_value IS NOT NULL
    UNION ALL
    SELECT 'trigger ' || m.tbl_name || ' ' || m.name FROM sqlite_schema m WHERE m.type = 'trigger'";

const POSTGRES: &str = "
    WITH tables AS (
        SELECT c.oid, c.relname AS name FROM pg_class c
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'refinery_schema_history'
    )
    SELECT 'column ' || t.name || '.' || a.attname || ' ' || upper(format_type(a.atttypid, a.atttypmod))
        || ' nullable=' || CASE WHEN a.attnotnull THEN 'false' ELSE 'true' END
    FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT CASE i.indisprimary WHEN TRUE THEN 'key ' ELSE 'unique ' END || t.name || ' ' || (
        SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, place)
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number)
    FROM tables t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
    UNION ALL
    SELECT 'index ' || n.relname || ' unique=' || i.indisunique || ' '
        || substring(pg_get_indexdef(i.indexrelid) FROM position(' USING ' IN pg_get_indexdef(i.indexrelid)))
    FROM tables t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class n ON n.oid = i.indexrelid
    WHERE NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
    UNION ALL
    SELECT 'reference ' || t.name || '.' || a.attname || ' ' || f.relname || ' '
        || CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'a' THEN 'NO ACTION' ELSE c.confdeltype::text END
    FROM tables t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'f' JOIN pg_class f ON f.oid = c.confrelid
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
    UNION ALL
    SELECT 'checks ' || t.name || ' ' || (SELECT count(*) FROM pg_constraint c WHERE c.conrelid = t.oid AND c.contype = 'c')
    FROM tables t
    UNION ALL
    SELECT 'default ' || t.name || '.' || a.attname || ' ' || pg_get_expr(d.adbin, d.adrelid)
    FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attgenerated = '' JOIN pg_attrdef d
    ON d.adrelid = t.oid AND d.adnum = a.attnum
    UNION ALL
    SELECT 'trigger ' || t.name || ' ' || g.tgname FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal";

/// Normalises a line for comparison: types by how they are stored, index definitions without engine-specific syntax.
fn normalise(line: &str) -> String {
    if let Some(definition) = line.strip_prefix("index ") {
        let (head, definition) = definition.split_once("unique=").unwrap();
        let (unique, definition) = definition.split_once(' ').unwrap();
        let unique = if unique.starts_with('t') { "true" } else { "false" };
        // PostgreSQL quotes names that are words of its own, such as `position`.
        let bare: String = definition
            .replace("USING btree", "")
            .replace("::text", "")
            .replace("= ANY (ARRAY[", "IN (")
            .chars()
            .filter(|letter| !letter.is_whitespace() && !"()[]\"".contains(*letter))
            .collect();
        return format!("index {head}unique={unique} {bare}");
    }
    let mut words: Vec<&str> = line.split(' ').collect();
    if words[0] == "column" {
        words[2] = match words[2] {
            "UUID" | "BYTEA" => "BLOB",
            "BIGINT" | "BOOLEAN" => "INTEGER",
            "JSONB" => "TEXT",
            other => other,
        };
    }
    words.join(" ")
}

fn without_known_differences(
    lines: impl IntoIterator<Item = String>,
    differences: &[&str],
) -> BTreeSet<String> {
    let all: BTreeSet<String> = lines.into_iter().map(|line| normalise(&line)).collect();
    for difference in differences {
        assert!(all.contains(*difference), "no longer a difference: {difference}");
    }
    // The shadow tables of the full-text index are internal to SQLite.
    all.into_iter()
        .filter(|line| !differences.contains(&line.as_str()) && !line.contains("products_search"))
        .collect()
}

#[test]
fn both_engines_have_the_same_schema() {
    runtime().block_on(async {
        let sqlite = Store::fresh(Engine::Sqlite).await.unwrap();
        let Some(postgres) = Store::fresh(Engine::Postgres).await else {
            return;
        };
        let connection = sqlite_connection(&sqlite.options).unwrap();
        let mut statement = connection.prepare(SQLITE).unwrap();
        let lines: Vec<String> = statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let sqlite_lines = without_known_differences(lines, &ONLY_ON_SQLITE);
        let (client, _connection) = postgres_client(&postgres.options).await.unwrap();
        let rows = client.query(POSTGRES, &[]).await.unwrap();
        let postgres_lines = without_known_differences(rows.iter().map(|row| row.get(0)), &ONLY_ON_POSTGRES);
        let only_sqlite: Vec<_> = sqlite_lines.difference(&postgres_lines).collect();
        let only_postgres: Vec<_> = postgres_lines.difference(&sqlite_lines).collect();
        assert!(
            only_sqlite.is_empty() && only_postgres.is_empty(),
            "SQLite: {only_sqlite:#?}\nPostgreSQL: {only_postgres:#?}"
        );
        assert!(
            sqlite_lines.len() > 150,
            "only {} facts were compared",
            sqlite_lines.len()
        );
    });
}
