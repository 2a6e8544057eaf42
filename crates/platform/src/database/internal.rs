//! What is written without a permit: tables of Mainstay's own.

use super::classify::writes_only;
use super::sql::Sql;
use super::statement::Authorized;

/// A table of Mainstay's own, with the reason why a write to it needs no permit. The list is closed: a table of a
/// resource that callers act on is never in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InternalTable {
    /// Jobs: a use case that has permits of its own enqueues them, workers claim them, and the lease authorises what a
    /// worker writes. What an administrator does to a job needs a permit all the same.
    Jobs,
    /// Events for subscribers: made of a permit by the function that runs use cases; the relay marks them.
    Outbox,
    /// The position of the last relayed event, which the relay moves.
    OutboxPositions,
    /// Stored results: the caller is part of the key, so each reaches only their own.
    IdempotencyKeys,
    /// The audit trail: made of a permit by the function that runs use cases; the sealer links the entries.
    AuditEntries,
    /// The end of the audit chain, which the sealer moves.
    AuditHead,
    /// How many entries each process has written.
    AuditWriters,
    /// Denied attempts, made by callers who had no permit.
    SecurityEvents,
    /// The counter of access changes.
    Counters,
    /// Links that work once: the secret authorises, before there is a caller.
    OneTimeTokens,
    /// Codes sent by mail: the code authorises, before there is a caller.
    EmailCodes,
    /// Codes sent by mail to prove again who the user of a session is: the code authorises.
    StepUpCodes,
    /// Tries at passwords and codes: counted before there is a caller.
    Tries,
    /// The value that every start has to open, stored before there is a caller.
    MasterKeyCheck,
    /// The attempts to make the archive of an export: a job makes it, for an export that its owner had a permit for.
    DataExportBuilds,
    /// The archives in pieces, written by the same job.
    DataExportChunks,
    /// One row without meaning, which shows whether the storage accepts writes.
    WriteProbe,
}

impl InternalTable {
    /// The table's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Outbox => "outbox",
            Self::OutboxPositions => "outbox_positions",
            Self::IdempotencyKeys => "idempotency_keys",
            Self::AuditEntries => "audit_entries",
            Self::AuditHead => "audit_head",
            Self::AuditWriters => "audit_writers",
            Self::SecurityEvents => "security_events",
            Self::Counters => "counters",
            Self::OneTimeTokens => "one_time_tokens",
            Self::EmailCodes => "email_codes",
            Self::StepUpCodes => "step_up_codes",
            Self::Tries => "tries",
            Self::MasterKeyCheck => "master_key_check",
            Self::DataExportBuilds => "data_export_builds",
            Self::DataExportChunks => "data_export_chunks",
            Self::WriteProbe => "write_probe",
        }
    }
}

/// A statement that changes a table of Mainstay's own, which no caller acts on, so it needs no permit. The tables are a
/// closed list, which contains none of a resource that callers act on:
///
/// ```compile_fail,E0080
/// use mainstay_platform::database::{InternalChange, InternalTable};
/// use mainstay_platform::sql;
/// const STEAL: InternalChange = InternalChange::new(InternalTable::Outbox, sql!("UPDATE products SET stock = 0"));
/// ```
///
/// ```compile_fail,E0599
/// use mainstay_platform::database::{InternalChange, InternalTable};
/// use mainstay_platform::sql;
/// const STEAL: InternalChange = InternalChange::new(InternalTable::Products, sql!("UPDATE products SET stock = 0"));
/// ```
#[derive(Debug, Clone)]
pub struct InternalChange {
    sql: Sql,
    table: InternalTable,
}

impl InternalChange {
    /// A statement that changes rows of one of the tables.
    ///
    /// # Panics
    /// If the text writes another table or none; where the statement is a constant, it does not compile.
    #[must_use]
    pub const fn new(table: InternalTable, sql: Sql) -> Self {
        let [postgres, sqlite] = sql.texts();
        assert!(
            writes_only(postgres, table.name()) && writes_only(sqlite, table.name()),
            "an internal change writes the table that it declares, and no other"
        );
        Self { sql, table }
    }

    /// The text.
    #[must_use]
    pub const fn sql(&self) -> &Sql {
        &self.sql
    }

    /// The table that it writes.
    #[must_use]
    pub const fn table(&self) -> InternalTable {
        self.table
    }

    /// The statement, exempt from permits.
    pub const fn exempt(&self) -> Authorized<'_> {
        Authorized(&self.sql)
    }
}
