//! Both engines are asked which tables each statement writes, and agree with what it declares.

use crate::harness::{Store, runtime};
use mainstay_platform::database::{DatabaseOptions, Engine, Sql, postgres_client, sqlite_connection};
use mainstay_repositories::statements::{self, Effect, Statement};
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// What an engine says of a statement: the tables that it writes itself, without those that triggers and foreign keys
/// write.
type Written = BTreeSet<String>;

fn declared(statement: &Statement) -> Written {
    match statement.effect {
        Effect::Reads => Written::new(),
        Effect::Changes { table, .. } => Written::from([table.to_owned()]),
        Effect::ChangesInternal(table) => Written::from([table.name().to_owned()]),
    }
}

/// Records what a connection to SQLite is asked to authorise.
struct Sqlite {
    connection: Connection,
    written: Arc<Mutex<Written>>,
}

impl Sqlite {
    fn open(options: &DatabaseOptions) -> Self {
        let mut connection = sqlite_connection(options).unwrap();
        let written = Arc::new(Mutex::new(Written::new()));
        let record = Arc::clone(&written);
        let authorizer = move |context: AuthContext<'_>| {
            let table = match context.action {
                AuthAction::Insert { table_name }
                | AuthAction::Update { table_name, .. }
                | AuthAction::Delete { table_name } => table_name,
                _ => return Authorization::Allow,
            };
            // Triggers are part of the schema, not of the statement; so are the actions of foreign keys, which are off.
            if context.accessor.is_none() {
                record.lock().unwrap().insert(table.to_owned());
            }
            Authorization::Allow
        };
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.authorizer(Some(authorizer)).unwrap();
        Self { connection, written }
    }

    /// The tables that the statement writes. SQLite's own judgement whether it is read-only has to fit.
    fn writes(&self, sql: &Sql) -> Written {
        self.written.lock().unwrap().clear();
        let statement = self.connection.prepare(sql.sqlite()).unwrap();
        let written = self.written.lock().unwrap().clone();
        assert_eq!(statement.readonly(), written.is_empty(), "{}", sql.sqlite());
        written
    }
}

#[test]
fn sqlite_says_that_each_statement_writes_what_it_declares() {
    runtime().block_on(async {
        let store = Store::fresh(Engine::Sqlite).await.unwrap();
        let sqlite = Sqlite::open(&store.options);
        for statement in statements::all() {
            assert_eq!(
                sqlite.writes(&statement.sql),
                declared(&statement),
                "{}",
                statement.name
            );
        }
    });
}

#[test]
fn sqlite_sees_a_write_wherever_it_stands_in_a_statement() {
    runtime().block_on(async {
        let store = Store::fresh(Engine::Sqlite).await.unwrap();
        let sqlite = Sqlite::open(&store.options);
        let hidden = "WITH one AS (SELECT id FROM products LIMIT 1) \
                      UPDATE products SET stock = 0 FROM one WHERE products.id = one.id RETURNING products.id";
        assert_eq!(sqlite.writes(&Sql::new(hidden)), Written::from(["products".to_owned()]));
        assert_eq!(sqlite.writes(&Sql::new("SELECT stock FROM products")), Written::new());
    });
}

/// The tables that PostgreSQL would write, as its plan says.
async fn writes_on_postgres(client: &tokio_postgres::Client, text: &str) -> Written {
    let parameters = (1..200)
        .rev()
        .find(|n| text.contains(&format!("${n}")))
        .unwrap_or(0);
    let nulls = vec!["NULL"; parameters].join(", ");
    let values = if parameters == 0 {
        String::new()
    } else {
        format!("({nulls})")
    };
    client
        .batch_execute(&format!("PREPARE asked AS {text}"))
        .await
        .unwrap();
    let plan = client
        .simple_query(&format!("EXPLAIN EXECUTE asked{values}"))
        .await;
    client.batch_execute("DEALLOCATE asked").await.unwrap();
    let mut written = Written::new();
    for message in plan.unwrap() {
        let tokio_postgres::SimpleQueryMessage::Row(row) = message else {
            continue;
        };
        let line = row
            .get(0)
            .unwrap()
            .trim_start()
            .trim_start_matches("->")
            .trim_start();
        let verbs = ["Insert on ", "Update on ", "Delete on ", "Merge on "];
        if let Some(rest) = verbs.iter().find_map(|verb| line.strip_prefix(verb)) {
            written.insert(rest.split_whitespace().next().unwrap().to_owned());
        }
    }
    written
}

#[test]
fn postgres_plans_to_write_what_each_statement_declares() {
    runtime().block_on(async {
        let Some(store) = Store::fresh(Engine::Postgres).await else {
            return;
        };
        let (client, _connection) = postgres_client(&store.options).await.unwrap();
        // A plan for all values: one for NULL would leave out what NULL excludes.
        client
            .batch_execute("SET plan_cache_mode = force_generic_plan")
            .await
            .unwrap();
        for statement in statements::all() {
            let written = writes_on_postgres(&client, statement.sql.postgres()).await;
            assert_eq!(written, declared(&statement), "{}", statement.name);
        }
        let hidden = "WITH gone AS (DELETE FROM products RETURNING id) SELECT id FROM gone";
        let written = writes_on_postgres(&client, hidden).await;
        assert_eq!(written, Written::from(["products".to_owned()]));
    });
}
