//! What is done about jobs that are given up.

use super::new_job;
use crate::services::Services;
use mainstay_domain::job::{Job, JobState};
use mainstay_domain::time::Timestamp;
use mainstay_platform::telemetry::metrics::JobOutcome;
use mainstay_repositories::NewJob;
use std::time::Duration;

impl Services {
    /// The job that has to be done because this one is given up, if its kind wants one.
    pub(super) fn aftermath(&self, job: &Job, now: Timestamp) -> Option<NewJob> {
        let kind = self.parts().jobs.find(&job.kind)?;
        match (kind.given_up)(&job.payload) {
            Ok(spec) => spec.map(|spec| new_job(spec, now, &*self.parts().random, job.request_id.as_deref())),
            Err(error) => {
                // It is laid out for a person all the same.
                tracing::error!(job = %job.id, kind = job.kind, %error, "what follows a failed job could not be told");
                None
            }
        }
    }

    /// Says of jobs whose worker went away what becomes of them.
    pub(super) fn told_of_recovered(&self, jobs: &[Job]) {
        for job in jobs {
            let (id, kind, attempt) = (job.id, &job.kind, job.attempts);
            if job.state == JobState::Dead {
                tracing::error!(job = %id, kind, attempt, "job failed for good: its worker went away once too often");
                self.parts()
                    .metrics
                    .job_ran(self.kind_of(job), JobOutcome::Dead, Duration::ZERO);
            } else {
                tracing::warn!(job = %id, kind, attempt, "the worker of a job went away; it will be tried again");
            }
        }
    }

    /// The name of a job's kind, for metrics: those of other processes' kinds are one.
    pub(super) fn kind_of(&self, job: &Job) -> &'static str {
        self.parts()
            .jobs
            .find(&job.kind)
            .map_or("unknown", |kind| kind.name)
    }
}
