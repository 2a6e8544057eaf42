//! The audit trail: who did what to which thing.

use crate::id::{AuditId, AuditWriterId, Id, UserId};
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

impl AuditEntry {
    /// The bytes that authenticate the entry and link it: those of the [`StoredEntry`] it becomes.
    pub fn canonical(&self) -> Vec<u8> {
        let (id, at) = (self.id.uuid().to_string(), self.at.micros().to_string());
        let user = self.user_id.map(|user| user.uuid().to_string());
        let facts = [
            Some(&*id),
            Some(&*at),
            user.as_deref(),
            Some(self.actor.as_str()),
            Some(&*self.action),
            Some(&*self.resource),
            Some(&*self.resource_id),
            self.before.as_deref(),
            self.after.as_deref(),
            self.ip.as_deref(),
            self.user_agent.as_deref(),
            self.request_id.as_deref(),
        ];
        canonical(facts.map(|fact| fact.map(str::as_bytes)))
    }
}

/// An entry with its place among the entries of its writer, and a MAC over both that only a process with the master key
/// can make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatedEntry {
    /// What it says.
    pub entry: AuditEntry,
    /// The series it belongs to.
    pub writer: AuditWriterId,
    /// Its number in the series, from 1 and without gaps.
    pub number: i64,
    /// HMAC-SHA256 (RFC 2104), 32 bytes.
    pub mac: Vec<u8>,
}

/// How many entries a writer has written: updated with each of its transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterEnd {
    /// The series.
    pub writer: AuditWriterId,
    /// The number of its last entry.
    pub number: i64,
    /// When that was written.
    pub at: Timestamp,
    /// HMAC-SHA256 (RFC 2104) over all of it, 32 bytes.
    pub mac: Vec<u8>,
    /// Whether these are the first entries of the series.
    pub is_new: bool,
}

/// An administrator's recorded decision to go on with a trail that was at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The entries up to this place, and their hash as they were when they were accepted.
    pub head: ChainHead,
    /// When.
    pub at: Timestamp,
    /// The administrator's words.
    pub reason: String,
    /// What was at fault, as a JSON list of sentences.
    pub faults: String,
    /// HMAC-SHA256 (RFC 2104) over all of it.
    pub mac: Vec<u8>,
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
        canonical(self.facts.each_ref().map(Option::as_deref))
    }
}

fn canonical(facts: [Option<&[u8]>; StoredEntry::FACTS]) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut put = |fact: Option<&[u8]>| match fact {
        None => out.push(0),
        Some(fact) => {
            out.push(1);
            out.extend_from_slice(&(fact.len() as u64).to_be_bytes());
            out.extend_from_slice(fact);
        }
    };
    put(Some(b"mainstay audit entry 1"));
    facts.into_iter().for_each(put);
    out
}

/// A place in the chain: how many entries are linked, and the hash of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// How many entries are linked.
    pub seq: i64,
    /// SHA-256 over the hash before and the entry.
    pub hash: Vec<u8>,
}
