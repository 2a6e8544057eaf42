//! The audit trail: which actor did what to which resource.

use crate::access::{Action, Permission, Policy, Resource, Rule, Visibility};
use crate::id::{Id, UserId};
use crate::string_enum;
use crate::time::Timestamp;

/// Names an entry of the audit trail.
pub type AuditId = Id<AuditEntry>;

/// A series of audit entries that one process numbers without gaps. It has no row, only a name.
#[derive(Debug)]
pub enum AuditWriter {}

/// Names a series of audit entries.
pub type AuditWriterId = Id<AuditWriter>;

string_enum! {
    /// The kind of actor.
    pub enum Actor {
        /// A signed-in user.
        User = "user",
        /// An API key of a user.
        ApiKey = "apiKey",
        /// Mainstay itself, or a caller who is not signed in.
        System = "system",
        /// No known kind: the entry was changed in the database.
        Unknown = "unknown",
    }
}

impl Actor {
    /// The actor of a stored name. Unknown names are accepted, so that an entry changed in the database is still
    /// displayed.
    pub fn stored(name: &str) -> Self {
        Self::find(name).unwrap_or(Self::Unknown)
    }
}

/// One entry of the audit trail. Written once, with the change that it records, and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Unique, and ordered by creation time.
    pub id: AuditId,
    /// The instant of the transaction.
    pub at: Timestamp,
    /// The user on whose behalf it was done; `None` for the system and for anonymous callers.
    pub user_id: Option<UserId>,
    /// The kind of actor.
    pub actor: Actor,
    /// `CREATE`, `UPDATE`, `DELETE` or a verb.
    pub action: String,
    /// The name of the resource, such as `order`.
    pub resource: String,
    /// The id of the resource.
    pub resource_id: String,
    /// The changed fields before, as JSON text.
    pub before: Option<String>,
    /// The changed fields after, as JSON text.
    pub after: Option<String>,
    /// The client's IP address.
    pub ip: Option<String>,
    /// The client's `User-Agent` header; for the system, the part of Mainstay that acted.
    pub user_agent: Option<String>,
    /// The request that caused it.
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

/// An entry with its number among the entries of its writer, and a MAC over both that only a process with the master
/// key can compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatedEntry {
    /// The authenticated entry.
    pub entry: AuditEntry,
    /// The writer that numbered it.
    pub writer: AuditWriterId,
    /// Its number among the writer's entries, from 1 and without gaps.
    pub number: i64,
    /// HMAC-SHA256 (RFC 2104), 32 bytes.
    pub mac: Vec<u8>,
}

/// How many entries a writer has written: updated with each of its transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterEnd {
    /// The writer that is counted.
    pub writer: AuditWriterId,
    /// The number of its last entry.
    pub number: i64,
    /// When that entry was written.
    pub at: Timestamp,
    /// HMAC-SHA256 (RFC 2104) over all of it, 32 bytes.
    pub mac: Vec<u8>,
    /// Whether these are the writer's first entries.
    pub is_new: bool,
}

/// An administrator's recorded decision to continue a trail with findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The entries up to this place, and their hash as they were when they were accepted.
    pub head: ChainHead,
    /// When the administrator accepted it.
    pub at: Timestamp,
    /// The reason that the administrator gave.
    pub reason: String,
    /// The findings, as a JSON list of sentences.
    pub faults: String,
    /// HMAC-SHA256 (RFC 2104) over all of it.
    pub mac: Vec<u8>,
}

/// An entry as it is stored in the database: for each field, in the order of [`AuditEntry`], a text or the bytes in
/// its place. It can be read whatever the row was changed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The fields; times are microseconds and identifiers hyphenated text.
    pub facts: [Option<Vec<u8>>; Self::FACTS],
}

impl StoredEntry {
    /// Number of fields of an entry.
    pub const FACTS: usize = 12;
    /// The indexes of the identifiers: the entry's and the user's.
    pub const IDENTIFIERS: [usize; 2] = [0, 2];

    /// The entry's id, as far as it can be read.
    pub fn id(&self) -> String {
        let id = self.facts[0].as_deref().unwrap_or_default();
        String::from_utf8_lossy(id).into_owned()
    }

    /// The bytes that the chain's hash covers: every field, each preceded by its length, so that no two entries have
    /// the same bytes.
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
    /// Number of linked entries.
    pub seq: i64,
    /// SHA-256 over the previous hash and the entry.
    pub hash: Vec<u8>,
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl AuditEntry {
    pub const ACCEPT: Action = Action::new("accept");
}

#[expect(missing_docs, reason = "the descriptions are the documentation")]
impl Permission {
    pub const READ_AUDIT: Self = Self::new("read:audit", "Read the audit trail and security events");
}

impl Resource for AuditEntry {
    const NAME: &'static str = "audit";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Holder(Permission::READ_AUDIT)],
        actions: &[(Self::ACCEPT, Rule::System)],
    };
    const PERMISSIONS: &'static [Permission] = &[Permission::READ_AUDIT];
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}
