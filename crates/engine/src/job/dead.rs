//! Follow-up and logging of dead jobs.

use super::registry::JobRegistry;
use super::spec::new_job;
use crate::node::Node;
use mainstay_domain::job::{Job, JobState};
use mainstay_domain::time::Timestamp;
use mainstay_platform::telemetry::metrics::JobOutcome;
use mainstay_repositories::NewJob;
use std::time::Duration;

/// The follow-up job of a job that is dead, if its kind has one.
pub(super) fn follow_up(node: &Node, registry: &JobRegistry, job: &Job, now: Timestamp) -> Option<NewJob> {
    let kind = registry.find(&job.kind)?;
    match (kind.on_dead)(&job.payload) {
        Ok(spec) => spec.map(|spec| new_job(spec, now, &*node.random, job.request_id.as_deref())),
        Err(error) => {
            // The job is dead, and listed for administrators, all the same.
            tracing::error!(job = %job.id, kind = job.kind, %error, "the follow-up of a dead job failed");
            None
        }
    }
}

/// Logs jobs that were recovered from a worker that died, and counts the dead ones.
pub(super) fn log_recovered(node: &Node, registry: &JobRegistry, jobs: &[Job]) {
    for job in jobs {
        let (id, kind, attempt) = (job.id, &job.kind, job.attempts);
        if job.state == JobState::Dead {
            tracing::error!(job = %id, kind, attempt, "job is dead: its worker disappeared too often");
            node.metrics
                .job_ran(registry.name_of(job), JobOutcome::Dead, Duration::ZERO);
        } else {
            tracing::warn!(job = %id, kind, attempt, "the worker of a job went away; it will be tried again");
        }
    }
}
