//! SQL is written in the repositories, and by the database seam for its own needs; nowhere else.

use super::code;
use super::fault::Fault;
use crate::project::Text;

const HOMES: &[&str] = &[
    "crates/repositories",
    "crates/platform/src/database",
    "crates/platform/tests",
];

/// How a statement begins, if a space follows: `"UPDATE"` alone is an audit action.
const BEGINNINGS: [&str; 8] = [
    "SELECT",
    "INSERT INTO",
    "UPDATE",
    "DELETE FROM",
    "CREATE TABLE",
    "ALTER TABLE",
    "DROP TABLE",
    "TRUNCATE",
];

/// Finds strings that begin like a statement. Tests may look behind the curtain, to tamper with what must be noticed.
pub(crate) fn check(texts: &[Text]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for text in texts
        .iter()
        .filter(|text| text.is("rs") && !text.is_test() && !text.is_in(HOMES))
    {
        for (line, literal) in code::split(&text.body).literals {
            let begins = literal.trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
            let is_sql = |words: &&&str| {
                begins
                    .strip_prefix(**words)
                    .is_some_and(|rest| rest.starts_with([' ', '\n']))
            };
            if let Some(beginning) = BEGINNINGS.iter().find(is_sql) {
                faults.push(Fault::at(
                    &text.path,
                    line,
                    format!("SQL outside the repositories: `{beginning} …`"),
                    "give the repository of the noun a function that says what you need",
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    const QUERY: &str = concat!("let q = \"", "SELECT", " id FROM orders\";");

    fn faults(path: &str, body: &str) -> usize {
        check(&[text(path, body)]).len()
    }

    #[test]
    fn sql_lives_in_the_repositories() {
        assert_eq!(faults("crates/repositories/src/order.rs", QUERY), 0);
        assert_eq!(faults("crates/platform/src/database/migrations.rs", QUERY), 0);
        assert_eq!(faults("crates/services/src/order.rs", QUERY), 1);
        assert_eq!(faults("crates/platform/src/cache.rs", QUERY), 1);
    }

    #[test]
    fn an_audit_action_or_a_sentence_is_not_sql() {
        let body = "let a = \"UPDATE\"; let b = \"Select a role\"; // \"SELECT 1\"";
        assert_eq!(faults("crates/services/src/audit.rs", body), 0);
    }

    #[test]
    fn a_statement_may_begin_on_the_next_line_or_be_raw() {
        let body = format!("f(r#\"\n   {} INTO a\"#)", "INSERT");
        assert_eq!(faults("crates/services/src/audit.rs", &body), 1);
    }
}
