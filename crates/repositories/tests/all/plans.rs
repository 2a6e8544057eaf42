//! Frequent lists are read along an index, in its order.

use crate::harness::{Store, runtime};
use mainstay_platform::database::{Engine, sqlite_connection};
use mainstay_repositories::statements::{self, Statement};

fn plan(connection: &rusqlite::Connection, sql: &str) -> String {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    for parameter in 1..=statement.parameter_count() {
        statement
            .raw_bind_parameter(parameter, rusqlite::types::Null)
            .unwrap();
    }
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get::<_, String>("detail").unwrap());
    }
    steps.join("; ")
}

#[test]
fn frequent_lists_are_not_sorted_and_frequent_reads_are_not_scans() {
    runtime().block_on(async {
        let store = Store::fresh(Engine::Sqlite).await.unwrap();
        let connection = sqlite_connection(&store.options).unwrap();
        let mut checked = [0usize; 3];
        for Statement { name, sql, .. } in statements::all() {
            let text = sql.sqlite();
            let is_list = name.ends_with("::LIST") && text.contains("ORDER BY");
            let group = match name {
                // One customer's orders, and all of a status.
                "mainstay_repositories::orders::LIST" if is_list && !text.contains("user_id = ?2") => 0,
                // The public catalogue: on sale, in any order, all or of a category.
                "mainstay_repositories::products::LIST"
                    if is_list
                        && text.contains("status = 'active'")
                        && !text.contains("search")
                        && !text.contains("status = ?") =>
                {
                    1
                }
                name if [
                    "FIND", "SAVE", "ADVANCE", "TAKE", "FINISH", "ITEMS_OF", "UNLINKED", "END",
                ]
                .iter()
                .any(|hot| name.ends_with(&format!("::{hot}"))) =>
                {
                    2
                }
                _ => continue,
            };
            checked[group] += 1;
            let plan = plan(&connection, text);
            assert!(!plan.contains("TEMP B-TREE"), "{name} sorts: {text}\n{plan}");
            assert!(
                group == 0 || !plan.contains("SCAN") || plan.contains("USING INDEX"),
                "{name} scans: {text}\n{plan}"
            );
        }
        assert!(checked.iter().all(|checked| *checked > 3), "{checked:?}");
    });
}

#[test]
fn claiming_does_not_scan_jobs_that_are_not_due() {
    runtime().block_on(async {
        let store = Store::fresh(Engine::Sqlite).await.unwrap();
        let connection = sqlite_connection(&store.options).unwrap();
        for (name, index) in [
            ("CLAIM_JOBS", "jobs_due"),
            ("CLAIM_JOBS_OF", "jobs_due_queue"),
            ("PROMOTE_JOBS", "jobs_later"),
            ("RECOVER_JOBS", "jobs_leased"),
            ("NEXT_DUE", "jobs_later"),
            ("NEXT_DUE", "jobs_leased"),
            ("OUTBOX_WAITING", "outbox_waiting"),
        ] {
            let all = statements::all();
            let Statement { sql, .. } = all
                .iter()
                .find(|statement| statement.name.ends_with(&format!("::{name}")))
                .unwrap();
            let plan = plan(&connection, sql.sqlite());
            let mut words = plan.split([' ', ';']);
            assert!(
                words.any(|word| word == index),
                "{name} leaves {index} out: {plan}"
            );
            assert!(!plan.contains("TEMP B-TREE"), "{name}: {plan}");
        }
    });
}
