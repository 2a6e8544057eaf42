//! The one function that every use case goes through, whatever the door.
//!
//! In this order: whether the caller is still who it was, access, rate limit, validation, idempotency, `prepare`, the
//! transaction around `run` (rows, audit entry, event, jobs and idempotency record in one commit), and after the commit:
//! memory is told, workers are woken. A query that knows its answer gives it after the validation.

mod attempt;
pub(crate) mod idempotency;
pub(crate) mod in_flight;
mod limit;

use crate::access::directory::AccessChange;
use crate::audit::WriterLease;
use crate::cache::Known;
use crate::context::Context;
use crate::services::Services;
use crate::use_case::{Command, Query, UseCase};
use crate::work::{Changes, Outside};
use attempt::{Attempt, Outcome};
use mainstay_domain::{Error, Result};
use mainstay_platform::stopwatch::Stopwatch;
use std::borrow::Cow;
use std::sync::Arc;

/// What a command answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<T> {
    /// The answer.
    pub output: T,
    /// Whether it is the first answer told again, because the request was a repetition.
    pub replayed: bool,
}

impl Services {
    /// Runs a command.
    ///
    /// # Errors
    /// A refusal of access, rate or validation before anything began; else what the command says, with
    /// nothing changed.
    pub async fn command<C: Command>(&self, cx: &Context, command: C) -> Result<Done<C::Output>> {
        let watch = Stopwatch::start();
        let result = self.command_inner(cx, command).await;
        self.measured(C::NAME, &watch, result.as_ref().err());
        result
    }

    /// Runs a query.
    ///
    /// # Errors
    /// A refusal of access, rate or validation; else what the query says.
    pub async fn query<Q: Query>(&self, cx: &Context, query: Q) -> Result<Q::Output> {
        let watch = Stopwatch::start();
        let result = self.query_inner(cx, query).await;
        self.measured(Q::NAME, &watch, result.as_ref().err());
        result
    }

    async fn command_inner<C: Command>(&self, cx: &Context, command: C) -> Result<Done<C::Output>> {
        let cx = &*self.as_of_now::<C>(cx).await?;
        self.admit(cx, &command)?;
        let key = cx
            .idempotency
            .as_ref()
            .filter(|_| C::IDEMPOTENT)
            .zip(cx.caller.user_id());
        let Some((key, user)) = key else {
            return self.carry_out(cx, command).await;
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
        let result = self.carry_out(cx, command).await;
        if let Err(error) = &result
            && !idempotency::remember_refusal::<C>(self, cx, user, key, error).await?
            && let Some(answer) = idempotency::recall::<C>(self, cx, user, key).await?
        {
            return answer.map(|output| Done {
                output,
                replayed: true,
            });
        }
        result
    }

    async fn carry_out<C: Command>(&self, cx: &Context, command: C) -> Result<Done<C::Output>> {
        let command = match command.prepare(&Outside::new(self, cx)).await {
            Ok(command) => command,
            Err(error) => return Err(self.refused::<C>(cx, error)),
        };
        let writer = Arc::new(WriterLease::default());
        let attempt = Attempt::new(self.clone(), cx.clone(), command, Arc::clone(&writer));
        let services = self.clone();
        // A task of its own: whoever goes away while it commits must not keep memory from being told.
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

    async fn query_inner<Q: Query>(&self, cx: &Context, query: Q) -> Result<Q::Output> {
        let cx = &*self.as_of_now::<Q>(cx).await?;
        self.admit(cx, &query)?;
        if let Some(output) = query.known(&Known::new(self, cx)) {
            return Ok(output);
        }
        let look = self
            .look(cx, Q::READ, move |view| Box::pin(query.run(view)))
            .await;
        look.map_err(|error| self.refused::<Q>(cx, error))
    }

    fn measured(&self, name: &'static str, watch: &Stopwatch, error: Option<&Error>) {
        let outcome = error.map_or("OK", |error| error.code().as_str());
        self.parts().metrics.use_case_ran(name, outcome, watch.elapsed());
    }

    /// The circumstances as they are now. The door knew the caller when it had read the head of the request; until the
    /// body was there, whoever sends it may have been demoted, switched off or signed out.
    async fn as_of_now<'c, U: UseCase>(&self, cx: &'c Context) -> Result<Cow<'c, Context>> {
        let past = cx
            .standing
            .as_ref()
            .filter(|standing| !self.still_stands(standing));
        let Some(past) = past else {
            return Ok(Cow::Borrowed(cx));
        };
        let standing = match Box::pin(self.authenticate(past.token())).await {
            Ok(standing) => Some(standing),
            Err(Error::Unauthenticated(_) | Error::Denied(_)) if U::ACCESS.is_public() => None,
            Err(error) => return Err(self.refused::<U>(cx, error)),
        };
        let mut now = cx.clone();
        now.identify(standing);
        Ok(Cow::Owned(now))
    }

    /// Access, rate limit, validation: what refuses a request before it begins.
    fn admit<U: UseCase>(&self, cx: &Context, use_case: &U) -> Result<()> {
        U::ACCESS
            .admit(&cx.caller)
            .map_err(|error| self.refused::<U>(cx, error))?;
        limit::check::<U>(self, cx).map_err(|error| self.refused::<U>(cx, error))?;
        Ok(use_case.validate()?)
    }

    /// Notes a refusal that somebody should see.
    fn refused<U: UseCase>(&self, cx: &Context, error: Error) -> Error {
        self.note_refused(cx, U::NAME, &error);
        error
    }

    /// After the commit: memory is told before the caller is, and workers are woken.
    fn committed(&self, changes: Changes) {
        for (noun, id) in changes.rows {
            self.caches().changed(noun, id);
        }
        for change in changes.access {
            self.directory().apply(change);
        }
        for (cx, operation, error) in &changes.refused {
            self.note_refused(cx, operation, error);
        }
        if changes.keys {
            self.parts().keys.mark_stale();
        }
        if changes.jobs > 0 {
            self.work_waits().notify_one();
        }
        if changes.stories > 0 {
            self.events_wait().notify_one();
            self.audit_waits().notify_one();
        }
    }

    /// Tells this node's memory of a change that another part of it made.
    pub fn tell(&self, change: AccessChange) {
        self.directory().apply(change);
    }
}
