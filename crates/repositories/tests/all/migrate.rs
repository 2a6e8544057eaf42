//! Migrations are applied once, however many processes start at the same time.

use crate::harness::{empty, empty_with, runtime};
use mainstay_platform::database::{DatabaseOptions, Engine, postgres_client, sqlite_connection};
use mainstay_repositories::{MigrateError, Migration, Migrations, Report, condition, migrate};
use std::collections::BTreeSet;

async fn change(engine: Engine, options: &DatabaseOptions, sql: &str) {
    match engine {
        Engine::Sqlite => sqlite_connection(options).unwrap().execute_batch(sql).unwrap(),
        Engine::Postgres => postgres_client(options)
            .await
            .unwrap()
            .0
            .batch_execute(sql)
            .await
            .unwrap(),
    }
}

fn on_empty(test: impl AsyncFn(Engine, DatabaseOptions)) {
    let runtime = runtime();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        runtime.block_on(async {
            if let Some((options, _place)) = empty(engine).await {
                test(engine, options).await;
            }
        });
    }
}

#[test]
fn a_second_run_applies_nothing() {
    on_empty(async |_, options| {
        let first = migrate(&options, &[]).await.unwrap();
        assert_eq!(first.applied.first().map(String::as_str), Some("V1__roles"));
        assert!(migrate(&options, &[]).await.unwrap().applied.is_empty());
    });
}

#[test]
fn of_concurrent_starts_each_migration_is_applied_by_one() {
    on_empty(async |_, options| {
        let starts: Vec<_> = (0..6)
            .map(|_| {
                let options = options.clone();
                tokio::spawn(async move { migrate(&options, &[]).await })
            })
            .collect();
        let mut applied = Vec::new();
        for start in starts {
            applied.extend(start.await.unwrap().unwrap().applied);
        }
        let once: BTreeSet<&String> = applied.iter().collect();
        assert_eq!(once.len(), applied.len(), "{applied:?}");
        assert!(
            applied.iter().any(|migration| migration == "V1__roles"),
            "{applied:?}"
        );
    });
}

/// Prevents the record that a migration was applied from being written, as a kill between the two would.
const REJECT_RECORDS: [&str; 2] = [
    "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), \
         checksum VARCHAR(255)); \
     CREATE TRIGGER no_notes BEFORE INSERT ON refinery_schema_history BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), \
         checksum VARCHAR(255)); \
     CREATE FUNCTION no_notes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$; \
     CREATE TRIGGER no_notes BEFORE INSERT ON refinery_schema_history FOR EACH ROW EXECUTE FUNCTION no_notes()",
];

#[test]
fn an_interrupted_migration_leaves_nothing_and_can_be_repeated() {
    on_empty(async |engine, options| {
        let [sqlite, postgres] = REJECT_RECORDS;
        let (refuse, allow) = match engine {
            Engine::Sqlite => (sqlite, "DROP TRIGGER no_notes"),
            Engine::Postgres => (postgres, "DROP TRIGGER no_notes ON refinery_schema_history"),
        };
        change(engine, &options, refuse).await;
        let error = migrate(&options, &[]).await.unwrap_err();
        assert!(matches!(error, MigrateError::Refused(_)), "{error:?}");
        change(engine, &options, allow).await;
        let applied = migrate(&options, &[]).await.unwrap().applied;
        assert_eq!(applied.first().map(String::as_str), Some("V1__roles"));
    });
}

#[test]
fn a_database_that_is_newer_is_refused() {
    on_empty(async |engine, options| {
        migrate(&options, &[]).await.unwrap();
        let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                     VALUES (999, 'from_the_future', '2030-01-01T00:00:00Z', '1')";
        change(engine, &options, newer).await;
        let error = migrate(&options, &[]).await.unwrap_err();
        assert!(matches!(error, MigrateError::Newer { .. }), "{error:?}");
        assert!(error.to_string().contains("V999__from_the_future"), "{error}");
    });
}

#[test]
fn a_migration_that_was_edited_is_refused() {
    on_empty(async |engine, options| {
        migrate(&options, &[]).await.unwrap();
        change(
            engine,
            &options,
            "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1",
        )
        .await;
        let error = migrate(&options, &[]).await.unwrap_err();
        assert!(matches!(error, MigrateError::Edited { .. }), "{error:?}");
    });
}

const NOTES: Migration = Migration::new(
    "V1__notes",
    "CREATE TABLE notes (id UUID NOT NULL PRIMARY KEY, user_id UUID NOT NULL REFERENCES users (id), text TEXT NOT NULL);",
)
.postgres("COMMENT ON TABLE notes IS 'PostgreSQL alone';")
.sqlite("PRAGMA user_version = 7;");
const COLORS: Migration = Migration::new("V2__colors", "ALTER TABLE notes ADD COLUMN color TEXT;");

fn first() -> [Migrations; 1] {
    [Migrations::new("shop", [NOTES])]
}

fn second() -> [Migrations; 1] {
    [Migrations::new("shop", [NOTES, COLORS])]
}

#[test]
fn an_application_has_migrations_and_versions_of_its_own() {
    on_empty(async |engine, options| {
        assert!(
            condition(&options, &first())
                .await
                .unwrap()
                .missing
                .ends_with(&["shop/V1__notes".to_owned()])
        );
        let report = migrate(&options, &first()).await.unwrap();
        assert_eq!(report.applied.first().map(String::as_str), Some("V1__roles"));
        assert_eq!(report.applied.last().map(String::as_str), Some("shop/V1__notes"));
        assert_eq!(
            condition(&options, &second()).await.unwrap().missing,
            ["shop/V2__colors"]
        );
        assert_eq!(
            migrate(&options, &second()).await.unwrap().applied,
            ["shop/V2__colors"]
        );
        assert_eq!(migrate(&options, &second()).await.unwrap(), Report::default());
        // Mainstay alone finds its own migrations applied, and does not look at those of an application.
        assert_eq!(migrate(&options, &[]).await.unwrap(), Report::default());
        assert_eq!(condition(&options, &[]).await.unwrap().unknown, [""; 0]);
        change(engine, &options, "UPDATE notes SET color = text").await;

        assert_eq!(
            condition(&options, &first()).await.unwrap().unknown,
            ["shop/V2__colors"]
        );
        let error = migrate(&options, &first()).await.unwrap_err();
        assert!(
            matches!(&error, MigrateError::Newer { applied, known: 1 } if applied == "shop/V2__colors"),
            "{error:?}"
        );
        let other = [Migrations::new("shop", [Migration::new("V1__notes", ""), COLORS])];
        let error = migrate(&options, &other).await.unwrap_err();
        assert!(
            matches!(&error, MigrateError::Edited { applied } if applied == "shop/V1__notes"),
            "{error:?}"
        );
    });
}

#[test]
fn what_only_one_engine_has_is_applied_to_that_engine() {
    on_empty(async |engine, options| {
        migrate(&options, &first()).await.unwrap();
        let found: String = match engine {
            Engine::Sqlite => {
                let connection = sqlite_connection(&options).unwrap();
                let version = connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
                version.unwrap().to_string()
            }
            Engine::Postgres => {
                let (client, _task) = postgres_client(&options).await.unwrap();
                let comment = "SELECT obj_description('notes'::regclass)";
                client.query_one(comment, &[]).await.unwrap().get(0)
            }
        };
        let expected = if engine == Engine::Sqlite {
            "7"
        } else {
            "PostgreSQL alone"
        };
        assert_eq!(found, expected);
    });
}

#[test]
fn a_text_that_one_engine_does_not_take_is_refused_on_both_before_anything_is_applied() {
    on_empty(async |_, options| {
        let wrong = Migration::new(
            "V1__notes",
            "CREATE TABLE notes (\n    id SERIAL NOT NULL PRIMARY KEY);",
        );
        let error = migrate(&options, &[Migrations::new("shop", [wrong])])
            .await
            .unwrap_err();
        assert!(matches!(error, MigrateError::Text(_)), "{error:?}");
        assert!(
            error.to_string().contains("V1__notes.sql, line 2: `SERIAL`"),
            "{error}"
        );
        assert!(!condition(&options, &[]).await.unwrap().missing.is_empty());
    });
}

#[test]
fn an_unreachable_server_is_reported() {
    runtime().block_on(async {
        let options = DatabaseOptions::new("postgres://unknown@127.0.0.1:1/none");
        assert!(matches!(
            migrate(&options, &[]).await,
            Err(MigrateError::Database(_))
        ));
    });
}

#[test]
fn a_database_that_cannot_hold_every_text_is_refused_before_anything_is_made_in_it() {
    runtime().block_on(async {
        for encoding in ["LATIN1", "SQL_ASCII"] {
            let how = format!("ENCODING '{encoding}' LOCALE 'C'");
            let Some((options, _place)) = empty_with(Engine::Postgres, &how).await else {
                return;
            };
            let refused = migrate(&options, &[]).await.unwrap_err();
            assert!(matches!(refused, MigrateError::Unfit(_)), "{refused:?}");
            let sentence = refused.to_string();
            for word in [encoding, "CREATE DATABASE", "ENCODING 'UTF8' TEMPLATE template0"] {
                assert!(sentence.contains(word), "{sentence}");
            }
            assert_eq!(condition(&options, &[]).await.unwrap().unfit, [sentence]);
            let (client, _task) = postgres_client(&options).await.unwrap();
            let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
            assert_eq!(client.query_one(tables, &[]).await.unwrap().get::<_, i64>(0), 0);
        }
    });
}

#[test]
fn a_file_of_another_program_is_refused_and_stays_as_it_is() {
    runtime().block_on(async {
        let (options, _place) = empty(Engine::Sqlite).await.unwrap();
        let path = mainstay_platform::database::sqlite_path(&options.url).unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other
            .execute_batch("CREATE TABLE moz_places (id INTEGER)")
            .unwrap();
        drop(other);
        let before = std::fs::read(&path).unwrap();
        let refused = migrate(&options, &[]).await.unwrap_err();
        assert!(
            matches!(&refused, MigrateError::Unfit(sentence) if sentence.contains("moz_places")),
            "{refused:?}"
        );
        assert!(!condition(&options, &[]).await.unwrap().unfit.is_empty());
        assert_eq!(std::fs::read(&path).unwrap(), before);
    });
}
