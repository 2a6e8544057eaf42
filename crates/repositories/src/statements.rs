//! All statements, for the tests that prepare each on both engines and ask the engines what it writes.

use crate::rows::{ComposedTable, Table, TableStatements};
#[cfg(test)]
use mainstay_domain::access::SystemCaller;
use mainstay_domain::access::{Action, Resource};
use mainstay_domain::api_key::ApiKey;
use mainstay_domain::identity::Identity;
use mainstay_domain::job::Job;
use mainstay_domain::key::SigningKey;
use mainstay_domain::payment::Payment;
use mainstay_domain::security::SecurityEvent;
use mainstay_platform::database::{BulkChange, Change, InternalChange, InternalTable, Select, Sql};

/// A statement, as it is declared.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Module and name.
    pub name: &'static str,
    /// The text.
    pub sql: Sql,
    /// What it may do.
    pub effect: Effect,
}

/// What a statement may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It reads.
    Reads,
    /// It changes a table for these actions on the resource.
    Changes {
        /// The table.
        table: &'static str,
        /// The name of the resource whose permit it requires.
        resource: &'static str,
        /// The actions that it serves.
        actions: &'static [Action],
        /// Whether it changes rows by a condition, with a permit for all of them.
        bulk: bool,
    },
    /// It changes a table of Mainstay's own, without a permit.
    ChangesInternal(InternalTable),
}

/// A change that requires a permit, whatever its resource.
pub(crate) trait GuardedChange: Sync {
    /// Its text and declaration.
    fn declaration(&self) -> (&Sql, Effect);
    /// Whether a permit of the system for the action and the first row authorises it for the second row.
    #[cfg(test)]
    fn admits(&self, part: SystemCaller, action: Action, rows: [uuid::Uuid; 2]) -> bool;
}

impl<T: Resource> GuardedChange for Change<T> {
    fn declaration(&self) -> (&Sql, Effect) {
        let effect = Effect::Changes {
            table: self.table(),
            resource: T::NAME,
            actions: self.actions(),
            bulk: false,
        };
        (self.sql(), effect)
    }

    #[cfg(test)]
    fn admits(&self, part: SystemCaller, action: Action, rows: [uuid::Uuid; 2]) -> bool {
        use mainstay_domain::access::{Caller, permit_new};
        use mainstay_domain::id::Id;
        let [permitted, row] = rows.map(Id::from_uuid);
        let permit = permit_new::<T>(&Caller::System(part), action, permitted, None).unwrap();
        self.authorize_id(&permit, row).is_ok()
    }
}

impl<T: Resource> GuardedChange for BulkChange<T> {
    fn declaration(&self) -> (&Sql, Effect) {
        let (change, resource) = (self.change(), T::NAME);
        let effect = Effect::Changes {
            table: change.table(),
            resource,
            actions: change.actions(),
            bulk: true,
        };
        (change.sql(), effect)
    }

    #[cfg(test)]
    fn admits(&self, part: SystemCaller, action: Action, _: [uuid::Uuid; 2]) -> bool {
        use mainstay_domain::access::permit_all;
        self.authorize(&permit_all(part, action)).is_ok()
    }
}

/// Every statement, including every combination of the composed lists.
pub fn all() -> Vec<Statement> {
    let internal = internal().into_iter().map(|(name, change)| Statement {
        name,
        sql: change.sql().clone(),
        effect: Effect::ChangesInternal(change.table()),
    });
    declared(reads(), changes()).chain(internal).collect()
}

/// The composed statements of a table.
pub fn of_table<T: Table>() -> Vec<Statement> {
    let statements = TableStatements::<T>::get();
    declared(statements.reads(), statements.changes()).collect()
}

fn declared(
    reads: Vec<(&'static str, &'static Select)>,
    changes: Vec<(&'static str, &'static dyn GuardedChange)>,
) -> impl Iterator<Item = Statement> {
    let reads = reads.into_iter().map(|(name, select)| Statement {
        name,
        sql: select.sql().clone(),
        effect: Effect::Reads,
    });
    let changes = changes.into_iter().map(|(name, change)| {
        let (sql, effect) = change.declaration();
        Statement {
            name,
            sql: sql.clone(),
            effect,
        }
    });
    reads.chain(changes)
}

/// The tables whose statements are composed.
fn tables() -> [&'static dyn ComposedTable; 6] {
    [
        table::<Identity>(),
        table::<ApiKey>(),
        table::<Job>(),
        table::<Payment>(),
        table::<SecurityEvent>(),
        table::<SigningKey>(),
    ]
}

fn table<T: Table>() -> &'static dyn ComposedTable {
    TableStatements::<T>::get()
}

fn reads() -> Vec<(&'static str, &'static Select)> {
    let fixed = [
        crate::access_changes::ALL,
        crate::api_keys::ALL,
        crate::audit_acceptances::ALL,
        crate::audit_chain::ALL,
        crate::audit_writers::ALL,
        crate::credentials::ALL,
        crate::devices::ALL,
        crate::dialect::ALL,
        crate::idempotency::ALL,
        crate::identities::ALL,
        crate::jobs::ALL,
        crate::leases::ALL,
        crate::master_key_check::ALL,
        crate::one_time_tokens::ALL,
        crate::orders::ALL,
        crate::payments::ALL,
        crate::products::ALL,
        crate::roles::ALL,
        crate::recovery_codes::ALL,
        crate::sessions::ALL,
        crate::signing_keys::ALL,
        crate::stock::ALL,
        crate::totp_factors::ALL,
        crate::user_access::ALL,
        crate::users::ALL,
    ];
    let lists = [
        &crate::audit::LIST,
        &crate::orders::LIST,
        &crate::products::LIST,
        &crate::sessions::LIST,
        &crate::users::LIST,
    ];
    let sealed = crate::SEALED_COLUMNS
        .iter()
        .map(|column| (column.name(), &column.others));
    let families = [&crate::order_items::ITEMS_OF, &crate::user_access::GRANTS_OF];
    let fixed = fixed.into_iter().flatten().copied();
    fixed
        .chain(tables().into_iter().flat_map(|table| table.reads()))
        .chain(lists.into_iter().flat_map(|list| list.all()))
        .chain(sealed)
        .chain(families.into_iter().flat_map(|family| family.all()))
        .collect()
}

fn changes() -> Vec<(&'static str, &'static dyn GuardedChange)> {
    let fixed = [
        crate::api_keys::CHANGES,
        crate::audit_acceptances::CHANGES,
        crate::credentials::CHANGES,
        crate::identities::CHANGES,
        crate::devices::CHANGES,
        crate::jobs::CHANGES,
        crate::master_key_check::CHANGES,
        crate::orders::CHANGES,
        crate::payments::CHANGES,
        crate::products::CHANGES,
        crate::roles::CHANGES,
        crate::recovery_codes::CHANGES,
        crate::sessions::CHANGES,
        crate::signing_keys::CHANGES,
        crate::stock::CHANGES,
        crate::totp_factors::CHANGES,
        crate::user_access::CHANGES,
        crate::users::CHANGES,
    ];
    let families = [&crate::order_items::INSERT_ITEMS];
    let sized = families.into_iter().flat_map(|family| family.all());
    let sized = sized.map(|(name, change)| (name, change as &dyn GuardedChange));
    let sealed = crate::SEALED_COLUMNS.iter();
    let sealed = sealed.map(|column| (column.name(), &column.reseal as &dyn GuardedChange));
    let seen = crate::sessions::SEEN.all();
    let seen = seen.map(|(name, change)| (name, change as &dyn GuardedChange));
    let tables = tables().into_iter().flat_map(|table| table.changes());
    fixed
        .into_iter()
        .flatten()
        .copied()
        .chain(sized)
        .chain(seen)
        .chain(sealed)
        .chain(tables)
        .collect()
}

fn internal() -> Vec<(&'static str, &'static InternalChange)> {
    let fixed = [
        crate::access_changes::INTERNAL,
        crate::audit::INTERNAL,
        crate::audit_chain::INTERNAL,
        crate::audit_writers::INTERNAL,
        crate::dialect::INTERNAL,
        crate::email_codes::INTERNAL,
        crate::health::INTERNAL,
        crate::idempotency::INTERNAL,
        crate::jobs::INTERNAL,
        crate::leases::INTERNAL,
        crate::master_key_check::INTERNAL,
        crate::one_time_tokens::INTERNAL,
        crate::outbox::INTERNAL,
        crate::security_events::INTERNAL,
        crate::tries::INTERNAL,
    ];
    fixed.into_iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};
    use uuid::Uuid;

    /// The files that may construct statements: the macros, those that compose statements of fixed fragments, and this
    /// one, whose tests construct none of their own.
    const CONSTRUCTING_FILES: [&str; 4] = [
        "macros.rs",
        "list.rs",
        "sized_statements.rs",
        "rows/statements.rs",
    ];

    #[test]
    fn every_statement_is_listed_for_the_test() {
        let source = include_str!("statements.rs");
        let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = sources(&root);
        assert!(files.len() > 20, "the sources were not found");
        for path in files {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            for constructor in ["sql!", "Sql::owned", "Sql::new", "Sql::spelled"] {
                let allowed = CONSTRUCTING_FILES.contains(&name) || !text.contains(constructor);
                assert!(allowed, "{name} makes a statement: {constructor}");
            }
            for declaration in text.split("\nimpl Table for ").skip(1) {
                let table = declaration.split([' ', '{']).next().unwrap();
                let listed = source.contains(&format!("table::<{table}>()"));
                assert!(listed, "statements.rs leaves out the table of {table}");
            }
            let module = name.trim_end_matches(".rs");
            for (declared, list) in [
                ("statements", "ALL"),
                ("changes", "CHANGES"),
                ("internal_changes", "INTERNAL"),
            ] {
                let complete = !text.contains(&format!("\n{declared}! {{"))
                    || source.contains(&format!("crate::{module}::{list},"));
                assert!(complete, "statements.rs leaves out {module}::{list}");
            }
            let composed = text.matches(": List =").count() + text.matches(": SizedStatements<").count();
            assert_eq!(
                composed,
                source.matches(&format!("&crate::{module}::")).count(),
                "statements.rs leaves out a list or family of {module}"
            );
        }
    }

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths
            .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
            .collect()
    }

    #[test]
    fn each_change_is_opened_by_its_own_actions_for_its_own_row_and_by_nothing_else() {
        let actions = every_action();
        let rows = [0, 1, 2].map(Uuid::from_u128);
        for (name, change) in changes() {
            let (
                _,
                Effect::Changes {
                    actions: served,
                    bulk,
                    ..
                },
            ) = change.declaration()
            else {
                panic!("{name} is a guarded change");
            };
            for action in &actions {
                for (permitted, row) in rows.iter().flat_map(|a| rows.map(|b| (*a, b))) {
                    let opens = served.contains(action) && (bulk || permitted == row);
                    assert_eq!(
                        change.admits(SystemCaller::WORKER, *action, [permitted, row]),
                        opens,
                        "{name}: {action:?}"
                    );
                }
            }
        }
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "asks the developer who runs the tests, not the configuration, and renews a file of the repository"
    )]
    fn the_changes_are_the_reviewed_ones() {
        let mut page = "# Every statement that changes rows: the table, and the actions on which resource open it.\n\
                        # A permit is for one action on one row; \"every row\" is a permit of Mainstay itself for all \
                        rows.\n# Without a permit: the tables of Mainstay's own, as `InternalTable` says why.\n"
            .to_owned();
        for statement in all() {
            let name = statement.name.trim_start_matches("mainstay_repositories::");
            let line = match statement.effect {
                Effect::Reads => continue,
                Effect::Changes {
                    table,
                    resource,
                    actions,
                    bulk,
                } => {
                    let actions: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
                    let rows = if bulk { ", every row" } else { "" };
                    format!("{name}: {table} | {resource}: {}{rows}\n", actions.join(", "))
                }
                Effect::ChangesInternal(table) => format!("{name}: {} | without a permit\n", table.name()),
            };
            if !page.ends_with(&line) {
                page.push_str(&line);
            }
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/changes.txt");
        if std::env::var_os("UPDATE_CONTRACTS").is_some() {
            fs::write(&path, &page).unwrap();
        }
        assert_eq!(
            page,
            fs::read_to_string(&path).unwrap_or_default(),
            "If the change is meant, renew it by `UPDATE_CONTRACTS=1 cargo test -p mainstay-repositories --lib`"
        );
    }

    /// The actions that any change serves, and one that none does.
    fn every_action() -> Vec<Action> {
        let declared = changes()
            .into_iter()
            .flat_map(|(_, change)| match change.declaration() {
                (_, Effect::Changes { actions, .. }) => actions.iter().copied(),
                _ => [].iter().copied(),
            });
        let mut all: Vec<Action> = declared.chain([Action::new("teleport")]).collect();
        all.sort_unstable_by_key(|action| action.as_str());
        all.dedup();
        all
    }
}
