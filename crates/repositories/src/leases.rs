//! How workers hold jobs: each for a time, by a number that is raised each time, so that a worker whose time ran out
//! cannot finish what another has begun.

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
    FINISH = "UPDATE jobs SET state = 'done', lease_until = NULL, progress = 100, finished_at = $3 \
              WHERE id = $1 AND fence = $2 AND state = 'running'";
    RETRY_LATER = "UPDATE jobs SET state = 'retrying', lease_until = NULL, run_at = $3, due = $4, \
                   last_error = $5 WHERE id = $1 AND fence = $2 AND state = 'running'";
    GIVE_UP = "UPDATE jobs SET state = 'dead', lease_until = NULL, finished_at = $3, last_error = $4 \
               WHERE id = $1 AND fence = $2 AND state = 'running'";
    EXTEND = "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND fence = $2 AND state = 'running'";
    RELEASE = "UPDATE jobs SET state = CASE WHEN attempts > 1 THEN 'retrying' ELSE 'queued' END, due = TRUE, \
               attempts = attempts - 1, lease_until = NULL WHERE id = $1 AND fence = $2 AND state = 'running'";
    PROGRESS = "UPDATE jobs SET progress = $3 WHERE id = $1 AND fence = $2 AND state = 'running'";
    NEXT_DUE = "SELECT (SELECT run_at FROM jobs WHERE due LIMIT 1), \
                (SELECT min(run_at) FROM jobs WHERE NOT due AND lease_until IS NULL AND finished_at IS NULL), \
                (SELECT min(lease_until) FROM jobs WHERE lease_until IS NOT NULL)";
}

/// A claimed job and how urgent it is.
struct Claimed(i64, Job);

impl FromRow for Claimed {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let priority = row.next()?;
        let Read(job) = Read::<Job>::from_row(row)?;
        Ok(Self(priority, job))
    }
}

impl Jobs<'_> {
    /// Takes the jobs of workers that went away, whose leases have run out, and tells what has become of each: it is
    /// tried again, the later the more often it was begun, or it is dead because that was its last attempt.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn recover(&mut self, now: Timestamp) -> Result<Vec<Job>> {
        Ok(rows(self.0.all(&RECOVER_JOBS, &[&now]).await?))
    }

    /// Leases up to `limit` jobs that are due, the most urgent first, of the named queues in their order, or of all
    /// when none is named. No job is ever held by two.
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
        self.0.execute(&PROMOTE_JOBS, &[&now]).await?;
        let until = now.after(lease);
        if queues.is_empty() {
            return Ok(in_order(self.0.all(&CLAIM_JOBS, &[&limit, &until]).await?));
        }
        let mut jobs = Vec::new();
        for queue in queues {
            let left = limit.saturating_sub(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
            if left == 0 {
                break;
            }
            jobs.extend(in_order(
                self.0.all(&CLAIM_JOBS_OF, &[&left, &until, queue]).await?,
            ));
        }
        Ok(jobs)
    }

    /// Marks a job done; false when the lease is good no more, and then nothing that was done for it may be kept.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn finish(&mut self, lease: Lease, now: Timestamp) -> Result<bool> {
        Ok(self.0.execute(&FINISH, &[&lease.job, &lease.fence, &now]).await? == 1)
    }

    /// Notes that an attempt failed: to be tried again at `next`, or never again. False when the lease is good no more.
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
        // Whatever went wrong may quote anything, and PostgreSQL stores no NUL.
        let error = error.replace('\0', "\u{FFFD}");
        let done = match next {
            Some(next) => {
                let due = next <= now;
                let row: [&dyn Param; 5] = [&lease.job, &lease.fence, &next, &due, &error];
                self.0.execute(&RETRY_LATER, &row).await?
            }
            None => {
                self.0
                    .execute(&GIVE_UP, &[&lease.job, &lease.fence, &now, &error])
                    .await?
            }
        };
        Ok(done == 1)
    }

    /// Holds a job for longer; false when the lease is good no more.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn extend(&mut self, lease: Lease, until: Timestamp) -> Result<bool> {
        Ok(self
            .0
            .execute(&EXTEND, &[&lease.job, &lease.fence, &until])
            .await?
            == 1)
    }

    /// Gives a job back as if it had not been begun, when a worker is to stop; false when the lease is good no more.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn release(&mut self, lease: Lease) -> Result<bool> {
        Ok(self.0.execute(&RELEASE, &[&lease.job, &lease.fence]).await? == 1)
    }

    /// Notes how far a job has come, 0 to 100; false when the lease is good no more.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn progress(&mut self, lease: Lease, percent: u8) -> Result<bool> {
        let percent = percent.min(100);
        Ok(self
            .0
            .execute(&PROGRESS, &[&lease.job, &lease.fence, &percent])
            .await?
            == 1)
    }

    /// When there will be a job to claim: `now` when there is one, the end of a lease counting as one; `None` when none
    /// is in sight.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn next_due(&mut self, now: Timestamp) -> Result<Option<Timestamp>> {
        let (due, later, lapsed): (Option<Timestamp>, Option<Timestamp>, Option<Timestamp>) =
            self.0.one(&NEXT_DUE, &[]).await?;
        Ok(due
            .map(|_| now)
            .or([later, lapsed].into_iter().flatten().min().map(|at| at.max(now))))
    }
}

/// What RETURNING gives has no order of its own.
fn in_order(mut claimed: Vec<Claimed>) -> Vec<Job> {
    claimed.sort_by_key(|Claimed(priority, job)| (Reverse(*priority), job.run_at, job.id));
    claimed.into_iter().map(|Claimed(_, job)| job).collect()
}
