//! Background jobs.

use crate::access::{Action, Permission, Policy, Resource, Rule, Visibility};
use crate::id::{Id, UserId};
use crate::random::{self, Random};
use crate::string_enum;
use crate::time::Timestamp;
use std::time::Duration;

/// Names a background job.
pub type JobId = Id<Job>;

string_enum! {
    /// The state of a job.
    pub enum JobState {
        /// Waiting until its time comes.
        Queued = "queued",
        /// Leased by a worker.
        Running = "running",
        /// Failed, and waiting for a retry.
        Retrying = "retrying",
        /// Succeeded.
        Done = "done",
        /// Failed for good; retained for inspection by an operator.
        Dead = "dead",
        /// Cancelled by an operator.
        Cancelled = "cancelled",
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

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl Job {
    pub const RETRY: Action = Action::new("retry");
    pub const CANCEL: Action = Action::new("cancel");
}

#[expect(missing_docs, reason = "the descriptions are the documentation")]
impl Permission {
    pub const MANAGE_JOB: Self = Self::new("manage:job", "See, retry and cancel jobs");
}

impl Resource for Job {
    const NAME: &'static str = "job";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Holder(Permission::MANAGE_JOB)],
        actions: &[
            (Self::RETRY, Rule::Holder(Permission::MANAGE_JOB)),
            (Self::CANCEL, Rule::Holder(Permission::MANAGE_JOB)),
        ],
    };
    const PERMISSIONS: &'static [Permission] = &[Permission::MANAGE_JOB];
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
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
