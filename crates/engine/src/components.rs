//! What use cases work with besides their transaction.

use crate::access::{AccessDirectory, IssuedSessions};
use crate::audit::AuditWriters;
use crate::cache::Caches;
use crate::extensions::Extensions;
use crate::key::KeyStore;
use crate::mail::Mailer;
use crate::node::Node;
use crate::policies::Policies;
use mainstay_domain::access::{Permission, Resources};
use mainstay_platform::crypto::password::PasswordHasher;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::limiter::Limiter;
use std::sync::Arc;

/// What use cases work with besides their transaction, and what they share with the mechanisms of the engine.
pub struct Components {
    /// The database, the clock, randomness and the metrics.
    pub node: Node,
    /// The rules that the deployment chose.
    pub policies: Policies,
    /// The changes of roles, permissions and sessions that this node knows.
    pub directory: Arc<AccessDirectory>,
    /// The sessions that this node knows to have been opened.
    pub issued_sessions: Arc<IssuedSessions>,
    /// Signs and verifies access tokens.
    pub keys: Arc<KeyStore>,
    /// Encrypts secrets at rest.
    pub sealer: Arc<Sealer>,
    /// Hashes passwords.
    pub hasher: PasswordHasher,
    /// Counts calls against the rate limits.
    pub limiter: Arc<Limiter>,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// The permissions that can be granted: the built-in ones and those of added resources.
    pub permissions: Vec<Permission>,
    /// The policies of all resources, the built-in ones and added ones.
    pub resources: Resources,
    /// Rows that this node has read recently.
    pub caches: Caches,
    /// The writers of audit entries of this process.
    pub audit_writers: Arc<AuditWriters>,
    /// Ports and settings of the product, by their types.
    pub extensions: Extensions,
}

impl Components {
    /// The permission of a name, if there is one.
    pub fn permission(&self, name: &str) -> Option<Permission> {
        self.permissions
            .iter()
            .copied()
            .find(|known| known.as_str() == name)
    }

    /// Whether there is a permission of this name.
    pub fn knows_permission(&self, name: &str) -> bool {
        self.permission(name).is_some()
    }
}
