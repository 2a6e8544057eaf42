//! Leases: a worker claims a job for a limited time with a fencing token that is raised each time, so that a worker
//! whose lease has expired cannot finish a job that another has claimed.

use crate::dialect::{CLAIM_JOBS, CLAIM_JOBS_OF, PROMOTE_JOBS, RECOVER_JOBS};
use crate::jobs::Jobs;
use crate::outcome::rows;
use crate::read::Read;
use mainstay_domain::Result;
use mainstay_domain::job::{Job, Lease};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{DatabaseError, FromRow, Param, Row};
use std::cmp::Reverse;
use std::time::Duration;

statements! {
    NEXT_DUE = "SELECT (SELECT run_at FROM jobs WHERE due LIMIT 1), \
                (SELECT min(run_at) FROM jobs WHERE NOT due AND lease_until IS NULL AND finished_at IS NULL), \
                (SELECT min(lease_until) FROM jobs WHERE lease_until IS NOT NULL)";
}

internal_changes! {
    FINISH: Jobs =
        "UPDATE jobs SET state = 'done', lease_until = NULL, progress = 100, finished_at = $3 \
         WHERE id = $1 AND fence = $2 AND state = 'running'";
    RETRY_LATER: Jobs =
        "UPDATE jobs SET state = 'retrying', lease_until = NULL, run_at = $3, due = $4, \
         last_error = $5 WHERE id = $1 AND fence = $2 AND state = 'running'";
    GIVE_UP: Jobs =
        "UPDATE jobs SET state = 'dead', lease_until = NULL, finished_at = $3, last_error = $4 \
         WHERE id = $1 AND fence = $2 AND state = 'running'";
    EXTEND: Jobs =
        "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND fence = $2 AND state = 'running'";
    RELEASE: Jobs =
        "UPDATE jobs SET state = CASE WHEN attempts > 1 THEN 'retrying' ELSE 'queued' END, due = TRUE, \
         attempts = attempts - 1, lease_until = NULL WHERE id = $1 AND fence = $2 AND state = 'running'";
    PROGRESS: Jobs =
        "UPDATE jobs SET progress = $3 WHERE id = $1 AND fence = $2 AND state = 'running'";
}

/// A claimed job and its priority.
struct LeasedJob(i64, Job);

impl FromRow for LeasedJob {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let priority = row.next()?;
        let Read(job) = Read::<Job>::from_row(row)?;
        Ok(Self(priority, job))
    }
}

impl Jobs<'_> {
    /// Takes jobs from workers that died, whose leases have expired, and returns each in its new state: it is
    /// retried, with a delay that grows with its attempts, or it is dead because that was its last attempt.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn recover(&mut self, now: Timestamp) -> Result<Vec<Job>> {
        Ok(rows(
            self.0
                .execute_returning_all(RECOVER_JOBS.exempt(), &[&now])
                .await?,
        ))
    }

    /// Leases up to `limit` due jobs, the most urgent first, of the given queues in their order, or of all queues
    /// when none is given. No job is ever leased by two workers.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn claim(
        &mut self,
        queues: &[&str],
        limit: u32,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Vec<Job>> {
        self.0.execute(PROMOTE_JOBS.exempt(), &[&now]).await?;
        let until = now.after(lease);
        if queues.is_empty() {
            let values: [&dyn Param; 2] = [&limit, &until];
            let claimed = self.0.execute_returning_all(CLAIM_JOBS.exempt(), &values);
            return Ok(in_order(claimed.await?));
        }
        let mut jobs = Vec::new();
        for queue in queues {
            let left = limit.saturating_sub(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
            if left == 0 {
                break;
            }
            let values: [&dyn Param; 3] = [&left, &until, queue];
            let claimed = self.0.execute_returning_all(CLAIM_JOBS_OF.exempt(), &values);
            jobs.extend(in_order(claimed.await?));
        }
        Ok(jobs)
    }

    /// Marks a job done; false when the lease is no longer valid, and then the job's transaction must be rolled back.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn finish(&mut self, lease: Lease, now: Timestamp) -> Result<bool> {
        Ok(self
            .0
            .execute(FINISH.exempt(), &[&lease.job, &lease.fence, &now])
            .await?
            == 1)
    }

    /// Records a failed attempt: to be retried at `next`, or dead if `None`. False when the lease is no longer valid.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn fail(
        &mut self,
        lease: Lease,
        error: &str,
        next: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool> {
        // The error may quote any text, and PostgreSQL stores no NUL.
        let error = error.replace('\0', "\u{FFFD}");
        let done = match next {
            Some(next) => {
                let due = next <= now;
                let row: [&dyn Param; 5] = [&lease.job, &lease.fence, &next, &due, &error];
                self.0.execute(RETRY_LATER.exempt(), &row).await?
            }
            None => {
                self.0
                    .execute(GIVE_UP.exempt(), &[&lease.job, &lease.fence, &now, &error])
                    .await?
            }
        };
        Ok(done == 1)
    }

    /// Extends the lease; false when it is no longer valid.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn extend(&mut self, lease: Lease, until: Timestamp) -> Result<bool> {
        Ok(self
            .0
            .execute(EXTEND.exempt(), &[&lease.job, &lease.fence, &until])
            .await?
            == 1)
    }

    /// Returns a job to its queue as if it had not been started, when a worker shuts down; false when the lease is no
    /// longer valid.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn release(&mut self, lease: Lease) -> Result<bool> {
        Ok(self
            .0
            .execute(RELEASE.exempt(), &[&lease.job, &lease.fence])
            .await?
            == 1)
    }

    /// Records the progress of a job, 0 to 100; false when the lease is no longer valid.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn progress(&mut self, lease: Lease, percent: u8) -> Result<bool> {
        let percent = percent.min(100);
        Ok(self
            .0
            .execute(PROGRESS.exempt(), &[&lease.job, &lease.fence, &percent])
            .await?
            == 1)
    }

    /// When a job can be claimed next: `now` when one is due; otherwise the earliest start time or end of a lease,
    /// but not before `now`; `None` when there is no unfinished job.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn next_due(&mut self, now: Timestamp) -> Result<Option<Timestamp>> {
        let (due, later, expiry): (Option<Timestamp>, Option<Timestamp>, Option<Timestamp>) =
            self.0.one(&NEXT_DUE, &[]).await?;
        Ok(due
            .map(|_| now)
            .or([later, expiry].into_iter().flatten().min().map(|at| at.max(now))))
    }
}

/// RETURNING does not return rows in a defined order.
fn in_order(mut claimed: Vec<LeasedJob>) -> Vec<Job> {
    claimed.sort_by_key(|LeasedJob(priority, job)| (Reverse(*priority), job.run_at, job.id));
    claimed.into_iter().map(|LeasedJob(_, job)| job).collect()
}
