//! Both engines prepare every statement.

use crate::harness::{Store, runtime};
use mainstay_platform::database::{Engine, postgres_client, sqlite_connection};
use mainstay_repositories::statements::{self, Statement};

#[test]
fn sqlite_prepares_every_statement() {
    runtime().block_on(async {
        let store = Store::fresh(Engine::Sqlite).await.unwrap();
        let connection = sqlite_connection(&store.options).unwrap();
        for Statement { name, sql, .. } in statements::all() {
            let statement = connection.prepare(sql.sqlite());
            assert!(
                statement.is_ok(),
                "{name}: {}\n{:?}",
                sql.sqlite(),
                statement.err()
            );
        }
    });
}

#[test]
fn postgres_prepares_every_statement() {
    runtime().block_on(async {
        let Some(store) = Store::fresh(Engine::Postgres).await else {
            return;
        };
        let (client, _connection) = postgres_client(&store.options).await.unwrap();
        for Statement { name, sql, .. } in statements::all() {
            let statement = client.prepare(sql.postgres()).await;
            assert!(
                statement.is_ok(),
                "{name}: {}\n{:?}",
                sql.postgres(),
                statement.err()
            );
        }
    });
}

#[test]
fn all_statements_are_listed_by_name() {
    let all = statements::all();
    assert!(all.len() > 500, "{}", all.len());
    assert!(
        all.iter()
            .all(|statement| statement.name.starts_with("mainstay_repositories::"))
    );
}
