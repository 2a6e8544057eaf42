//! Jobs for administrators, and enqueueing. What workers need is in [`leases`](crate::leases).

use crate::outcome::unique_violation;
use crate::read::{BoundValue, bound, params, word};
use crate::record;
use crate::record::TextColumn;
use crate::row_filter;
use crate::rows::{Filter, RowQuery, Rows, Table};
use mainstay_domain::Result;
use mainstay_domain::access::{BulkPermit, Permit, Scope};
use mainstay_domain::id::JobId;
use mainstay_domain::job::{Job, JobState};
use mainstay_domain::master_key::MasterKey;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Authorized, BulkChange, Change, DatabaseError, FromRow, Param, Row};

record! {
    Job {
        id, kind, queue, payload,
        state: TextColumn,
        attempts, max_attempts, run_at, last_error, request_id, created_at, finished_at, fence,
    }
}

impl Table for Job {
    const TABLE: &'static str = "jobs";
    const FILTERS: &'static [Filter] = &[Filter::text("state"), Filter::text("queue"), Filter::text("kind")];
}

statements! {
    COUNTS = "SELECT queue, state, count(*) FROM jobs WHERE state IN ('queued', 'running', 'retrying', 'dead') \
              GROUP BY queue, state ORDER BY queue, state";
    SEALED_OTHERWISE = "SELECT id, kind, payload FROM jobs WHERE state <> 'done' \
                        AND payload LIKE '%\"sealed\":\"%' AND replace(payload, $1, '') = payload \
                        AND id > $2 ORDER BY id LIMIT $3";
}

changes! {
    RETRY: Change<Job>, "jobs", [Job::RETRY] =
        "UPDATE jobs SET state = 'queued', due = TRUE, attempts = 0, run_at = $2, finished_at = NULL \
         WHERE id = $1 AND state IN ('dead', 'cancelled') AND NOT EXISTS (SELECT 1 FROM jobs other \
         WHERE other.unique_key = jobs.unique_key AND other.state IN ('queued', 'running', 'retrying'))";
    CANCEL: Change<Job>, "jobs", [Job::CANCEL] =
        "UPDATE jobs SET state = 'cancelled', due = FALSE, lease_until = NULL, finished_at = $2 \
         WHERE id = $1 AND state IN ('queued', 'running', 'retrying')";
    RESEAL: BulkChange<MasterKey>, "jobs", [MasterKey::RESEAL] =
        "UPDATE jobs SET payload = $3 WHERE id = $1 AND payload = $2";
}

internal_changes! {
    // While a job of the same unique key is queued, running or retrying, another one is not inserted.
    ENQUEUE: Jobs =
        "INSERT INTO jobs (id, kind, queue, payload, state, due, priority, max_attempts, run_at, unique_key, \
         request_id, created_at) VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT DO NOTHING";
    PRUNE: Jobs =
        "DELETE FROM jobs WHERE state IN ('done', 'cancelled') AND finished_at < $1";
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// In this state.
    pub state: Option<JobState>,
    /// In this queue.
    pub queue: Option<String>,
    /// Executed by this use case.
    pub kind: Option<String>,
}

/// A job to enqueue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The id of the new job.
    pub id: JobId,
    /// The name of the use case that executes it.
    pub kind: String,
    /// The queue that it waits in.
    pub queue: String,
    /// The use case's input, as JSON text.
    pub payload: String,
    /// Maximum number of attempts.
    pub max_attempts: i64,
    /// The earliest time of the first attempt.
    pub run_at: Timestamp,
    /// Due jobs of higher priority run first; usually 0.
    pub priority: i64,
    /// While a job of this key waits or runs, this one is not added.
    pub unique_key: Option<String>,
    /// The request that enqueues it.
    pub request_id: Option<String>,
    /// When it is enqueued.
    pub created_at: Timestamp,
}

impl NewJob {
    /// Whether it is due at the time it is enqueued.
    pub(crate) fn is_due(&self) -> bool {
        self.run_at <= self.created_at
    }
}

repository! {
    /// The table of jobs.
    Jobs
}

impl Jobs<'_> {
    /// Enqueues a job; false when a job of the same unique key waits or runs already.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn enqueue(&mut self, job: &NewJob) -> Result<bool> {
        let due = job.is_due();
        let (insert, values) = inserting(job, &due);
        Ok(self.0.execute(insert, &params(&values)).await? == 1)
    }

    /// Finds a job by its id.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for callers who may not see jobs.
    pub async fn find(&mut self, scope: &Scope<Job>, id: JobId) -> Result<Job> {
        Rows::new(self.0).find(scope, id).await
    }

    /// A page of the jobs within the scope, the newest first.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list.
    pub async fn list(
        &mut self,
        scope: &Scope<Job>,
        filter: &JobFilter,
        page: &PageRequest,
    ) -> Result<Page<Job>> {
        let query = RowQuery::new()
            .filter_if("state", filter.state.map(JobState::as_str))?
            .filter_if("queue", filter.queue.as_deref())?
            .filter_if("kind", filter.kind.as_deref())?;
        Rows::new(self.0).list(scope, &query, page).await
    }

    /// Puts a dead or cancelled job back into its queue, with no attempts counted; false when it is neither, or a job
    /// of the same unique key waits or runs.
    ///
    /// # Errors
    /// `CONFLICT` when one of the same unique key is added at the same moment.
    pub async fn retry(&mut self, permit: &Permit<Job>, job: &Job, now: Timestamp) -> Result<bool> {
        let retry = RETRY.authorize(permit, job)?;
        let done = self.0.execute(retry, &[&job.id, &now]).await;
        Ok(done.map_err(|error| unique_violation(error, "such a job is in line already"))? == 1)
    }

    /// Cancels a job; false when it has ended. A running job is not stopped, but its last transaction is undone,
    /// because its lease is no longer valid.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn cancel(&mut self, permit: &Permit<Job>, job: &Job, now: Timestamp) -> Result<bool> {
        let cancel = CANCEL.authorize(permit, job)?;
        Ok(self.0.execute(cancel, &[&job.id, &now]).await? == 1)
    }

    /// The number of unfinished and dead jobs by queue and state; states without jobs are left out.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn counts(&mut self, scope: &Scope<Job>) -> Result<Vec<(String, JobState, i64)>> {
        if !row_filter::all(scope) {
            return Ok(Vec::new());
        }
        let rows: Vec<Count> = self.0.all(&COUNTS, &[]).await?;
        Ok(rows
            .into_iter()
            .map(|Count(queue, state, count)| (queue, state, count))
            .collect())
    }

    /// Jobs that may run yet and whose payload has a value (`"sealed"`, in base64url) that does not begin with `prefix`: it
    /// is sealed under another master key. In the order of their ids.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn sealed_otherwise(
        &mut self,
        _: &BulkPermit<MasterKey>,
        prefix: &str,
        after: JobId,
        limit: u32,
    ) -> Result<Vec<SealedJob>> {
        let current = format!("\"sealed\":\"{prefix}");
        Ok(self.0.all(&SEALED_OTHERWISE, &[&current, &after, &limit]).await?)
    }

    /// Replaces the payload of a job, unless it was changed or removed since it was read.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn reseal(
        &mut self,
        permit: &BulkPermit<MasterKey>,
        job: &SealedJob,
        payload: &str,
    ) -> Result<bool> {
        let values: [&dyn Param; 3] = [&job.id, &job.payload, &payload];
        Ok(self.0.execute(RESEAL.authorize(permit)?, &values).await? == 1)
    }

    /// Removes jobs that were done or cancelled before an instant; returns how many. Dead jobs stay for inspection.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.exempt(), &[&before]).await?)
    }
}

/// A job whose payload has a sealed value.
pub struct SealedJob {
    /// The job's id.
    pub id: JobId,
    /// The name of the use case that executes it, for which the value is sealed.
    pub kind: String,
    /// The whole payload, as JSON text.
    pub payload: String,
}

impl FromRow for SealedJob {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            kind: row.next()?,
            payload: row.next()?,
        })
    }
}

struct Count(String, JobState, i64);

impl FromRow for Count {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(row.next()?, word(row)?, row.next()?))
    }
}

/// The statement that enqueues a job.
pub(crate) fn inserting<'j>(job: &'j NewJob, due: &'j bool) -> (Authorized<'static>, Vec<BoundValue<'j>>) {
    let values = vec![
        bound(&job.id),
        bound(&job.kind),
        bound(&job.queue),
        bound(&job.payload),
        bound(due),
        bound(&job.priority),
        bound(&job.max_attempts),
        bound(&job.run_at),
        bound(&job.unique_key),
        bound(&job.request_id),
        bound(&job.created_at),
    ];
    (ENQUEUE.exempt(), values)
}
