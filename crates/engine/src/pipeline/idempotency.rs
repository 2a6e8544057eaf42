//! Stored answers of idempotent requests (draft-ietf-httpapi-idempotency-key-header).

use crate::components::Components;
use crate::context::{self, Repositories};
use crate::request_context::{IdempotencyKey, RequestContext};
use mainstay_domain::error::Code;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::validation::{FieldError, ValidationErrors};
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Isolation, ReadMode};
use mainstay_repositories::{DeferredWrites, NewStoredResult, StoredResult};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How long an answer is stored.
pub(crate) const ANSWER_RETENTION: Duration = Duration::from_hours(24);

#[derive(Serialize, Deserialize)]
struct StoredError {
    message: String,
    details: Vec<(String, String, String)>,
}

/// The stored answer to the same request, if there is one: JSON, or the error that it ended with.
pub(super) async fn recall(
    components: &Arc<Components>,
    cx: &RequestContext,
    operation: &'static str,
    user: UserId,
    key: &IdempotencyKey,
) -> Result<Option<Result<String>>> {
    let (key, now) = (key.clone(), components.node.now());
    let read = context::read(components, cx, ReadMode::Single, move |view| {
        Box::pin(async move { find(view, operation, user, &key, now).await })
    });
    read.await
}

/// The same as [`recall`], inside a transaction or a snapshot.
pub(super) async fn find(
    inside: &mut (impl Repositories + Send),
    operation: &'static str,
    user: UserId,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Option<Result<String>>> {
    let found = inside
        .idempotency()
        .find(user, operation, &key.key, now.before(ANSWER_RETENTION))
        .await?;
    found.map(|found| replay(found, key)).transpose()
}

fn replay(found: StoredResult, key: &IdempotencyKey) -> Result<Result<String>> {
    if found.fingerprint != key.fingerprint {
        return Err(Error::IdempotencyMismatch);
    }
    let Some(code) = &found.code else {
        return Ok(Ok(found.answer));
    };
    let stored: StoredError = serde_json::from_str(&found.answer).map_err(Error::internal)?;
    let code =
        Code::find(code).ok_or_else(|| Error::bug(format!("a remembered answer has the code {code}")))?;
    let mut details = ValidationErrors::new();
    for (path, code, message) in stored.details {
        details.add(path, code, message);
    }
    Ok(Err(Error::Replayed {
        code,
        message: stored.message,
        details,
    }))
}

/// The record of a success, for the deferred writes of its transaction.
pub(super) fn success(
    operation: &'static str,
    user: UserId,
    key: &IdempotencyKey,
    answer: String,
    now: Timestamp,
) -> NewStoredResult {
    record(operation, user, key, None, answer, now)
}

fn record(
    operation: &'static str,
    user: UserId,
    key: &IdempotencyKey,
    code: Option<Code>,
    answer: String,
    now: Timestamp,
) -> NewStoredResult {
    NewStoredResult {
        caller_id: user,
        operation: operation.to_owned(),
        key: key.key.to_string(),
        fingerprint: key.fingerprint.to_vec(),
        code: code.map(|code| code.as_str().to_owned()),
        answer,
        created_at: now,
        not_before: now.before(ANSWER_RETENTION),
    }
}

/// Stores an error that changed nothing: not found, conflict, out of stock, wrong state. False when another node has
/// stored another answer to the same request meanwhile: that one counts.
pub(super) async fn remember_error(
    components: &Arc<Components>,
    cx: &RequestContext,
    operation: &'static str,
    user: UserId,
    key: &IdempotencyKey,
    error: &Error,
) -> Result<bool> {
    if !error.is_answer() {
        return Ok(true);
    }
    let parts = |error: &FieldError| (error.path.clone(), error.code.to_string(), error.message.clone());
    let stored = StoredError {
        message: error.to_string(),
        details: error.details().iter().map(parts).collect(),
    };
    let answer = serde_json::to_string(&stored).map_err(Error::internal)?;
    let row = record(
        operation,
        user,
        key,
        Some(error.code()),
        answer,
        components.node.now(),
    );
    let (owned, cx) = (Arc::clone(components), cx.clone());
    components
        .node
        .database
        .write(Isolation::ReadCommitted, move |tx| {
            let (row, components, cx) = (row.clone(), Arc::clone(&owned), cx.clone());
            Box::pin(async move {
                let mut deferred = DeferredWrites::new();
                deferred.idempotency(row);
                let written = deferred.flush(tx).await?;
                components.node.used(tx.stats());
                cx.notes.add(tx.stats());
                Ok::<_, Error>(!written.idempotency_taken)
            })
        })
        .await
}
