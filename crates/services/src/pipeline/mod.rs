//! The one function that runs every use case, whatever the interface.
//!
//! In this order: whether the caller's authentication is current, access, rate limit (which HTTP requests pass before
//! their body is read), validation, idempotency, `prepare`, the transaction around `run` (rows, audit entry, event,
//! jobs and idempotency record in one commit), and after the commit: caches and access changes are applied, workers
//! are woken. A query may answer from the cache after the validation.

mod attempt;
pub(crate) mod idempotency;
pub(crate) mod in_flight;
mod limit;

use crate::access::directory::AccessChange;
use crate::audit::WriterLease;
use crate::cache::CacheView;
use crate::context::{Changes, PrepareContext};
use crate::request_context::RequestContext;
use crate::services::Services;
use crate::use_case::{Command, Query, UseCase};
use attempt::{Attempt, Outcome};
use mainstay_domain::{Error, Result};
use mainstay_platform::stopwatch::Stopwatch;
use std::borrow::Cow;
use std::sync::Arc;

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<T> {
    /// What the command returned.
    pub output: T,
    /// Whether it is the stored answer of an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Services {
    /// Runs a command.
    ///
    /// # Errors
    /// Access, rate limit or validation refused the request before anything began; otherwise the command's own error,
    /// with nothing changed.
    pub async fn command<C: Command>(&self, cx: &RequestContext, command: C) -> Result<Done<C::Output>> {
        let watch = Stopwatch::start();
        let result = self.command_inner(cx, command).await;
        self.count_call(C::NAME, &watch, result.as_ref().err());
        result
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

    async fn command_inner<C: Command>(&self, cx: &RequestContext, command: C) -> Result<Done<C::Output>> {
        const {
            assert!(
                !(C::SECRET_ANSWER && C::IDEMPOTENT),
                "an answer with secrets is never stored, so it cannot be replayed"
            );
        };
        let cx = &*self.with_current_caller::<C>(cx).await?;
        self.admit(cx, &command)?;
        let key = cx
            .idempotency
            .as_ref()
            .filter(|_| C::IDEMPOTENT)
            .zip(cx.caller.user_id());
        let Some((key, user)) = key else {
            return self.execute(cx, command).await;
        };
        let _running = self
            .in_flight()
            .begin(user, C::NAME, &key.key)
            .ok_or(Error::IdempotencyInFlight)?;
        if let Some(answer) = idempotency::recall::<C>(self, cx, user, key).await? {
            return answer.map(|output| Done {
                output,
                replayed: true,
            });
        }
        let result = self.execute(cx, command).await;
        if let Err(error) = &result
            && !idempotency::remember_error::<C>(self, cx, user, key, error).await?
            && let Some(answer) = idempotency::recall::<C>(self, cx, user, key).await?
        {
            return answer.map(|output| Done {
                output,
                replayed: true,
            });
        }
        result
    }

    async fn execute<C: Command>(&self, cx: &RequestContext, command: C) -> Result<Done<C::Output>> {
        let command = match command.prepare(&PrepareContext::new(self, cx)).await {
            Ok(command) => command,
            Err(error) => return Err(self.refused::<C>(cx, error)),
        };
        let writer = Arc::new(WriterLease::default());
        let attempt = Attempt::new(self.clone(), cx.clone(), command, Arc::clone(&writer));
        let services = self.clone();
        // A task of its own: a client that disconnects during the commit must not leave this node's caches outdated.
        let written = tokio::spawn(async move {
            let written = services
                .database()
                .write(C::ISOLATION, move |tx| attempt.run(tx))
                .await;
            services.audit_writers().settle(&writer, &written, services.now());
            written.map(
                |Outcome {
                     output,
                     changes,
                     replayed,
                 }| {
                    services.committed(changes);
                    Done { output, replayed }
                },
            )
        });
        let written = written.await.map_err(Error::internal)?;
        written.map_err(|error| self.refused::<C>(cx, error))
    }

    async fn query_inner<Q: Query>(&self, cx: &RequestContext, query: Q) -> Result<Q::Output> {
        let cx = &*self.with_current_caller::<Q>(cx).await?;
        self.admit(cx, &query)?;
        if let Some(output) = query.cached(&CacheView::new(self, cx)) {
            return Ok(output);
        }
        cx.notes.admit_read(self.reads()).await;
        let result = self
            .read(cx, Q::READ, move |view| Box::pin(query.run(view)))
            .await;
        result.map_err(|error| self.refused::<Q>(cx, error))
    }

    fn count_call(&self, name: &'static str, watch: &Stopwatch, error: Option<&Error>) {
        let outcome = error.map_or("OK", |error| error.code().as_str());
        self.parts().metrics.use_case_ran(name, outcome, watch.elapsed());
    }

    /// The context with the caller's current access. The interface authenticated the caller after the head of the
    /// request; until the body had arrived, the caller may have been demoted, disabled or signed out.
    async fn with_current_caller<'c, U: UseCase>(
        &self,
        cx: &'c RequestContext,
    ) -> Result<Cow<'c, RequestContext>> {
        let outdated = cx.standing.as_ref().filter(|standing| !self.is_current(standing));
        let Some(outdated) = outdated else {
            return Ok(Cow::Borrowed(cx));
        };
        let standing = match Box::pin(self.authenticate(outdated.token())).await {
            Ok(standing) => Some(standing),
            Err(Error::Unauthenticated(_) | Error::Denied(_)) if U::ACCESS.is_public() => None,
            Err(error) => return Err(self.refused::<U>(cx, error)),
        };
        let mut now = cx.clone();
        now.identify(standing);
        Ok(Cow::Owned(now))
    }

    /// Checks access, rate limit and validation, which refuse a request before it begins.
    fn admit<U: UseCase>(&self, cx: &RequestContext, use_case: &U) -> Result<()> {
        U::ACCESS
            .admit(&cx.caller)
            .map_err(|error| self.refused::<U>(cx, error))?;
        if !cx.is_counted {
            limit::check::<U>(self, cx).map_err(|error| self.refused::<U>(cx, error))?;
        }
        Ok(use_case.validate()?)
    }

    /// Counts a request against its rate limit as soon as its head has been read, so that a client whose body stalls,
    /// breaks off or is invalid is counted as well. The pipeline then does not count it again.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn count_request<U: UseCase>(&self, cx: &mut RequestContext) -> Result<()> {
        limit::check::<U>(self, cx).map_err(|error| self.refused::<U>(cx, error))?;
        cx.is_counted = true;
        Ok(())
    }

    /// Records a refusal, if it is a security event.
    fn refused<U: UseCase>(&self, cx: &RequestContext, error: Error) -> Error {
        self.note_refused(cx, U::NAME, &error);
        error
    }

    /// Runs after the commit, before the caller is answered: updates this node's caches and wakes the workers.
    fn committed(&self, changes: Changes) {
        for (noun, id) in changes.rows {
            self.caches().changed(noun, id);
        }
        for change in changes.access {
            self.tell(change);
        }
        for (cx, operation, error) in &changes.refused {
            self.note_refused(cx, operation, error);
        }
        if changes.keys {
            self.parts().keys.mark_stale();
        }
        if changes.jobs > 0 {
            self.job_wakes().notify_one();
        }
        if changes.stories > 0 {
            self.event_wakes().notify_one();
            self.audit_wakes().notify_one();
        }
    }

    /// Applies an access change that another part of this node made.
    pub fn tell(&self, change: AccessChange) {
        self.directory().apply(change, self.now());
    }
}
