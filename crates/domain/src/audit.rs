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
}

impl Actor {
    /// As stored and as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ApiKey => "apiKey",
            Self::System => "system",
        }
    }

    /// Finds the actor of a stored name.
    pub fn find(name: &str) -> Option<Self> {
        [Self::User, Self::ApiKey, Self::System]
            .into_iter()
            .find(|actor| actor.as_str() == name)
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
    /// The bytes that the chain's hash covers: every fact, each with its length before it, so that no
    /// two entries have the same bytes.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let mut put = |text: Option<&str>| match text {
            None => out.push(0),
            Some(text) => {
                out.push(1);
                out.extend_from_slice(&(text.len() as u64).to_be_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        };
        put(Some("mainstay audit entry 1"));
        put(Some(&self.id.to_string()));
        put(Some(&self.at.micros().to_string()));
        put(self.user_id.map(|id| id.to_string()).as_deref());
        put(Some(self.actor.as_str()));
        put(Some(&self.action));
        put(Some(&self.resource));
        put(Some(&self.resource_id));
        put(self.before.as_deref());
        put(self.after.as_deref());
        put(self.ip.as_deref());
        put(self.user_agent.as_deref());
        put(self.request_id.as_deref());
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
