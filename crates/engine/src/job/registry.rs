//! The commands that can run as background jobs, by name.

use super::spec::{BackgroundJob, JobSpec};
use crate::pipeline::Pipeline;
use crate::request_context::RequestContext;
use crate::use_case::{PreparedCommand, UseCase};
use futures_util::future::BoxFuture;
use mainstay_domain::job::Job;
use mainstay_domain::{Error, Result};
use std::collections::BTreeMap;
use std::time::Duration;

type Run = fn(Pipeline, RequestContext, String) -> BoxFuture<'static, Result<()>>;

/// How one kind of job is executed.
#[derive(Clone, Copy)]
pub struct JobKind {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
    pub(crate) timeout: Duration,
    pub(crate) is_retryable: fn(&Error) -> bool,
    pub(crate) on_dead: fn(&str) -> Result<Option<JobSpec>>,
}

/// Every kind of job that this process can execute.
#[derive(Default, Clone)]
pub struct JobRegistry(BTreeMap<&'static str, JobKind>);

impl JobRegistry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command.
    #[must_use]
    pub fn with<J: BackgroundJob + PreparedCommand>(mut self) -> Self {
        let kind = JobKind {
            name: J::NAME,
            run: run::<J>,
            timeout: J::TIMEOUT,
            is_retryable: J::is_retryable,
            on_dead: on_dead::<J>,
        };
        self.0.insert(<J as UseCase>::NAME, kind);
        self
    }

    /// How a kind of job is executed, if this process knows it.
    pub fn find(&self, kind: &str) -> Option<JobKind> {
        self.0.get(kind).copied()
    }

    /// The name of a job's kind, for metrics; kinds that this process does not know share one name.
    pub(super) fn name_of(&self, job: &Job) -> &'static str {
        self.find(&job.kind).map_or("unknown", |kind| kind.name)
    }

    /// The names of all kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
}

fn run<J: BackgroundJob + PreparedCommand>(
    pipeline: Pipeline,
    cx: RequestContext,
    payload: String,
) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let job: J = serde_json::from_str(&payload).map_err(Error::internal)?;
        pipeline.command::<J>(&cx, job).await.map(drop)
    })
}

fn on_dead<J: BackgroundJob>(payload: &str) -> Result<Option<JobSpec>> {
    serde_json::from_str::<J>(payload)
        .map_err(Error::internal)?
        .on_dead()
}
