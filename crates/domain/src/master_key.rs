//! The master key, as the audit trail knows it.

use crate::access::{Action, Policy, Resource, Rule};
use crate::id::{Id, UserId};
use serde::Serialize;
use uuid::Uuid;

/// The key that the stored secrets are sealed under. There is one, and only its replacement is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MasterKey;

impl MasterKey {
    /// Seals stored secrets again, under the current key.
    pub const RESEAL: Action = Action::new("reseal");
}

impl Resource for MasterKey {
    const NAME: &'static str = "master-key";
    const POLICY: Policy = Policy {
        visible: &[],
        actions: &[(Self::RESEAL, Rule::System)],
    };
    fn id(&self) -> Id<Self> {
        Id::from_uuid(Uuid::nil())
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}
