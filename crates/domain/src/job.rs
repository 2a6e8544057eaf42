//! Work that happens later.

use crate::id::JobId;
use crate::random::{self, Random};
use crate::time::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waiting for its time.
    Queued,
    /// Leased by a worker.
    Running,
    /// Failed, and waiting for another try.
    Retrying,
    /// Finished.
    Done,
    /// Failed for good; kept for a person to look at.
    Dead,
    /// Called off by a person.
    Cancelled,
}

impl JobState {
    /// As stored and as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Finds the state of a name.
    pub fn find(name: &str) -> Option<Self> {
        [
            Self::Queued,
            Self::Running,
            Self::Retrying,
            Self::Done,
            Self::Dead,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|state| state.as_str() == name)
    }
}

/// Work that happens later, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// The use case that does it.
    pub kind: String,
    /// The line it stands in.
    pub queue: String,
    /// What to do, as JSON text.
    pub payload: String,
    /// Where it stands.
    pub state: JobState,
    /// How often it was begun.
    pub attempts: i64,
    /// How often it may be.
    pub max_attempts: i64,
    /// Not before.
    pub run_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Who may finish it: raised each time it is leased, so that a worker whose lease ran out cannot (fencing).
    pub fence: i64,
}

/// Proof that a worker holds a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The holder's number.
    pub fence: i64,
}

impl Job {
    /// The lease of whoever claimed it.
    pub fn lease(&self) -> Lease {
        Lease {
            job: self.id,
            fence: self.fence,
        }
    }

    /// True when a failure now would be its last.
    pub fn is_last_attempt(&self) -> bool {
        self.attempts >= self.max_attempts
    }
}

/// How long to wait after the given failed attempt: 1 s, 2 s, 4 s ... up to an hour, plus up to a half at
/// random so that what failed together does not come back together.
pub fn backoff(attempt: i64, random: &dyn Random) -> Duration {
    let doublings = u32::try_from(attempt.clamp(1, 13) - 1).unwrap_or(0);
    let base = Duration::from_secs(1 << doublings).min(Duration::from_hours(1));
    let spread = u64::from(u16::from_be_bytes(random::bytes(random)));
    let extra = u64::try_from(base.as_micros()).unwrap_or(0) / 2 * spread / u64::from(u16::MAX);
    base + Duration::from_micros(extra)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Counting;

    #[test]
    fn waits_grow_and_stay_bounded() {
        let random = Counting::default();
        for attempt in [i64::MIN, 0, 1] {
            let wait = backoff(attempt, &random);
            assert!(
                wait >= Duration::from_secs(1) && wait <= Duration::from_millis(1500),
                "{wait:?}"
            );
        }
        assert!(backoff(5, &random) >= Duration::from_secs(16));
        assert!(backoff(i64::MAX, &random) <= Duration::from_mins(90));
    }
}
