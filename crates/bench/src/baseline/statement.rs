//! The product's own statements, found by name, so that a baseline cannot run others than the product.

use crate::error::BenchError;
use mainstay_platform::database::Sql;
use mainstay_repositories::statements::{self, Statement};

/// The statements of the product.
pub(super) struct Statements(Vec<Statement>);

impl Statements {
    /// All statements.
    pub(super) fn new() -> Self {
        Self(statements::all())
    }

    /// The only statement of this name.
    pub(super) fn named(&self, name: &str) -> Result<Sql, BenchError> {
        self.matching(name, |_| true)
    }

    /// The only statement of this name whose text fulfils the condition.
    pub(super) fn matching(&self, name: &str, condition: impl Fn(&str) -> bool) -> Result<Sql, BenchError> {
        let is_named = |found: &str| found.split_once("::").is_some_and(|(_, rest)| rest == name);
        let mut found = self
            .0
            .iter()
            .filter(|found| is_named(found.name) && condition(found.sql.postgres()));
        let first = found
            .next()
            .ok_or_else(|| BenchError::new(format!("the product has no such statement: {name}")))?;
        if found.any(|other| other.sql.postgres() != first.sql.postgres()) {
            return Err(BenchError::new(format!(
                "the product has more than one such statement: {name}"
            )));
        }
        Ok(first.sql.clone())
    }
}
