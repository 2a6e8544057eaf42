//! Prints the effective configuration as a table or as JSON.

use super::sources::Effective;
use std::fmt::Write as _;

/// A table of key, variable, value and origin, one setting a line; the values have their secrets masked already.
pub fn as_table(settings: &[Effective]) -> String {
    const HEAD: [&str; 4] = ["KEY", "VARIABLE", "VALUE", "FROM"];
    let origins: Vec<String> = settings
        .iter()
        .map(|setting| setting.origin.to_string())
        .collect();
    let rows = settings.iter().zip(&origins).map(|(setting, origin)| {
        [
            &*setting.key,
            &*setting.env,
            if setting.value.is_empty() {
                "-"
            } else {
                &setting.value
            },
            origin.as_str(),
        ]
    });
    let rows: Vec<[&str; 4]> = std::iter::once(HEAD).chain(rows).collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let (key, env, value) = (width(0), width(1), width(2));
    let mut table = String::new();
    for [k, e, v, origin] in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{k:key$}  {e:env$}  {v:value$}  {origin}");
    }
    table
}

/// A JSON array of `{key, env, value, origin, meaning}`; the values have their secrets masked already.
pub fn as_json(settings: &[Effective]) -> String {
    serde_json::to_string_pretty(settings).expect("texts alone always serialise")
}
