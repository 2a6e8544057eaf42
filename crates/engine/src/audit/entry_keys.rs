//! Authenticates audit entries in the transaction that writes them, and verifies them later.
//!
//! The MAC covers what the use case meant to write, so it exposes a trigger in the database that changes a value on
//! insert as well as a row that was planted or changed afterwards.

use mainstay_domain::audit::StoredEntry;
use mainstay_domain::audit::{AuditEntry, AuthenticatedEntry, WriterEnd};
use mainstay_domain::id::AuditWriterId;
use mainstay_domain::time::Timestamp;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::crypto::{hmac_sha256, same};
use mainstay_repositories::EntryMac;
use zeroize::Zeroizing;

/// Keys derived from the master keys, the current one first. Derived once: the pipeline uses them for every entry.
pub(crate) struct EntryKeys {
    entries: Vec<Zeroizing<[u8; 32]>>,
    writers: Vec<Zeroizing<[u8; 32]>>,
}

impl EntryKeys {
    pub(crate) fn new(sealer: &Sealer) -> Self {
        Self {
            entries: sealer.derive_all("audit-entry"),
            writers: sealer.derive_all("audit-writer"),
        }
    }

    /// Authenticates an entry as the `number`th of a writer.
    pub(crate) fn authenticate(
        &self,
        entry: AuditEntry,
        writer: AuditWriterId,
        number: i64,
    ) -> AuthenticatedEntry {
        let bytes = entry_bytes(writer, number, &entry.canonical());
        AuthenticatedEntry {
            mac: hmac_sha256(&*self.entries[0], &bytes).to_vec(),
            entry,
            writer,
            number,
        }
    }

    /// Whether a process with the master key wrote this entry under this writer and number.
    pub(crate) fn vouches_for(&self, entry: &StoredEntry, mac: &EntryMac) -> bool {
        let bytes = entry_bytes(mac.writer(), mac.number, &entry.canonical());
        matches(&self.entries, &bytes, &mac.mac)
    }

    /// Authenticates the number of entries that a writer has written.
    pub(crate) fn end(&self, writer: AuditWriterId, number: i64, at: Timestamp, is_new: bool) -> WriterEnd {
        let bytes = end_bytes(writer, number, at);
        WriterEnd {
            writer,
            number,
            at,
            mac: hmac_sha256(&*self.writers[0], &bytes).to_vec(),
            is_new,
        }
    }

    /// Whether the record of a writer is as a process with the master key wrote it.
    pub(crate) fn vouches_for_end(&self, end: &WriterEnd) -> bool {
        let bytes = end_bytes(end.writer, end.number, end.at);
        matches(&self.writers, &bytes, &end.mac)
    }
}

fn matches(keys: &[Zeroizing<[u8; 32]>], bytes: &[u8], mac: &[u8]) -> bool {
    keys.iter().any(|key| same(&hmac_sha256(&**key, bytes), mac))
}

fn entry_bytes(writer: AuditWriterId, number: i64, canonical: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24 + canonical.len());
    bytes.extend_from_slice(writer.uuid().as_bytes());
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(canonical);
    bytes
}

fn end_bytes(writer: AuditWriterId, number: i64, at: Timestamp) -> Vec<u8> {
    let mut bytes = writer.uuid().as_bytes().to_vec();
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(&at.micros().to_be_bytes());
    bytes
}
