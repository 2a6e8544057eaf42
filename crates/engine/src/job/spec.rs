//! What can be enqueued: a command that is a background job, and its serialised form.

use crate::use_case::UseCase;
use mainstay_domain::id::JobId;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_repositories::NewJob;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A command that can run later as a background job. It is stored in the transaction that requests it, and marked done
/// in the transaction that executes it. [`JobRegistry::with`](super::JobRegistry::with) accepts those that are
/// commands.
pub trait BackgroundJob: UseCase + Serialize + DeserializeOwned {
    /// The queue that it waits in.
    const QUEUE: &'static str = "default";
    /// How many attempts are made before the job is dead and waits for an administrator.
    const MAX_ATTEMPTS: u32 = 8;
    /// How long one attempt may take; the lease is a little longer.
    const TIMEOUT: Duration = Duration::from_mins(1);
    /// Whether another attempt may succeed after this error.
    fn is_retryable(error: &Error) -> bool {
        let _ = error;
        true
    }
    /// The job to enqueue when this one is dead, in the transaction that marks it so. For work that must not stay half
    /// done until an administrator sees it.
    ///
    /// # Errors
    /// An internal error when the job cannot be serialised.
    fn on_dead(&self) -> Result<Option<JobSpec>> {
        Ok(None)
    }
}

/// A serialised job, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSpec {
    pub(crate) kind: &'static str,
    pub(crate) queue: &'static str,
    pub(crate) payload: String,
    pub(crate) max_attempts: u32,
    pub(crate) unique_key: Option<String>,
}

impl JobSpec {
    /// Serialises a command.
    ///
    /// # Errors
    /// An internal error when it cannot be serialised.
    pub fn of<J: BackgroundJob>(job: &J) -> Result<Self> {
        Ok(Self {
            kind: J::NAME,
            queue: J::QUEUE,
            payload: serde_json::to_string(job).map_err(Error::internal)?,
            max_attempts: J::MAX_ATTEMPTS,
            unique_key: None,
        })
    }

    /// The same job, which is not stored again while one with this key waits.
    pub fn unique(mut self, key: String) -> Self {
        self.unique_key = Some(key);
        self
    }
}

/// The row of a job that is due now.
pub(crate) fn new_job(
    spec: JobSpec,
    now: Timestamp,
    random: &dyn Random,
    request_id: Option<&str>,
) -> NewJob {
    NewJob {
        id: JobId::make(now, random),
        kind: spec.kind.to_owned(),
        queue: spec.queue.to_owned(),
        payload: spec.payload,
        max_attempts: i64::from(spec.max_attempts),
        run_at: now,
        priority: 0,
        unique_key: spec.unique_key,
        request_id: request_id.map(str::to_owned),
        created_at: now,
    }
}
