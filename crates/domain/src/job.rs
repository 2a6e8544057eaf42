//! Background jobs.

use crate::id::Id;
use crate::random::{self, Random};
use crate::time::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// Names a background job.
pub type JobId = Id<Job>;

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waiting until its time comes.
    Queued,
    /// Leased by a worker.
    Running,
    /// Failed, and waiting for a retry.
    Retrying,
    /// Succeeded.
    Done,
    /// Failed for good; retained for inspection by an operator.
    Dead,
    /// Cancelled by an operator.
    Cancelled,
}

impl JobState {
    /// As stored and as clients receive it.
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

    /// Finds the state by its name.
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

/// A background job, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Unique, and ordered by creation time.
    pub id: JobId,
    /// The name of the use case that executes it.
    pub kind: String,
    /// The queue that it waits in.
    pub queue: String,
    /// The use case's input, as JSON text.
    pub payload: String,
    /// Changed by workers, and by administrators who retry or cancel the job.
    pub state: JobState,
    /// Number of attempts started so far.
    pub attempts: i64,
    /// Maximum number of attempts.
    pub max_attempts: i64,
    /// The earliest time of the next attempt.
    pub run_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// The request that enqueued it.
    pub request_id: Option<String>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When it reached a final state.
    pub finished_at: Option<Timestamp>,
    /// Fencing token: raised each time the job is leased, so that a worker whose lease expired cannot finish it.
    pub fence: i64,
}

/// Proof that a worker holds a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The leased job.
    pub job: JobId,
    /// The fencing token of the holder.
    pub fence: i64,
}

impl Job {
    /// The lease of the worker that claimed it.
    pub fn lease(&self) -> Lease {
        Lease {
            job: self.id,
            fence: self.fence,
        }
    }

    /// True when a failure of the current attempt would be final.
    pub fn is_last_attempt(&self) -> bool {
        self.attempts >= self.max_attempts
    }
}

/// How long to wait after the given failed attempt: 1 s, 2 s, 4 s ... up to an hour, plus a random extra of up to a
/// half, so that jobs that failed together do not retry together.
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
    fn backoff_grows_and_stays_bounded() {
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
