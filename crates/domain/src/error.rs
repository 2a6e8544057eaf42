//! What can go wrong, as meanings. Each door dresses them: REST as a status and a body, the command
//! line as a sentence and an exit code.

use crate::access::Permission;
use crate::fault::{Fault, Faults};
use crate::money::MoneyError;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

/// The result of everything above the database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The stable codes that clients may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the code is its own explanation; the contract's table lists them"
)]
pub enum Code {
    BadRequest,
    ValidationFailed,
    Unauthorized,
    TokenInvalid,
    TokenExpired,
    TokenRevoked,
    TokenReused,
    InvalidCredentials,
    MfaInvalid,
    Forbidden,
    StepUpRequired,
    AccountDisabled,
    EmailUnverified,
    CsrfFailed,
    NotFound,
    MethodNotAllowed,
    Conflict,
    OutOfStock,
    InvalidState,
    IdempotencyInFlight,
    PreconditionFailed,
    PayloadTooLarge,
    UnsupportedMediaType,
    IdempotencyMismatch,
    RateLimited,
    LockedOut,
    InternalError,
    Unavailable,
    Timeout,
}

impl Code {
    /// Every code, for tables and snapshots.
    pub const ALL: [Self; 29] = [
        Self::BadRequest,
        Self::ValidationFailed,
        Self::Unauthorized,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::TokenRevoked,
        Self::TokenReused,
        Self::InvalidCredentials,
        Self::MfaInvalid,
        Self::Forbidden,
        Self::StepUpRequired,
        Self::AccountDisabled,
        Self::EmailUnverified,
        Self::CsrfFailed,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::OutOfStock,
        Self::InvalidState,
        Self::IdempotencyInFlight,
        Self::PreconditionFailed,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyMismatch,
        Self::RateLimited,
        Self::LockedOut,
        Self::InternalError,
        Self::Unavailable,
        Self::Timeout,
    ];

    /// The code as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::TokenInvalid => "TOKEN_INVALID",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::TokenRevoked => "TOKEN_REVOKED",
            Self::TokenReused => "TOKEN_REUSED",
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
            Self::MfaInvalid => "MFA_INVALID",
            Self::Forbidden => "FORBIDDEN",
            Self::StepUpRequired => "STEP_UP_REQUIRED",
            Self::AccountDisabled => "ACCOUNT_DISABLED",
            Self::EmailUnverified => "EMAIL_UNVERIFIED",
            Self::CsrfFailed => "CSRF_FAILED",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::Conflict => "CONFLICT",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::InvalidState => "INVALID_STATE",
            Self::IdempotencyInFlight => "IDEMPOTENCY_IN_FLIGHT",
            Self::PreconditionFailed => "PRECONDITION_FAILED",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::IdempotencyMismatch => "IDEMPOTENCY_MISMATCH",
            Self::RateLimited => "RATE_LIMITED",
            Self::LockedOut => "LOCKED_OUT",
            Self::InternalError => "INTERNAL_ERROR",
            Self::Unavailable => "UNAVAILABLE",
            Self::Timeout => "TIMEOUT",
        }
    }

    /// Finds the code of a stored name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }
}

/// Why a request is not let in although something was shown, or because nothing was (401).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// No credential at all.
    Missing,
    /// Not one of ours, or damaged.
    Invalid,
    /// Good once, too old now.
    Expired,
    /// The session was ended.
    Revoked,
    /// A refresh token whose successor was used already.
    Reused,
    /// The address or the password is wrong; which of them is not said.
    Credentials,
}

/// Why a known caller may not (403).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// A permission is missing.
    Permission(Permission),
    /// The role is another one.
    Role,
    /// The thing is somebody else's.
    Ownership,
    /// The account is switched off.
    Disabled,
    /// The address was not confirmed yet.
    EmailUnverified,
    /// A request that a foreign page may have sent.
    Csrf,
}

/// A failure, by its meaning.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The request cannot be read at all.
    #[error("{0}")]
    BadRequest(String),
    /// The request was read, and these things in it are wrong.
    #[error("the request is not valid")]
    Invalid(Faults),
    /// Nobody knows who is asking.
    #[error("{}", unauthenticated(*.0))]
    Unauthenticated(Unauthenticated),
    /// The caller is known and may not.
    #[error("{}", denied(.0))]
    Denied(Denied),
    /// There is no such thing, or the caller may not know of it.
    #[error("not found")]
    NotFound,
    /// Another thing stands in the way.
    #[error("{0}")]
    Conflict(String),
    /// Less is left than was asked for; the lines are named.
    #[error("not enough in stock")]
    OutOfStock(Faults),
    /// The thing is in a state that does not allow this move.
    #[error("{0}")]
    InvalidState(String),
    /// The same idempotency key is being worked on right now.
    #[error("a request with this idempotency key is still running")]
    IdempotencyInFlight,
    /// The same idempotency key came with another request.
    #[error("this idempotency key was used for another request")]
    IdempotencyMismatch,
    /// The thing changed since the caller looked, who named the version that was seen. Another try meets the same.
    #[error("it has changed since you read it")]
    Stale,
    /// Too often; worth another try after the given time.
    #[error("too many requests")]
    Limited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Too many wrong passwords; worth another try after the given time.
    #[error("too many wrong tries; wait a while")]
    LockedOut {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Something this depends on is away.
    #[error("{what} is not available")]
    Unavailable {
        /// What is away, in a word a client may see.
        what: &'static str,
        /// Why, for the log only.
        #[source]
        source: Option<Arc<dyn StdError + Send + Sync>>,
    },
    /// It took too long.
    #[error("the request took too long")]
    Timeout,
    /// A fault of ours. The cause is for the log, never for the client.
    #[error("internal error")]
    Internal(#[source] Arc<dyn StdError + Send + Sync>),
    /// A failure that was answered before and is told again, word for word.
    #[error("{message}")]
    Replayed {
        /// The code of the first answer.
        code: Code,
        /// Its message.
        message: String,
        /// Its details.
        details: Faults,
    },
}

impl Error {
    /// A fault of ours, said in a sentence.
    pub fn bug(what: impl Into<String>) -> Self {
        Self::Internal(Arc::new(Bug(what.into())))
    }

    /// A fault of ours with its cause.
    pub fn internal(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(cause))
    }

    /// Something is away, with the reason for the log.
    pub fn unavailable(what: &'static str, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::Unavailable {
            what,
            source: Some(Arc::new(cause)),
        }
    }

    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::BadRequest(_) => Code::BadRequest,
            Self::Invalid(_) => Code::ValidationFailed,
            Self::Unauthenticated(why) => match why {
                Unauthenticated::Missing => Code::Unauthorized,
                Unauthenticated::Invalid => Code::TokenInvalid,
                Unauthenticated::Expired => Code::TokenExpired,
                Unauthenticated::Revoked => Code::TokenRevoked,
                Unauthenticated::Reused => Code::TokenReused,
                Unauthenticated::Credentials => Code::InvalidCredentials,
            },
            Self::Denied(why) => match why {
                Denied::Permission(_) | Denied::Role | Denied::Ownership => Code::Forbidden,
                Denied::Disabled => Code::AccountDisabled,
                Denied::EmailUnverified => Code::EmailUnverified,
                Denied::Csrf => Code::CsrfFailed,
            },
            Self::NotFound => Code::NotFound,
            Self::Conflict(_) => Code::Conflict,
            Self::OutOfStock(_) => Code::OutOfStock,
            Self::InvalidState(_) => Code::InvalidState,
            Self::IdempotencyInFlight => Code::IdempotencyInFlight,
            Self::IdempotencyMismatch => Code::IdempotencyMismatch,
            Self::Stale => Code::PreconditionFailed,
            Self::Limited { .. } => Code::RateLimited,
            Self::LockedOut { .. } => Code::LockedOut,
            Self::Unavailable { .. } => Code::Unavailable,
            Self::Timeout => Code::Timeout,
            Self::Internal(_) => Code::InternalError,
            Self::Replayed { code, .. } => *code,
        }
    }

    /// The faults in the input, where the meaning has any.
    pub fn details(&self) -> &[Fault] {
        match self {
            Self::Invalid(faults) | Self::OutOfStock(faults) | Self::Replayed { details: faults, .. } => {
                faults.list()
            }
            _ => &[],
        }
    }

    /// True when the operation itself answered so, and would again: what an idempotency key remembers.
    ///
    /// Faults before it began (400, 401, 403, 429) and faults that may pass (5xx) are not answers.
    pub fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::NotFound | Self::Conflict(_) | Self::OutOfStock(_) | Self::InvalidState(_) | Self::Stale
        )
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Bug(String);

fn unauthenticated(why: Unauthenticated) -> &'static str {
    match why {
        Unauthenticated::Missing => "sign in first",
        Unauthenticated::Invalid => "the token is not valid",
        Unauthenticated::Expired => "the token has expired",
        Unauthenticated::Revoked => "the session has ended",
        Unauthenticated::Reused => "the refresh token was used before; the session has ended",
        Unauthenticated::Credentials => "the e-mail address or the password is wrong",
    }
}

fn denied(why: &Denied) -> String {
    match why {
        Denied::Permission(permission) => format!("this needs the permission {permission}"),
        Denied::Role => "this needs another role".to_owned(),
        Denied::Ownership => "this belongs to somebody else".to_owned(),
        Denied::Disabled => "this account is disabled".to_owned(),
        Denied::EmailUnverified => "confirm your e-mail address first".to_owned(),
        Denied::Csrf => "the request does not come from a page of ours".to_owned(),
    }
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults)
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        let code = match error {
            MoneyError::Mixed(..) => "CURRENCY",
            MoneyError::TooLarge => "RANGE",
        };
        Self::Invalid(Faults::one("items", code, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name() {
        for code in Code::ALL {
            assert_eq!(Code::find(code.as_str()), Some(code));
        }
    }

    #[test]
    fn a_fault_of_ours_says_nothing_of_its_cause() {
        assert_eq!(Error::bug("password=hunter2").to_string(), "internal error");
    }
}
