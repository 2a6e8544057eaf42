//! Identities: accounts at identity providers that sign in to accounts here.

use crate::access::{Action, Policy, Resource, Rule, Visibility};
use crate::id::{Id, UserId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Names an identity.
pub type IdentityId = Id<Identity>;

/// An account at an identity provider (OpenID Connect Core 1.0, or OAuth 2 with GitHub) that signs in to an account
/// here. Provider, issuer and subject together are unique; the address may change there without consequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Unique, and ordered by creation time.
    pub id: IdentityId,
    /// The account that it signs in to.
    pub user_id: UserId,
    /// The provider's name in the settings, such as `google`.
    pub provider: String,
    /// The issuer (`iss`) that the provider had when the identity was linked. Another issuer under the same name never
    /// signs in to the account.
    pub issuer: String,
    /// The provider's identifier of the account there (`sub`), which never changes.
    pub subject: String,
    /// The address that the provider named at the last sign-in, whether or not it was verified.
    pub email: Option<String>,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it last signed in.
    pub last_used_at: Timestamp,
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl Identity {
    pub const LINK: Action = Action::new("link");
    pub const UNLINK: Action = Action::new("unlink");
    /// Records a sign-in with it, with the address and the refresh token of the provider.
    pub const USE: Action = Action::new("use");
}

impl Resource for Identity {
    const NAME: &'static str = "identity";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Owner],
        // The client is not signed in yet, or began as the owner: the provider's answer is the proof.
        actions: &[
            (Self::LINK, Rule::System),
            (Self::USE, Rule::System),
            (Self::UNLINK, Rule::Owner),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}
