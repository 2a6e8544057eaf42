//! Unique constraint violations, reported the same way for both engines.

use std::fmt;

/// A violated unique constraint or primary key.
///
/// SQLite reports table and columns, or the index's name where it is on an expression; PostgreSQL reports table,
/// constraint and columns. On PostgreSQL a constraint is expected to have its default name, `table_column_key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    table: Option<String>,
    columns: Vec<String>,
    constraint: Option<String>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let constraint = self.constraint.as_deref().unwrap_or("unique");
        let table = self.table.as_deref().unwrap_or("?");
        write!(
            f,
            "exists already: {table}.{} ({constraint})",
            self.columns.join(",")
        )
    }
}

impl Conflict {
    /// From SQLite's message: `UNIQUE constraint failed: users.tenant, users.email` or `... failed: index 'name'`.
    pub(crate) fn from_sqlite(message: &str) -> Self {
        let what = message.split_once("failed: ").map_or(message, |(_, what)| what);
        if let Some(name) = what
            .strip_prefix("index '")
            .and_then(|name| name.strip_suffix('\''))
        {
            return Self {
                table: None,
                columns: Vec::new(),
                constraint: Some(name.to_owned()),
            };
        }
        let mut table = None;
        let mut columns = Vec::new();
        for name in what.split(", ") {
            if let Some((owner, column)) = name.split_once('.') {
                table.get_or_insert_with(|| owner.to_owned());
                columns.push(column.to_owned());
            }
        }
        Self {
            table,
            columns,
            constraint: None,
        }
    }

    /// From PostgreSQL's fields; `detail` is `Key (tenant, email)=(...) already exists.` in the server's language.
    pub(crate) fn from_postgres(table: Option<&str>, constraint: Option<&str>, detail: Option<&str>) -> Self {
        let list = detail
            .and_then(|text| Some(text.split_once('(')?.1.split_once(")=(")?.0))
            .unwrap_or_default();
        let plain = list
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_, ".contains(&byte));
        let columns = if plain { list } else { "" }
            .split(", ")
            .filter(|name| !name.is_empty());
        Self {
            table: table.map(str::to_owned),
            columns: columns.map(str::to_owned).collect(),
            constraint: constraint.map(str::to_owned),
        }
    }

    /// Whether the conflict is on these columns of this table; several are given as `"tenant,email"`.
    ///
    /// A unique index over an expression, such as `lower(email)`, matches the columns in its name: `users_email_key`
    /// matches `on("users", "email")`.
    #[must_use]
    pub fn on(&self, table: &str, columns: &str) -> bool {
        let wanted = || columns.split(',').map(str::trim);
        let by_columns = self.table.as_deref() == Some(table)
            && !self.columns.is_empty()
            && wanted().eq(self.columns.iter().map(String::as_str));
        by_columns || self.names(&format!("{table}_{}_key", wanted().collect::<Vec<_>>().join("_")))
    }

    /// Whether the engine named this constraint or index. SQLite names only indexes over expressions.
    #[must_use]
    pub fn names(&self, constraint: &str) -> bool {
        self.constraint.as_deref() == Some(constraint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_names_columns_or_an_index() {
        let pair = Conflict::from_sqlite("UNIQUE constraint failed: users.tenant, users.email");
        assert!(pair.on("users", "tenant,email") && pair.on("users", "tenant, email"));
        assert!(!pair.on("users", "email") && !pair.on("orders", "tenant,email"));
        let index = Conflict::from_sqlite("UNIQUE constraint failed: index 'users_email_key'");
        assert!(index.on("users", "email") && index.names("users_email_key") && !index.on("users", "name"));
    }

    #[test]
    fn postgres_names_table_constraint_and_columns() {
        let detail = Some("Schlüssel »(tenant, email)=(1, a@b)« existiert bereits.");
        let pair = Conflict::from_postgres(Some("users"), Some("any_name"), detail);
        assert!(pair.on("users", "tenant,email") && !pair.on("users", "email"));
        let expression = Conflict::from_postgres(
            Some("users"),
            Some("users_email_key"),
            Some("Key (lower(email))=(a)"),
        );
        assert!(expression.on("users", "email"));
        let silent = Conflict::from_postgres(Some("users"), Some("users_email_key"), None);
        assert!(silent.on("users", "email") && !silent.on("users", "name"));
    }
}
