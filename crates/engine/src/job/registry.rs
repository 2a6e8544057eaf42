//! The commands that can run as background jobs, by name.

use crate::request_context::RequestContext;
use crate::services::Services;
use crate::use_case::{BackgroundJob, UseCase};
use futures_util::future::BoxFuture;
use mainstay_domain::{Error, Result};
use std::collections::BTreeMap;
use std::time::Duration;

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

type Run = fn(Services, RequestContext, String) -> BoxFuture<'static, Result<()>>;

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
    pub fn with<J: BackgroundJob>(mut self) -> Self {
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

    /// The names of all kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
}

fn run<J: BackgroundJob>(
    services: Services,
    cx: RequestContext,
    payload: String,
) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let job: J = serde_json::from_str(&payload).map_err(Error::internal)?;
        services.command::<J>(&cx, job).await.map(drop)
    })
}

fn on_dead<J: BackgroundJob>(payload: &str) -> Result<Option<JobSpec>> {
    serde_json::from_str::<J>(payload)
        .map_err(Error::internal)?
        .on_dead()
}
