//! What clients learn of an error, whatever the interface.
//!
//! Each interface renders a [`PublicError`] in its own form: REST as a status and JSON, GraphQL as `extensions.code`,
//! gRPC as a status code. The match over [`Code`] in each renderer is exhaustive, so a new code cannot be forgotten.

use mainstay_domain::Error;
use mainstay_domain::error::Code;
use mainstay_domain::validation::FieldError;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

/// When to try again after a dependency was unavailable.
const AFTER_UNAVAILABLE: Duration = Duration::from_secs(5);
/// When to try again while another request uses what this one needs.
const AFTER_BUSY: Duration = Duration::from_secs(1);

/// What clients learn of an error. Causes of internal errors are not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicError<'e> {
    /// The stable code that programs decide by.
    pub code: Code,
    /// The message for people, in English.
    pub message: Cow<'e, str>,
    /// The validation errors; empty for errors that have none.
    pub details: &'e [FieldError],
    /// How long to wait before the next try, where waiting helps.
    pub retry_after: Option<Duration>,
}

impl<'e> PublicError<'e> {
    /// An error of an interface itself, which has neither details nor a time to wait.
    pub fn new(code: Code, message: impl Into<Cow<'e, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            details: &[],
            retry_after: None,
        }
    }

    /// The refusal of a request for which there is no memory now.
    pub fn busy() -> Self {
        Self {
            retry_after: Some(AFTER_BUSY),
            ..Self::new(
                Code::Unavailable,
                "the server has no room for this request now: try again",
            )
        }
    }
}

impl<'e> From<&'e Error> for PublicError<'e> {
    fn from(error: &'e Error) -> Self {
        let retry_after = match error {
            Error::Limited { retry_after } | Error::LockedOut { retry_after } => Some(*retry_after),
            Error::Unavailable { .. } => Some(AFTER_UNAVAILABLE),
            Error::IdempotencyInFlight => Some(AFTER_BUSY),
            Error::BadRequest(_)
            | Error::Invalid(_)
            | Error::Unauthenticated(_)
            | Error::Denied(_)
            | Error::NotFound
            | Error::Conflict(_)
            | Error::OutOfStock(_)
            | Error::InvalidState(_)
            | Error::IdempotencyMismatch
            | Error::Stale
            | Error::Timeout
            | Error::Internal(_)
            | Error::Replayed { .. } => None,
        };
        Self {
            code: error.code(),
            message: error.to_string().into(),
            details: error.details(),
            retry_after,
        }
    }
}

/// Logs an error that the operator has to know of, with all its causes. Each interface calls it once for an error that
/// it renders; no other place logs the error.
pub fn log(error: &Error, request_id: &str, operation: Option<&'static str>) {
    match error {
        Error::Internal(cause) => {
            let cause = with_causes(&**cause);
            tracing::error!(
                request_id,
                operation,
                cause,
                "a request failed by a fault of ours"
            );
        }
        Error::Unavailable { what, source } => {
            let cause = source.as_deref().map(|cause| with_causes(cause));
            tracing::warn!(
                request_id,
                operation,
                what,
                cause,
                "a request failed because something is away"
            );
        }
        Error::Timeout => tracing::warn!(request_id, operation, "a request took too long"),
        _ => {}
    }
}

/// An error and its causes, separated by colons.
fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
#[path = "public_error_tests.rs"]
mod tests;
