//! `mainstay jobs`: lists and retries background jobs.

use crate::error::{Exit, Outcome};
use crate::open::{block_on, operator, with_existing, with_read_only};
use crate::terminal::{print_json, print_line, table};
use clap::Subcommand;
use mainstay_app::App;
use mainstay_domain::id::JobId;
use mainstay_domain::job::{Job, JobState};
use mainstay_domain::page::{MAX_LIMIT, PageInfo, PageRequest};
use mainstay_domain::string_enum::StoredAsText;
use mainstay_domain::time::Timestamp;
use mainstay_engine::Engine;
use mainstay_platform::config::Settings;
use mainstay_services::job::{ListJobs, RetryJob};
use mainstay_services::list::JobFilter;
use serde::Serialize;

/// Operations on jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List jobs, newest first
    List {
        /// Only jobs in this state: queued, running, retrying, done, dead or cancelled
        #[arg(long, value_parser = state)]
        state: Option<JobState>,
        /// Maximum number of rows
        #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// As JSON: [{id, kind, queue, state, attempts, maxAttempts, runAt, lastError, createdAt, finishedAt}]
        #[arg(long)]
        json: bool,
    },
    /// Queue a dead or cancelled job again, with all its attempts
    Retry {
        /// Id of the job, as printed by `jobs list`
        id: JobId,
        /// As JSON: {id, state}
        #[arg(long)]
        json: bool,
    },
}

fn state(text: &str) -> Result<JobState, &'static str> {
    JobState::find(text).ok_or(JobState::EXPECTED)
}

/// Runs the subcommand.
pub(crate) fn run(app: &App, settings: Settings, command: Command) -> Outcome {
    match command {
        Command::Retry { id, json } => {
            block_on(with_existing(app, settings, async |engine| {
                engine.pipeline().command(&operator(), RetryJob { id }).await?;
                Ok(())
            }))?;
            match json {
                true => print_json(&RetriedJob {
                    id,
                    state: JobState::Queued,
                })?,
                false => print_line(&format!("{id} is queued again"))?,
            }
        }
        Command::List { state, limit, json } => {
            let filter = JobFilter {
                state,
                ..JobFilter::default()
            };
            let jobs = block_on(with_read_only(app, settings, async |engine| {
                list(engine, filter, limit).await
            }))?;
            if json {
                print_json(&jobs.iter().map(JobRow::of).collect::<Vec<_>>())?;
            } else {
                print_line(&as_table(jobs))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// Reads page by page, newest first, until there are enough jobs or no more.
async fn list(engine: &Engine, filter: JobFilter, limit: u32) -> Outcome<Vec<Job>> {
    let mut jobs = Vec::new();
    let mut cursor = None;
    loop {
        let left = limit - u32::try_from(jobs.len()).unwrap_or(limit);
        let page = PageRequest::From {
            cursor,
            limit: left.min(MAX_LIMIT),
        };
        let listing = engine
            .pipeline()
            .query(
                &operator(),
                ListJobs {
                    filter: filter.clone(),
                    page,
                },
            )
            .await?;
        jobs.extend(listing.items);
        match listing.info {
            PageInfo::From { next: Some(next), .. } if jobs.len() < limit as usize => cursor = Some(next),
            _ => return Ok(jobs),
        }
    }
}

fn as_table(jobs: Vec<Job>) -> String {
    let rows = jobs.into_iter().map(|job| {
        let (state, made) = (job.state.as_str().to_owned(), job.created_at.to_string());
        let attempts = format!("{}/{}", job.attempts, job.max_attempts);
        [
            job.id.to_string(),
            job.kind,
            job.queue,
            state,
            attempts,
            made,
            job.last_error.unwrap_or_default(),
        ]
    });
    table(
        [
            "ID",
            "KIND",
            "QUEUE",
            "STATE",
            "ATTEMPTS",
            "CREATED",
            "LAST ERROR",
        ],
        rows,
    )
}

/// A job that is queued again, in JSON.
#[derive(Serialize)]
struct RetriedJob {
    id: JobId,
    state: JobState,
}

/// A job in JSON. Its payload is left out: it may hold personal data.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JobRow<'j> {
    id: JobId,
    kind: &'j str,
    queue: &'j str,
    state: JobState,
    attempts: i64,
    max_attempts: i64,
    run_at: Timestamp,
    last_error: Option<&'j str>,
    request_id: Option<&'j str>,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl<'j> JobRow<'j> {
    fn of(job: &'j Job) -> Self {
        Self {
            id: job.id,
            kind: &job.kind,
            queue: &job.queue,
            state: job.state,
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            run_at: job.run_at,
            last_error: job.last_error.as_deref(),
            request_id: job.request_id.as_deref(),
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}
