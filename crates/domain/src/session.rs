//! Sessions: one sign-in on one device.

use crate::id::{SessionId, UserId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One sign-in on one device. Its refresh secret is kept apart, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// How often it was refreshed: the generation of the refresh token that is good now.
    pub generation: u32,
    /// The address it was begun from.
    pub ip: Option<String>,
    /// The device, as it named itself.
    pub user_agent: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_seen_at: Timestamp,
    /// When its refresh token stops working.
    pub expires_at: Timestamp,
    /// When it was ended, if it was.
    pub ended_at: Option<Timestamp>,
}

/// What a refresh token of some generation means to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The good one: the session moves on.
    Current,
    /// The one before, whose successor nobody has used: a client that lost the answer. It is told again.
    Retry,
    /// One whose successor was used: somebody has a copy. The session ends.
    Replay,
    /// One that was never given out.
    Unknown,
}

impl Session {
    /// What a token of the given generation means.
    pub fn judge(&self, generation: u32) -> Presented {
        if generation > self.generation {
            Presented::Unknown
        } else if generation == self.generation {
            Presented::Current
        } else if generation + 1 == self.generation {
            Presented::Retry
        } else {
            Presented::Replay
        }
    }

    /// True while it was neither ended nor has run out.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    #[test]
    fn only_the_last_answer_is_told_again() {
        let at = Timestamp::from_micros(0);
        let session = Session {
            id: SessionId::from_uuid(uuid::Uuid::nil()),
            user_id: UserId::from_uuid(uuid::Uuid::nil()),
            generation: 5,
            ip: None,
            user_agent: None,
            created_at: at,
            last_seen_at: at,
            expires_at: at,
            ended_at: None,
        };
        let verdicts: Vec<_> = (3..=6).map(|generation| session.judge(generation)).collect();
        assert_eq!(
            verdicts,
            [
                Presented::Replay,
                Presented::Retry,
                Presented::Current,
                Presented::Unknown
            ]
        );
        assert_eq!(session.judge(u32::MAX), Presented::Unknown);
    }
}
