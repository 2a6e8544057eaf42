//! Runs deferred work (jobs, events, audit sealing) when the test calls for it.

use crate::app::TestApp;
use crate::database::TestDatabase;
use crate::node::Node;
use mainstay_app::App;
use mainstay_domain::Result;
use mainstay_domain::access::{self, Caller, SystemCaller};
use mainstay_domain::job::{Job, JobState};
use mainstay_domain::page::{PageInfo, PageRequest};
use mainstay_engine::Engine;
use mainstay_engine::job::runner::JobResult;
use mainstay_platform::database::{Database, Isolation, ReadMode, Tx};
use mainstay_repositories::{JobFilter, Jobs, Outbox};

/// Items per round: large enough that one round usually suffices, and the maximum page size of a list.
const BATCH: u32 = 100;

impl TestApp {
    /// Relays events and runs the jobs that are due, one after the other, until there are none. Returns the kind of
    /// each and its result. A failed job waits for its next attempt: [`TestApp::advance`].
    pub async fn run_jobs(&self) -> Vec<(String, JobResult)> {
        run_jobs(self.engine()).await
    }

    /// Runs the jobs as [`TestApp::run_jobs`] does, on another node.
    pub async fn run_jobs_on(&self, node: &Node) -> Vec<(String, JobResult)> {
        run_jobs(&node.engine).await
    }

    /// Links every audit entry into the chain; returns the number of entries linked.
    pub async fn seal_audit(&self) -> usize {
        let mut all = 0;
        loop {
            let linked = self
                .engine()
                .audit_sealer()
                .seal(BATCH)
                .await
                .expect("the database is there");
            all += linked;
            if linked < BATCH as usize {
                return all;
            }
        }
    }
}

async fn run_jobs(engine: &Engine) -> Vec<(String, JobResult)> {
    let mut all = Vec::new();
    loop {
        let relayed = engine.relay().relay(BATCH).await.expect("the database is there");
        let jobs = engine.jobs().claim(BATCH).await.expect("the database is there");
        if relayed == 0 && jobs.is_empty() {
            return all;
        }
        let ran = engine.jobs().run_all(jobs, 1).await;
        all.extend(ran.into_iter().map(|(job, ran)| (job.kind, ran)));
    }
}

/// Work that is left undone: pending or dead jobs, and events that still have to be relayed to a subscriber.
pub(crate) async fn undone(app: &App, database: &TestDatabase) -> Result<Vec<String>> {
    let open = Database::open(&database.options()).await?;
    let jobs = open.read(ReadMode::Thread, |tx| Box::pin(all_jobs(tx)));
    let finished = |job: &Job| matches!(job.state, JobState::Done | JobState::Cancelled);
    let jobs = jobs
        .await?
        .into_iter()
        .filter(|job| !finished(job) && !is_incidental(job));
    let describe = |job: Job| {
        format!(
            "{} {} {}",
            job.state.as_str(),
            job.kind,
            job.last_error.unwrap_or_default()
        )
    };
    let mut undone: Vec<String> = jobs.map(describe).collect();
    let events = open.write(Isolation::ReadCommitted, |tx| {
        Box::pin(async move { Outbox::new(tx).waiting(u32::MAX).await })
    });
    let kinds: Vec<&str> = app.subscriptions().kinds().collect();
    let waiting = events
        .await?
        .into_iter()
        .filter(|event| kinds.contains(&event.kind.as_str()));
    undone.extend(waiting.map(|event| format!("no subscriber has received {}", event.kind)));
    open.close().await;
    Ok(undone)
}

/// Whether a job is a waiting mail that asks to confirm an address, which every registration writes, or that informs of a
/// new device. A test that is not about them may leave them.
fn is_incidental(job: &Job) -> bool {
    let names = |kind: &&str| job.payload.contains(&format!("\"{kind}\""));
    let is_incidental = ["verify-email", "new-device"].iter().any(names);
    job.state == JobState::Queued && job.kind == "mail.account" && is_incidental
}

/// All jobs, over as many pages as needed.
async fn all_jobs(tx: &mut Tx) -> Result<Vec<Job>> {
    let scope = access::scope::<Job>(&Caller::System(SystemCaller::WORKER));
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest::From { cursor, limit: BATCH };
        let listing = Jobs::new(tx).list(&scope, &JobFilter::default(), &page).await?;
        all.extend(listing.items);
        match listing.info {
            PageInfo::From { next: Some(next), .. } => cursor = Some(next),
            PageInfo::From { next: None, .. } | PageInfo::Numbered { .. } => return Ok(all),
        }
    }
}
