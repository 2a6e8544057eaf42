//! SQL is only in the repositories, and in the database API for its own purposes.

use super::code;
use super::violation::Violation;
use crate::project::Text;

const ALLOWED_PATHS: &[&str] = &[
    "crates/repositories",
    "crates/platform/src/database",
    "crates/platform/tests",
    // For tests, which prepare and check the database directly.
    "crates/testkit/src",
];

/// The beginning of a statement if a space follows: `"UPDATE"` alone is an audit action.
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

/// Finds strings that begin like a statement. Tests are exempt: they execute SQL directly to check the database.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for text in texts
        .iter()
        .filter(|text| text.is("rs") && !text.is_test() && !text.is_in(ALLOWED_PATHS))
    {
        for (line, literal) in code::split(&text.body).literals {
            let begins = literal.trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
            let is_sql = |words: &&&str| {
                begins
                    .strip_prefix(**words)
                    .is_some_and(|rest| rest.starts_with([' ', '\n']))
            };
            if let Some(beginning) = BEGINNINGS.iter().find(is_sql) {
                violations.push(Violation::at(
                    &text.path,
                    line,
                    format!("SQL outside the repositories: `{beginning} …`"),
                    "add a function to the repository of the noun",
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    const QUERY: &str = concat!("let q = \"", "SELECT", " id FROM orders\";");

    fn violations(path: &str, body: &str) -> usize {
        check(&[text(path, body)]).len()
    }

    #[test]
    fn sql_is_allowed_only_in_the_repositories() {
        assert_eq!(violations("crates/repositories/src/order.rs", QUERY), 0);
        assert_eq!(violations("crates/platform/src/database/migrations.rs", QUERY), 0);
        assert_eq!(violations("crates/services/src/order.rs", QUERY), 1);
        assert_eq!(violations("crates/platform/src/cache.rs", QUERY), 1);
    }

    #[test]
    fn an_audit_action_or_a_sentence_is_not_sql() {
        let body = "let a = \"UPDATE\"; let b = \"Select a role\"; // \"SELECT 1\"";
        assert_eq!(violations("crates/services/src/audit.rs", body), 0);
    }

    #[test]
    fn a_statement_may_begin_on_the_next_line_or_be_raw() {
        let body = format!("f(r#\"\n   {} INTO a\"#)", "INSERT");
        assert_eq!(violations("crates/services/src/audit.rs", &body), 1);
    }
}
