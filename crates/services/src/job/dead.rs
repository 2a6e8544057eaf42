//! Follow-up and logging of dead jobs.

use super::new_job;
use crate::services::Services;
use mainstay_domain::job::{Job, JobState};
use mainstay_domain::time::Timestamp;
use mainstay_platform::telemetry::metrics::JobOutcome;
use mainstay_repositories::NewJob;
use std::time::Duration;

impl Services {
    /// The follow-up job of a job that is dead, if its kind has one.
    pub(super) fn follow_up(&self, job: &Job, now: Timestamp) -> Option<NewJob> {
        let kind = self.parts().jobs.find(&job.kind)?;
        match (kind.on_dead)(&job.payload) {
            Ok(spec) => spec.map(|spec| new_job(spec, now, &*self.parts().random, job.request_id.as_deref())),
            Err(error) => {
                // The job is dead, and listed for administrators, all the same.
                tracing::error!(job = %job.id, kind = job.kind, %error, "the follow-up of a dead job failed");
                None
            }
        }
    }

    /// Logs jobs that were recovered from a worker that died, and counts the dead ones.
    pub(super) fn log_recovered(&self, jobs: &[Job]) {
        for job in jobs {
            let (id, kind, attempt) = (job.id, &job.kind, job.attempts);
            if job.state == JobState::Dead {
                tracing::error!(job = %id, kind, attempt, "job is dead: its worker disappeared too often");
                self.parts()
                    .metrics
                    .job_ran(self.kind_of(job), JobOutcome::Dead, Duration::ZERO);
            } else {
                tracing::warn!(job = %id, kind, attempt, "the worker of a job went away; it will be tried again");
            }
        }
    }

    /// The name of a job's kind, for metrics; kinds that this process does not know share one name.
    pub(super) fn kind_of(&self, job: &Job) -> &'static str {
        self.parts()
            .jobs
            .find(&job.kind)
            .map_or("unknown", |kind| kind.name)
    }
}
