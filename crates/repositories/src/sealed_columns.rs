//! The columns that hold values sealed under the master key, and how to seal them again under another.
//!
//! Each sealed value begins with the id of its key, so the database finds those of another key, and an interrupted run
//! continues where it stopped. A test compares the columns of the schema with this list, so that none is forgotten.

use mainstay_domain::Result;
use mainstay_domain::access::BulkPermit;
use mainstay_domain::master_key::MasterKey;
use mainstay_platform::crypto::seal::PREFIX_LEN;
use mainstay_platform::crypto::signing_key;
use mainstay_platform::database::{BulkChange, DatabaseError, FromRow, Param, Row, Select, Tx};
use std::fmt;
use uuid::Uuid;

/// What the sealed seeds of sessions are bound to, besides their session's id.
pub const SESSION_SEED: &str = "session-seed";

/// What the sealed secrets of authenticator apps are bound to, besides their account's id.
pub const TOTP_SECRET: &str = "totp";

/// What the sealed codes of mails are bound to, besides their account's id.
pub const EMAIL_CODE: &str = "email-code";

/// What the sealed codes of step-ups are bound to, besides their session's id.
pub const STEP_UP_CODE: &str = "step-up-code";

/// What the sealed refresh tokens of identity providers are bound to, besides their identity's id.
pub const IDENTITY_REFRESH_TOKEN: &str = "identity-refresh-token";

/// What the sealed secrets of webhook endpoints are bound to, besides their endpoint's id.
pub const WEBHOOK_SECRET: &str = "webhook-secret";

/// A column of sealed values, in a table whose rows have a UUID as their key.
pub struct SealedColumn {
    name: &'static str,
    /// The name of its statements, for the list of all.
    pub(crate) statement: &'static str,
    context: &'static str,
    is_bound_to_id: bool,
    pub(crate) others: Select,
    pub(crate) reseal: BulkChange<MasterKey>,
}

/// `sealed!("table", "column", context)` is bound to the row's key, `sealed!("table", "column", context, "kid")` to a
/// text. The key is `id`, or the column that follows `key`.
macro_rules! sealed {
    ($table:literal, $column:literal, $context:expr) => {
        sealed!(@new $table, "id", $column, $context, "NULL", true)
    };
    ($table:literal, key $key:literal, $column:literal, $context:expr) => {
        sealed!(@new $table, $key, $column, $context, "NULL", true)
    };
    ($table:literal, $column:literal, $context:expr, $row:literal) => {
        sealed!(@new $table, "id", $column, $context, $row, false)
    };
    (@new $table:literal, $key:literal, $column:literal, $context:expr, $row:literal, $is_bound_to_id:literal) => {
        SealedColumn {
            name: concat!($table, ".", $column),
            statement: concat!("mainstay_repositories::sealed_columns::", $table, ".", $column),
            context: $context,
            is_bound_to_id: $is_bound_to_id,
            others: Select::new(mainstay_platform::sql!(concat!(
                "SELECT ", $key, ", ", $row, ", ", $column, " FROM ", $table,
                " WHERE substr(", $column, ", 1, 5) <> $1 AND ", $key, " > $2 ORDER BY ", $key, " LIMIT $3"
            ))),
            reseal: BulkChange::new(
                $table,
                &[MasterKey::RESEAL],
                mainstay_platform::sql!(concat!(
                    "UPDATE ", $table, " SET ", $column, " = $3 WHERE ", $key, " = $1 AND ", $column, " = $2"
                )),
            ),
        }
    };
}

/// Every sealed column.
pub static SEALED_COLUMNS: &[SealedColumn] = &[
    sealed!("sessions", "seed", SESSION_SEED),
    sealed!("signing_keys", "sealed", signing_key::CONTEXT, "kid"),
    sealed!("totp_factors", key "user_id", "sealed", TOTP_SECRET),
    sealed!("email_codes", key "user_id", "sealed", EMAIL_CODE),
    sealed!("step_up_codes", key "session_id", "sealed", STEP_UP_CODE),
    sealed!("webhook_secrets", key "endpoint_id", "secret", WEBHOOK_SECRET),
    sealed!("webhook_secrets", key "endpoint_id", "former", WEBHOOK_SECRET),
    sealed!("identity_tokens", key "identity_id", "refresh_token", IDENTITY_REFRESH_TOKEN),
];

/// A sealed value with what it is bound to.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// The id of its row.
    pub id: Uuid,
    /// The bytes that it is bound to, besides the context of its column.
    pub row: Vec<u8>,
    /// The value, under whatever key.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedValue({})", self.id)
    }
}

struct SealedRow(Uuid, Option<String>, Vec<u8>);

impl FromRow for SealedRow {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(row.next()?, row.next()?, row.next()?))
    }
}

impl SealedColumn {
    /// `table.column`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The purpose that its values are bound to.
    pub fn context(&self) -> &'static str {
        self.context
    }

    /// Values that are not under the key whose sealed values begin with `prefix`, in the order of their ids.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn others(
        &self,
        tx: &mut Tx,
        _: &BulkPermit<MasterKey>,
        prefix: &[u8; PREFIX_LEN],
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<SealedValue>> {
        let prefix = prefix.as_slice();
        let rows: Vec<SealedRow> = tx.all(&self.others, &[&prefix, &after, &limit]).await?;
        let value = |SealedRow(id, text, sealed)| SealedValue {
            row: match text {
                Some(text) if !self.is_bound_to_id => text.into_bytes(),
                _ => id.as_bytes().to_vec(),
            },
            id,
            sealed,
        };
        Ok(rows.into_iter().map(value).collect())
    }

    /// Replaces a value, unless it was changed or removed since it was read.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn replace(
        &self,
        tx: &mut Tx,
        permit: &BulkPermit<MasterKey>,
        old: &SealedValue,
        new: &[u8],
    ) -> Result<bool> {
        let (reseal, sealed) = (self.reseal.authorize(permit)?, old.sealed.as_slice());
        let values: [&dyn Param; 3] = [&old.id, &sealed, &new];
        Ok(tx.execute(reseal, &values).await? == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of bytes that are not sealed, and what they are instead.
    const NOT_SEALED: &[(&str, &str)] = &[
        ("api_keys.digest", "a hash"),
        ("audit_acceptances.hash", "a hash"),
        ("audit_acceptances.mac", "a MAC"),
        ("audit_entries.hash", "a hash"),
        ("audit_entries.mac", "a MAC"),
        ("audit_head.hash", "a hash"),
        ("audit_head.seal", "a MAC"),
        ("audit_head.writers", "a hash"),
        ("audit_writers.mac", "a MAC"),
        (
            "data_export_chunks.content",
            "the archive of an export, of what is stored in the clear beside it",
        ),
        ("devices.fingerprint", "a hash"),
        ("idempotency_keys.fingerprint", "a hash"),
        (
            "master_key_check.sealed",
            "sealed, and the last to be sealed again: see master_key_check",
        ),
        ("one_time_tokens.browser", "a hash"),
        ("one_time_tokens.digest", "a hash"),
        ("recovery_codes.digest", "a hash"),
        ("security_events.digest", "a hash"),
        ("signing_keys.public_key", "public"),
        ("tries.digest", "a hash"),
    ];

    /// `table.column` of every column of bytes in the migrations.
    fn columns_of_bytes() -> Vec<String> {
        let mut columns = Vec::new();
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let mut table = "";
            for line in text.lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                match words[..] {
                    ["CREATE", "TABLE", name, ..] => table = name,
                    ["ALTER", "TABLE", name, ..] => table = name,
                    _ => {}
                }
                if let Some(at) = words
                    .iter()
                    .position(|word| word.trim_end_matches(',') == "BYTEA")
                {
                    columns.push(format!("{table}.{}", words[at - 1]));
                }
            }
        }
        columns.sort();
        columns
    }

    #[test]
    fn every_column_of_bytes_is_sealed_again_or_is_not_sealed() {
        let sealed = SEALED_COLUMNS.iter().map(|column| column.name.to_owned());
        let others = NOT_SEALED.iter().map(|(name, _)| (*name).to_owned());
        let mut known: Vec<String> = sealed.chain(others).collect();
        known.sort();
        assert_eq!(
            columns_of_bytes(),
            known,
            "a new column of sealed values belongs into SEALED_COLUMNS, or `mainstay keys reseal` would lose it; any \
             other one into NOT_SEALED"
        );
    }
}
