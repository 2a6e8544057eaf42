//! Passkeys: credentials of authenticators (W3C Web Authentication, level 3) that sign in to accounts.

use crate::access::{Action, Policy, Resource, Rule, Visibility};
use crate::id::{Id, UserId};
use crate::text;
use crate::time::Timestamp;
use crate::validation::Invalid;
use serde::{Deserialize, Serialize};

/// Names a passkey.
pub type PasskeyId = Id<Passkey>;

/// A passkey of an account. Its public key is not part of it: it is stored apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    /// Unique, and ordered by creation time.
    pub id: PasskeyId,
    /// The account that it signs in to.
    pub user_id: UserId,
    /// What the owner calls it: 1 to 100 characters, one line.
    pub name: String,
    /// The id that the authenticator chose, in base64url. Unique among the passkeys of all accounts.
    pub credential_id: String,
    /// The signature counter of its last use; 0 for authenticators that do not count.
    pub counter: i64,
    /// Whether its private key may be copied to other devices (a synced passkey), as its registration said.
    pub backup_eligible: bool,
    /// Whether it is copied, as its last use said.
    pub backed_up: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last used; `None` before its first use.
    pub last_used_at: Option<Timestamp>,
}

/// What the signature counter of a use says about a passkey (WebAuthn level 3, 6.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterVerdict {
    /// It has grown, or the authenticator does not count.
    Good,
    /// It has not grown. Accepted of a synced passkey, whose devices may count apart; it is a security event.
    Suspicious,
    /// It went back, or that of a passkey which is bound to one device did not grow: there is a copy.
    Copied,
}

impl Passkey {
    /// The longest name, in characters.
    pub const MAX_NAME: usize = 100;
    /// The most passkeys that an account may have.
    pub const MAX_COUNT: i64 = 20;

    /// Validates what an owner calls a passkey.
    ///
    /// # Errors
    /// `REQUIRED`, `LENGTH` or `FORMAT`.
    pub fn check_name(name: &str) -> Result<String, Invalid> {
        text::line(name, Self::MAX_NAME)
    }

    /// Compares the counter of a use with that of the last one.
    pub fn judge(&self, counter: u32) -> CounterVerdict {
        let counter = i64::from(counter);
        match counter - self.counter {
            1.. => CounterVerdict::Good,
            0 if counter == 0 => CounterVerdict::Good,
            0 if self.backup_eligible => CounterVerdict::Suspicious,
            _ => CounterVerdict::Copied,
        }
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl Passkey {
    pub const REGISTER: Action = Action::new("register");
    pub const RENAME: Action = Action::new("rename");
    pub const REMOVE: Action = Action::new("remove");
    /// Records that it was used, with its counter.
    pub const USE: Action = Action::new("use");
}

impl Resource for Passkey {
    const NAME: &'static str = "passkey";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Owner],
        actions: &[
            (Self::REGISTER, Rule::Owner),
            (Self::RENAME, Rule::Owner),
            (Self::REMOVE, Rule::Owner),
            // The client is not signed in yet: the passkey's signature is the proof.
            (Self::USE, Rule::System),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn passkey(counter: i64, backup_eligible: bool) -> Passkey {
        Passkey {
            id: PasskeyId::from_uuid(Uuid::from_u128(1)),
            user_id: UserId::from_uuid(Uuid::from_u128(2)),
            name: "phone".into(),
            credential_id: "AQ".into(),
            counter,
            backup_eligible,
            backed_up: backup_eligible,
            created_at: Timestamp::from_seconds(0),
            last_used_at: None,
        }
    }

    #[test]
    fn a_counter_that_does_not_grow_is_suspicious_and_one_that_goes_back_is_a_copy() {
        use CounterVerdict::{Copied, Good, Suspicious};
        for (stored, presented, bound, synced) in [
            (0, 0, Good, Good),
            (0, 1, Good, Good),
            (4, 5, Good, Good),
            (5, 5, Copied, Suspicious),
            (5, 4, Copied, Copied),
            (5, 0, Copied, Copied),
            (0, u32::MAX, Good, Good),
        ] {
            assert_eq!(
                passkey(stored, false).judge(presented),
                bound,
                "{stored} {presented}"
            );
            assert_eq!(
                passkey(stored, true).judge(presented),
                synced,
                "{stored} {presented}"
            );
        }
    }
}
