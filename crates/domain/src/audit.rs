//! The audit trail: who did what to which thing.

use crate::id::{AuditId, UserId};
use crate::time::Timestamp;
use serde::Serialize;

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// A person.
    User,
    /// Somebody's key.
    ApiKey,
    /// Mainstay itself, or nobody who signed in.
    System,
    /// Nobody we know: the entry was changed in the database.
    Unknown,
}

impl Actor {
    /// As stored and as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ApiKey => "apiKey",
            Self::System => "system",
            Self::Unknown => "unknown",
        }
    }

    /// The actor of a stored name; an entry has to be shown even if somebody wrote another name into it.
    pub fn stored(name: &str) -> Self {
        [Self::User, Self::ApiKey, Self::System]
            .into_iter()
            .find(|actor| actor.as_str() == name)
            .unwrap_or(Self::Unknown)
    }
}

/// One line of the audit trail. Written once, with the change it tells of, and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its name.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// On whose behalf.
    pub user_id: Option<UserId>,
    /// Who acted.
    pub actor: Actor,
    /// `CREATE`, `UPDATE`, `DELETE` or a verb.
    pub action: String,
    /// What kind of thing.
    pub resource: String,
    /// Which one.
    pub resource_id: String,
    /// The changed facts before, as JSON text.
    pub before: Option<String>,
    /// The changed facts after, as JSON text.
    pub after: Option<String>,
    /// From which address.
    pub ip: Option<String>,
    /// With which program; for the system, which part of it.
    pub user_agent: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
}

/// An entry as it lies in the database: a text, or the bytes in its place, for each fact, in the order of [`AuditEntry`].
/// It can be read whatever somebody made of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The facts; times are microseconds and identifiers hyphenated text.
    pub facts: [Option<Vec<u8>>; Self::FACTS],
}

impl StoredEntry {
    /// How many facts an entry has.
    pub const FACTS: usize = 12;
    /// The places of those that are identifiers: its own and the person's.
    pub const IDENTIFIERS: [usize; 2] = [0, 2];

    /// Its name, as far as it can be read.
    pub fn id(&self) -> String {
        let id = self.facts[0].as_deref().unwrap_or_default();
        String::from_utf8_lossy(id).into_owned()
    }

    /// The bytes that the chain's hash covers: every fact, each with its length before it, so that no
    /// two entries have the same bytes.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let mut put = |fact: Option<&[u8]>| match fact {
            None => out.push(0),
            Some(fact) => {
                out.push(1);
                out.extend_from_slice(&(fact.len() as u64).to_be_bytes());
                out.extend_from_slice(fact);
            }
        };
        put(Some(b"mainstay audit entry 1"));
        self.facts.iter().for_each(|fact| put(fact.as_deref()));
        out
    }
}

/// A place in the chain: how many entries are linked, and the hash of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// How many entries are linked.
    pub seq: i64,
    /// SHA-256 over the hash before and the entry.
    pub hash: Vec<u8>,
}
