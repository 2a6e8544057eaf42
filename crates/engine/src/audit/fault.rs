//! The findings of an audit verification.

use mainstay_domain::id::AuditWriterId;
use serde::Serialize;
use std::fmt;

/// The chain differs from what was sealed, so it must not be sealed again: that would hide the change.
#[derive(Debug, thiserror::Error)]
#[error(
    "the audit chain is not extended: {0}. Entries are kept and wait. Look into it with `mainstay audit verify`; when the \
     cause is known, `mainstay audit accept --reason TEXT`, with this DATA_DIR, records that and lets the chain go on"
)]
pub(super) struct Broken(pub(super) ChainFault);

/// One finding: what is wrong with the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum ChainFault {
    /// An entry differs from what was linked.
    Edited {
        /// Its place in the chain.
        seq: i64,
        /// The entry's id.
        id: String,
    },
    /// An entry is gone.
    Removed {
        /// Its place in the chain.
        seq: i64,
    },
    /// The newest entries are gone.
    CutOff {
        /// The place that the sealed head names.
        sealed: i64,
        /// The last place there is.
        found: i64,
    },
    /// The head is missing, was not sealed by Mainstay, or does not match the last entry.
    Head {
        /// The last place there is.
        found: i64,
    },
    /// The anchor beside the database was not sealed by Mainstay, or cannot be read.
    Anchor,
    /// There is a chain, but no anchor beside the database to compare it with.
    AnchorMissing,
    /// An entry was not written by Mainstay, was changed since, or repeats an earlier number.
    Forged {
        /// The entry's id.
        id: String,
    },
    /// Entries were removed before they were linked.
    Missing {
        /// The writer that numbered them.
        writer: AuditWriterId,
        /// The first missing number.
        from: i64,
        /// The last missing number.
        to: i64,
    },
    /// The record of a writer is missing, is not as Mainstay wrote it, or is an earlier version.
    Writer {
        /// The writer of the record.
        writer: AuditWriterId,
    },
    /// Waiting entries that cannot be put in any order.
    Unordered {
        /// The number of such entries.
        count: i64,
    },
    /// The entries differ from those that an administrator accepted.
    Accepted {
        /// The place up to which they were accepted.
        seq: i64,
    },
    /// The chain does not contain the head that the verification was given.
    Witness {
        /// The head's place in the chain.
        seq: i64,
    },
}

impl ChainFault {
    /// The writer that the finding is about, when its entries are missing or its record is invalid.
    pub(super) fn missing_of(&self) -> Option<AuditWriterId> {
        match self {
            Self::Missing { writer, .. } | Self::Writer { writer } => Some(*writer),
            _ => None,
        }
    }
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { seq, id } => write!(f, "entry {seq} ({id}) was edited"),
            Self::Removed { seq } => write!(f, "entry {seq} was removed"),
            Self::CutOff { sealed, found } => write!(
                f,
                "the chain was cut off: {sealed} entries were sealed, {found} are there"
            ),
            Self::Head { found } => write!(
                f,
                "the head of the chain does not belong to its last entry ({found})"
            ),
            Self::Anchor => f.write_str(
                "the head that is kept beside the database (audit.anchor in DATA_DIR) was not sealed by us, \
                 or is no regular file",
            ),
            Self::AnchorMissing => f.write_str(
                "no head is kept beside the database (audit.anchor in DATA_DIR), so nothing shows that the database \
                 was not put back to an earlier state",
            ),
            Self::Forged { id } => write!(
                f,
                "the entry {id} is not as Mainstay wrote it, or Mainstay never wrote it"
            ),
            Self::Missing { writer, from, to } if from == to => {
                write!(f, "entry {from} of writer {writer} was removed before it was linked")
            }
            Self::Missing { writer, from, to } => write!(
                f,
                "entries {from} to {to} of writer {writer} were removed before they were linked"
            ),
            Self::Writer { writer } => write!(
                f,
                "the record of writer {writer} in audit_writers is gone, changed or an earlier one"
            ),
            Self::Unordered { count } => write!(f, "{count} waiting entries have no writer that can be read"),
            Self::Accepted { seq } => write!(
                f,
                "the entries up to {seq} are not what was accepted"
            ),
            Self::Witness { seq } => {
                write!(f, "the chain does not hold the given head at {seq}: it was put back or linked anew")
            }
        }
    }
}
