//! The one function that runs every use case, whatever the interface.
//!
//! In this order: whether the caller's authentication is current, access, rate limit (which HTTP requests pass before
//! their body is read), validation, idempotency, `prepare`, the transaction around `run` (rows, audit entry, event,
//! jobs and idempotency record in one commit), and after the commit: caches and access changes are applied, workers
//! are woken. A query may answer from the cache after the validation. Nothing begins, and no statement of a transaction
//! either, once the client has stopped waiting; a commit that has begun is completed.

mod attempt;
mod erased;
mod idempotency;
mod in_flight;
mod limit;

use crate::access::Authenticator;
use crate::audit::WriterLease;
use crate::cache::CacheView;
use crate::components::Components;
use crate::context::{self, Changes, PrepareContext};
use crate::request_context::RequestContext;
use crate::security_log::SecurityLog;
use crate::use_case::{Query, StagedCommand, UseCase};
use attempt::{Attempt, Outcome};
use erased::{Declaration, ErasedCommand, StagedRun};
pub(crate) use idempotency::ANSWER_RETENTION;
use in_flight::InFlight;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_platform::stopwatch::Stopwatch;
use std::borrow::Cow;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<T> {
    /// What the command returned.
    pub output: T,
    /// Whether it is the stored answer of an earlier request with the same idempotency key.
    pub replayed: bool,
}

/// Queries that read and answer at the same time; others wait for a permit. Without it, a thousand lists requested at
/// once would all be in memory before the first of them is counted against a budget.
const MAX_READS_AT_ONCE: usize = 64;

/// Runs use cases. Cheap to clone.
#[derive(Clone)]
pub struct Pipeline(Arc<Inner>);

struct Inner {
    components: Arc<Components>,
    authenticator: Arc<Authenticator>,
    security: Arc<SecurityLog>,
    in_flight: InFlight,
    /// Permits for queries that read the database; see [`MAX_READS_AT_ONCE`].
    reads: Arc<Semaphore>,
}

impl Pipeline {
    /// A pipeline in which no request is in progress.
    pub fn new(
        components: Arc<Components>,
        authenticator: Arc<Authenticator>,
        security: Arc<SecurityLog>,
    ) -> Self {
        Self(Arc::new(Inner {
            components,
            authenticator,
            security,
            in_flight: InFlight::default(),
            reads: Arc::new(Semaphore::new(MAX_READS_AT_ONCE)),
        }))
    }

    /// What use cases share: keys, hashing, settings. For the parts of the product that are no use cases.
    pub fn components(&self) -> &Arc<Components> {
        &self.0.components
    }

    /// Runs a command.
    ///
    /// # Errors
    /// Access, rate limit or validation refused the request before anything began; otherwise the command's own error,
    /// with nothing changed.
    pub async fn command<C: StagedCommand>(
        &self,
        cx: &RequestContext,
        command: C,
    ) -> Result<Done<C::Output>> {
        let watch = Stopwatch::start();
        let run = StagedRun::new(command);
        let replayed = self.run_command(cx, Arc::clone(&run) as Arc<dyn ErasedCommand>);
        let result = match replayed.await {
            Ok(replayed) => self.finished(cx, &run, replayed),
            Err(error) => Err(error),
        };
        self.count_call(C::NAME, &watch, result.as_ref().err());
        result
    }

    fn finished<C: StagedCommand>(
        &self,
        cx: &RequestContext,
        run: &StagedRun<C>,
        replayed: bool,
    ) -> Result<Done<C::Output>> {
        let output = run.finish(self.components());
        let output = output.map_err(|error| self.refused(cx, C::NAME, error))?;
        Ok(Done { output, replayed })
    }

    /// Runs a query.
    ///
    /// # Errors
    /// Access, rate limit or validation refused the request; otherwise the query's own error.
    pub async fn query<Q: Query>(&self, cx: &RequestContext, query: Q) -> Result<Q::Output> {
        let watch = Stopwatch::start();
        let result = self.query_inner(cx, query).await;
        self.count_call(Q::NAME, &watch, result.as_ref().err());
        result
    }

    /// Returns whether the answer is that of an earlier request.
    async fn run_command(&self, cx: &RequestContext, command: Arc<dyn ErasedCommand>) -> Result<bool> {
        let declared = command.declaration();
        let cx = &*self.with_current_caller(cx, declared).await?;
        self.admit(cx, declared, || command.validate())?;
        let key = cx
            .idempotency
            .as_ref()
            .filter(|_| command.command_declaration().is_idempotent)
            .zip(cx.caller.user_id());
        let Some((key, user)) = key else {
            return self.execute(cx, command).await;
        };
        let (components, name) = (self.components(), declared.name);
        let running = self.0.in_flight.begin(user, name, &key.key);
        let _running = running.ok_or(Error::IdempotencyInFlight)?;
        if let Some(answer) = idempotency::recall(components, cx, name, user, key).await? {
            return replayed(&*command, answer);
        }
        let result = self.execute(cx, Arc::clone(&command)).await;
        if let Err(error) = &result
            && !idempotency::remember_error(components, cx, name, user, key, error).await?
            && let Some(answer) = idempotency::recall(components, cx, name, user, key).await?
        {
            return replayed(&*command, answer);
        }
        result
    }

    /// Returns whether the answer is that of an earlier request.
    async fn execute(&self, cx: &RequestContext, command: Arc<dyn ErasedCommand>) -> Result<bool> {
        let name = command.declaration().name;
        let preparing = PrepareContext::new(self.components(), cx, name);
        if let Err(error) = command.prepare(&preparing).await {
            return Err(self.refused(cx, name, error));
        }
        cx.check_deadline()?;
        let writer = Arc::new(WriterLease::default());
        let components = Arc::clone(self.components());
        let isolation = command.command_declaration().isolation;
        let attempt = Attempt::new(components, cx.clone(), command, Arc::clone(&writer));
        let pipeline = self.clone();
        // A task of its own: a client that disconnects during the commit must not leave this node's caches outdated.
        let written = tokio::spawn(async move {
            let components = pipeline.components();
            let database = &components.node.database;
            let written = database.write(isolation, move |tx| attempt.run(tx)).await;
            let now = components.node.now();
            components.audit_writers.settle(&writer, &written, now);
            let Outcome { changes, replayed } = written?;
            pipeline.committed(changes);
            Ok(replayed)
        });
        let written = written.await.map_err(Error::internal)?;
        written.map_err(|error| self.refused(cx, name, error))
    }

    async fn query_inner<Q: Query>(&self, cx: &RequestContext, query: Q) -> Result<Q::Output> {
        let declared = const { Declaration::of::<Q>() };
        let cx = &*self.with_current_caller(cx, declared).await?;
        self.admit(cx, declared, || query.validate())?;
        if let Some(output) = query.cached(&self.cache_view(cx)) {
            return Ok(output);
        }
        cx.notes.admit_read(&self.0.reads).await;
        let read = context::read(self.components(), cx, Q::READ, move |view| {
            Box::pin(query.run(view))
        });
        read.await.map_err(|error| self.refused(cx, Q::NAME, error))
    }

    fn cache_view<'c>(&'c self, cx: &'c RequestContext) -> CacheView<'c> {
        let components = self.components();
        CacheView::new(&components.caches, cx, &*components.node.clock)
    }

    fn count_call(&self, name: &'static str, watch: &Stopwatch, error: Option<&Error>) {
        let outcome = error.map_or("OK", |error| error.code().as_str());
        let metrics = &self.components().node.metrics;
        metrics.use_case_ran(name, outcome, watch.elapsed());
    }

    /// The context with the caller's current access. The interface authenticated the caller after the head of the
    /// request; until the body had arrived, the caller may have been demoted, disabled or signed out.
    async fn with_current_caller<'c>(
        &self,
        cx: &'c RequestContext,
        declared: Declaration,
    ) -> Result<Cow<'c, RequestContext>> {
        let authenticator = &self.0.authenticator;
        let authentication = cx.authentication.as_ref();
        let outdated = authentication.filter(|authentication| !authenticator.is_current(authentication));
        let Some(outdated) = outdated else {
            return Ok(Cow::Borrowed(cx));
        };
        let authentication = match Box::pin(authenticator.authenticate(outdated.token(), cx.origin.ip)).await
        {
            Ok(authentication) => Some(authentication),
            Err(Error::Unauthenticated(_) | Error::Denied(_)) if declared.access.is_public() => None,
            Err(error) => return Err(self.refused(cx, declared.name, error)),
        };
        let mut now = cx.clone();
        now.identify(authentication);
        Ok(Cow::Owned(now))
    }

    /// Checks access, rate limit, validation and whether the client still waits, which refuse a request before it begins.
    fn admit(
        &self,
        cx: &RequestContext,
        declared: Declaration,
        validate: impl FnOnce() -> Result<(), ValidationErrors>,
    ) -> Result<()> {
        cx.admit(declared.access)
            .map_err(|error| self.refused(cx, declared.name, error))?;
        if !cx.is_counted {
            limit::check(self.components(), cx, declared)
                .map_err(|error| self.refused(cx, declared.name, error))?;
        }
        validate()?;
        cx.check_deadline()
    }

    /// Counts a request against its rate limit as soon as its head has been read, so that a client whose body stalls,
    /// breaks off or is invalid is counted as well. The pipeline then does not count it again.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn count_request<U: UseCase>(&self, cx: &mut RequestContext) -> Result<()> {
        limit::check(self.components(), cx, const { Declaration::of::<U>() })
            .map_err(|error| self.refused(cx, U::NAME, error))?;
        cx.is_counted = true;
        Ok(())
    }

    /// Records a refusal, if it is a security event.
    fn refused(&self, cx: &RequestContext, operation: &'static str, error: Error) -> Error {
        self.0.security.note_refused(cx, operation, &error);
        error
    }

    /// Runs after the commit, before the caller is answered: updates this node's caches and wakes the workers.
    fn committed(&self, changes: Changes) {
        let components = self.components();
        for (resource, id) in changes.rows {
            components.caches.changed(resource, id);
        }
        for change in changes.access {
            components.directory.apply(change, components.node.now());
        }
        for (cx, operation, error) in &changes.refused {
            self.0.security.note_refused(cx, operation, error);
        }
        for found in &changes.suspected {
            let user = Some(found.user);
            self.0.security.note(&found.cx, found.operation, found.kind, user);
        }
        if changes.keys {
            components.keys.mark_stale();
        }
        let wakes = &components.node.wakes;
        if changes.jobs > 0 {
            wakes.jobs.notify_one();
        }
        if changes.recorded_events > 0 {
            wakes.events.notify_one();
            wakes.audit.notify_one();
        }
    }
}

fn replayed(command: &dyn ErasedCommand, answer: Result<String>) -> Result<bool> {
    command.replay(&answer?)?;
    Ok(true)
}
