//! Sessions: one sign-in on one device.

use crate::access::{Action, Policy, Resource, Rule, Visibility};
use crate::id::{Id, UserId};
use crate::string_enum;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Names a session.
pub type SessionId = Id<Session>;

string_enum! {
    /// The proof that a session was opened with.
    pub enum SignInMethod {
        /// A password.
        Password = "password",
        /// The registration of the account.
        Registration = "registration",
        /// The link that the first start printed.
        Setup = "setup",
        /// The link of an invitation.
        Invitation = "invitation",
        /// A link sent by mail.
        MagicLink = "magic-link",
        /// A code sent by mail.
        EmailCode = "email-code",
        /// A passkey (WebAuthn).
        Passkey = "passkey",
        /// An identity provider (OAuth 2, OpenID Connect).
        Provider = "provider",
    }
}

/// How long a step-up counts.
pub const STEP_UP_TTL: Duration = Duration::from_mins(10);

/// One sign-in on one device. Its refresh secret is stored separately, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Unique, and ordered by creation time.
    pub id: SessionId,
    /// The account that signed in.
    pub user_id: UserId,
    /// The proof that it was opened with.
    pub method: SignInMethod,
    /// When the user last proved again who they are (step-up); `None` before the first time.
    pub stepped_up_at: Option<Timestamp>,
    /// Number of refreshes: the generation of the refresh token that is currently valid.
    pub generation: u32,
    /// The IP address that the current refresh token was issued to: that of the sign-in, or of the last refresh.
    pub ip: Option<String>,
    /// The `User-Agent` header of the client that the current refresh token was issued to.
    pub user_agent: Option<String>,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When one of its tokens was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When its refresh token expires; never later than its absolute end.
    pub expires_at: Timestamp,
    /// When one of its refresh tokens was last used by another client than the one it was issued to: a thief may have
    /// a copy. `None` before the first time.
    pub flagged_at: Option<Timestamp>,
    /// When it was ended; `None` while it is not.
    pub ended_at: Option<Timestamp>,
}

/// What a refresh token of some generation means for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshTokenUse {
    /// The valid token: the session moves to the next generation.
    Current,
    /// The previous token, whose successor is still unused: the client lost the response and gets it again.
    Retry,
    /// A token whose successor was used: another party has a copy. The session ends.
    Replay,
    /// A generation that was never issued.
    Unknown,
}

impl SignInMethod {
    /// Whether the account was created, or first used, by this very sign-in.
    pub fn creates_account(self) -> bool {
        matches!(self, Self::Registration | Self::Setup | Self::Invitation)
    }
}

impl Session {
    /// Classifies a refresh token by its generation.
    pub fn classify(&self, generation: u32) -> RefreshTokenUse {
        if generation > self.generation {
            RefreshTokenUse::Unknown
        } else if generation == self.generation {
            RefreshTokenUse::Current
        } else if generation + 1 == self.generation {
            RefreshTokenUse::Retry
        } else {
            RefreshTokenUse::Replay
        }
    }

    /// True while the last step-up is recent enough for a sensitive action. A sign-in is none: a session that was stolen
    /// right after it must not be able to remove the account's factors (OWASP ASVS 5.0, 7.5.1).
    pub fn is_stepped_up(&self, now: Timestamp) -> bool {
        self.stepped_up_at.is_some_and(|at| now < at.after(STEP_UP_TTL))
    }

    /// When a session ends that began at `created_at` and is refreshed at `now`: after `idle` without another refresh,
    /// at the latest `max` after its beginning (OWASP ASVS 5.0, 7.3.1 and 7.3.2).
    pub fn expiry(created_at: Timestamp, now: Timestamp, idle: Duration, max: Duration) -> Timestamp {
        now.after(idle).min(created_at.after(max))
    }

    /// True while the session was neither ended nor has expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl Session {
    pub const LOGIN: Action = Action::new("login");
    pub const REFRESH: Action = Action::new("refresh");
    pub const LOGOUT: Action = Action::new("logout");
    /// Notes when sessions were last used.
    pub const SEEN: Action = Action::new("seen");
    /// Marks a session one of whose refresh tokens another client used.
    pub const FLAG: Action = Action::new("flag");
    /// Notes that the user proved again who they are.
    pub const STEP_UP: Action = Action::new("step-up");
    /// Removes sessions whose retention is over.
    pub const PRUNE: Action = Action::new("prune");
}

impl Resource for Session {
    const NAME: &'static str = "session";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Owner],
        // A client that presents the password or the refresh token is not signed in yet: the secret is the proof.
        actions: &[
            (Self::LOGIN, Rule::Anyone),
            (Self::REFRESH, Rule::Anyone),
            (Self::LOGOUT, Rule::Owner),
            (Self::SEEN, Rule::System),
            (Self::FLAG, Rule::System),
            (Self::STEP_UP, Rule::Owner),
            (Self::PRUNE, Rule::System),
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

    #[test]
    fn a_session_ends_when_it_is_idle_and_in_any_case_after_its_maximum() {
        let at = Timestamp::from_seconds;
        let (idle, max) = (Duration::from_secs(70), Duration::from_secs(300));
        let expiry = |now| Session::expiry(at(1000), at(now), idle, max);
        assert_eq!(expiry(1000), at(1070));
        assert_eq!(expiry(1230), at(1300));
        assert_eq!(expiry(1299), at(1300), "refreshing does not extend it");
        assert_eq!(Session::expiry(at(1000), at(1000), max, idle), at(1070));
    }

    fn session(at: Timestamp) -> Session {
        Session {
            id: SessionId::from_uuid(uuid::Uuid::nil()),
            user_id: UserId::from_uuid(uuid::Uuid::nil()),
            method: SignInMethod::Password,
            stepped_up_at: None,
            generation: 0,
            ip: None,
            user_agent: None,
            created_at: at,
            last_seen_at: at,
            expires_at: at,
            flagged_at: None,
            ended_at: None,
        }
    }

    #[test]
    fn a_step_up_counts_for_ten_minutes_and_a_sign_in_for_none() {
        let at = Timestamp::from_seconds(1000);
        let fresh = session(at);
        assert!(!fresh.is_stepped_up(at));
        let stepped_up = Session {
            stepped_up_at: Some(at),
            ..fresh
        };
        for (seconds, counts) in [(1000, true), (1599, true), (1600, false)] {
            assert_eq!(stepped_up.is_stepped_up(Timestamp::from_seconds(seconds)), counts);
        }
    }

    #[test]
    fn only_the_previous_token_gets_its_response_again() {
        let session = Session {
            generation: 5,
            ..session(Timestamp::from_micros(0))
        };
        let verdicts: Vec<_> = (3..=6).map(|generation| session.classify(generation)).collect();
        assert_eq!(
            verdicts,
            [
                RefreshTokenUse::Replay,
                RefreshTokenUse::Retry,
                RefreshTokenUse::Current,
                RefreshTokenUse::Unknown
            ]
        );
        assert_eq!(session.classify(u32::MAX), RefreshTokenUse::Unknown);
    }
}
