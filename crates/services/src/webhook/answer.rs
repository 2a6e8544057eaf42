//! What became of one attempt, as it is recorded.

use crate::ports::WebhookAnswer;
use serde::{Deserialize, Serialize};

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptAnswer {
    /// The status of the answer; `None` without an answer.
    pub status: Option<u16>,
    /// The beginning of the answer's body.
    pub body: Option<String>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}

impl AttemptAnswer {
    /// The answer to a request that took so long.
    pub(super) fn of(answer: WebhookAnswer, duration_ms: i64) -> Self {
        Self {
            status: answer.status,
            body: answer.body,
            error: answer.error,
            duration_ms,
        }
    }

    /// An attempt that sent nothing.
    pub(super) fn unsent(error: String) -> Self {
        Self {
            status: None,
            body: None,
            error: Some(error),
            duration_ms: 0,
        }
    }

    /// Whether the endpoint took the event.
    pub(super) fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the endpoint asks for no more events: 410 (RFC 9110, 15.5.11).
    pub(super) fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}
