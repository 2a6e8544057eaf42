//! All statements, for the test that prepares each on both engines.

use mainstay_platform::database::Sql;

/// Names and statements, including every combination of the composed lists.
pub fn all() -> Vec<(&'static str, Sql)> {
    let fixed = [
        crate::access_changes::ALL,
        crate::audit::ALL,
        crate::audit_acceptances::ALL,
        crate::audit_chain::ALL,
        crate::audit_writers::ALL,
        crate::credentials::ALL,
        crate::dialect::ALL,
        crate::health::ALL,
        crate::idempotency::ALL,
        crate::jobs::ALL,
        crate::leases::ALL,
        crate::master_key_check::ALL,
        crate::one_time_tokens::ALL,
        crate::orders::ALL,
        crate::outbox::ALL,
        crate::payments::ALL,
        crate::products::ALL,
        crate::roles::ALL,
        crate::security_events::ALL,
        crate::sessions::ALL,
        crate::signing_keys::ALL,
        crate::stock::ALL,
        crate::user_access::ALL,
        crate::users::ALL,
    ];
    let lists = [
        &crate::audit::LIST,
        &crate::jobs::LIST,
        &crate::orders::LIST,
        &crate::products::LIST,
        &crate::security_events::LIST,
        &crate::users::LIST,
    ];
    let families = [
        &crate::order_items::ITEMS_OF,
        &crate::order_items::INSERT_ITEMS,
        &crate::user_access::GRANTS_OF,
    ];
    let fixed = fixed
        .into_iter()
        .flatten()
        .map(|(name, sql)| (*name, (*sql).clone()));
    fixed
        .chain(lists.into_iter().flat_map(|list| list.all()))
        .chain(
            families
                .into_iter()
                .flat_map(|sized_statements| sized_statements.all()),
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// The files that may construct statements: the macro itself, and those that compose statements of fixed
    /// fragments.
    const CONSTRUCTING_FILES: [&str; 3] = ["macros.rs", "list.rs", "sized_statements.rs"];

    #[test]
    fn every_statement_is_listed_for_the_test() {
        let module_of = |name: &str| name.split("::").nth(1).map(str::to_owned);
        let listed: BTreeSet<String> = super::all()
            .iter()
            .filter_map(|(name, _)| module_of(name))
            .collect();
        let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        assert!(files.len() > 20, "the sources were not found");
        for path in files {
            let name = path.file_name().unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            for constructor in ["sql!", "Sql::owned", "Sql::new", "Sql::spelled"] {
                let allowed = CONSTRUCTING_FILES.contains(&name) || !text.contains(constructor);
                assert!(allowed, "{name} makes a statement: {constructor}");
            }
            let module = name.trim_end_matches(".rs");
            let complete = !text.contains("\nstatements! {") || listed.contains(module);
            assert!(complete, "statements::all() leaves out {module}");
            let composed = text.matches(": List =").count() + text.matches(": SizedStatements =").count();
            assert_eq!(
                composed,
                listed_above(module),
                "statements::all() leaves out a list or family of {module}"
            );
        }
    }

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths
            .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
            .collect()
    }

    /// The number of lists and families of a module that are listed above.
    fn listed_above(module: &str) -> usize {
        let source = include_str!("statements.rs")
            .split("#[cfg(test)]")
            .next()
            .unwrap();
        source.matches(&format!("&crate::{module}::")).count()
    }
}
