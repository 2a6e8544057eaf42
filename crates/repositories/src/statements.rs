//! Every statement there is, for the test that has both engines prepare each.

use mainstay_platform::database::Sql;

/// Name and statement, those of composed lists in every combination.
pub fn all() -> Vec<(&'static str, Sql)> {
    let fixed = [
        crate::audit::ALL,
        crate::credentials::ALL,
        crate::dialect::ALL,
        crate::health::ALL,
        crate::idempotency::ALL,
        crate::jobs::ALL,
        crate::leases::ALL,
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
    let families = [&crate::order_items::ITEMS_OF, &crate::order_items::INSERT_ITEMS];
    let fixed = fixed
        .into_iter()
        .flatten()
        .map(|(name, sql)| (*name, (*sql).clone()));
    fixed
        .chain(lists.into_iter().flat_map(|list| list.all()))
        .chain(families.into_iter().flat_map(|family| family.all()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// The files that may make a statement by hand: the macro itself, and what composes of fixed fragments.
    const MAKERS: [&str; 3] = ["macros.rs", "list.rs", "family.rs"];

    #[test]
    fn no_statement_is_made_where_the_test_does_not_see_it() {
        let listed: BTreeSet<String> = super::all()
            .iter()
            .filter_map(|(name, _)| Some(name.split("::").nth(1)?.to_owned()))
            .collect();
        let mut files = 0;
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            for maker in ["sql!", "Sql::owned", "Sql::new", "Sql::spelled"] {
                assert!(
                    MAKERS.contains(&name.as_str()) || !text.contains(maker),
                    "{name} makes a statement: {maker}"
                );
            }
            let noun = name.trim_end_matches(".rs");
            if text.contains("\nstatements! {") {
                files += 1;
                assert!(listed.contains(noun), "statements::all() leaves out {noun}");
            }
            let composed = text.matches(": List =").count() + text.matches(": Family =").count();
            assert_eq!(
                composed,
                named_here(noun),
                "statements::all() leaves out a list or family of {noun}"
            );
        }
        assert!(files > 10, "the sources were not found");
    }

    fn named_here(noun: &str) -> usize {
        let source = include_str!("statements.rs")
            .split("#[cfg(test)]")
            .next()
            .unwrap();
        source.matches(&format!("&crate::{noun}::")).count()
    }
}
