//! Errors, classified by meaning. Each interface renders them: REST as a status and a body, the command line as a
//! sentence and an exit code.

use crate::access::Permission;
use crate::money::MoneyError;
use crate::string_enum;
use crate::validation::{FieldError, ValidationErrors};
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

/// The result type of everything above the database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

string_enum! {
    /// The stable codes that clients may rely on.
    #[expect(
        missing_docs,
        reason = "the codes are self-explanatory; the contract's table lists them"
    )]
    pub enum Code {
        BadRequest = "BAD_REQUEST",
        ValidationFailed = "VALIDATION_FAILED",
        Unauthorized = "UNAUTHORIZED",
        TokenInvalid = "TOKEN_INVALID",
        TokenExpired = "TOKEN_EXPIRED",
        TokenRevoked = "TOKEN_REVOKED",
        TokenReused = "TOKEN_REUSED",
        InvalidCredentials = "INVALID_CREDENTIALS",
        MfaInvalid = "MFA_INVALID",
        Forbidden = "FORBIDDEN",
        StepUpRequired = "STEP_UP_REQUIRED",
        AccountDisabled = "ACCOUNT_DISABLED",
        EmailUnverified = "EMAIL_UNVERIFIED",
        CsrfFailed = "CSRF_FAILED",
        NotFound = "NOT_FOUND",
        MethodNotAllowed = "METHOD_NOT_ALLOWED",
        Conflict = "CONFLICT",
        OutOfStock = "OUT_OF_STOCK",
        InvalidState = "INVALID_STATE",
        IdempotencyInFlight = "IDEMPOTENCY_IN_FLIGHT",
        PreconditionFailed = "PRECONDITION_FAILED",
        PayloadTooLarge = "PAYLOAD_TOO_LARGE",
        UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE",
        IdempotencyMismatch = "IDEMPOTENCY_MISMATCH",
        RateLimited = "RATE_LIMITED",
        LockedOut = "LOCKED_OUT",
        InternalError = "INTERNAL_ERROR",
        Unavailable = "UNAVAILABLE",
        Timeout = "TIMEOUT",
    }
}

/// Why the caller could not be authenticated (401).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// The request carries no credential.
    Missing,
    /// Mainstay did not issue the credential, or it is damaged.
    Invalid,
    /// The credential has expired.
    Expired,
    /// The session was ended.
    Revoked,
    /// The API key was revoked.
    KeyRevoked,
    /// A refresh token whose successor was already used.
    Reused,
    /// The e-mail address or the password is wrong; the error does not reveal which.
    Credentials,
    /// The code of a second factor is wrong, or was used before.
    Factor,
    /// A passkey that is not accepted at a sign-in.
    Passkey,
    /// A passkey that is not accepted as a second factor.
    PasskeyFactor,
    /// A passkey whose signature counter went back: there may be a copy of it.
    PasskeyCopied,
}

/// Why an authenticated caller was denied access (403).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// A permission is missing.
    Permission(Permission),
    /// The caller has another role than the required one.
    Role,
    /// The resource belongs to another user.
    Ownership,
    /// The caller presents an API key, and this needs a session: sign in.
    Session,
    /// The API key is bound to other networks than the client's.
    Network,
    /// The account or role that the caller would change holds a permission that the caller does not hold.
    Rank,
    /// The caller would give a permission that they do not hold themselves.
    NotHeld,
    /// The account is disabled.
    Disabled,
    /// The e-mail address is not confirmed yet.
    EmailUnverified,
    /// The account was created by an invitation that its user has not accepted yet.
    Invited,
    /// The request may come from another site (cross-site request forgery).
    Csrf,
    /// The user has to prove again who they are (step-up).
    StepUp,
    /// The role requires a second factor, and the account has none yet.
    FactorRequired,
}

/// An error, classified by its meaning.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The request cannot be parsed.
    #[error("{0}")]
    BadRequest(String),
    /// The request was parsed, and these fields are invalid.
    #[error("the request is not valid")]
    Invalid(ValidationErrors),
    /// The caller is not authenticated.
    #[error("{}", unauthenticated(*.0))]
    Unauthenticated(Unauthenticated),
    /// The caller is authenticated and lacks the permission.
    #[error("{}", denied(.0))]
    Denied(Denied),
    /// The resource does not exist, or the caller may not know of it.
    #[error("not found")]
    NotFound,
    /// The request conflicts with another resource.
    #[error("{0}")]
    Conflict(String),
    /// Less is in stock than was ordered; the details name the order lines.
    #[error("not enough in stock")]
    OutOfStock(ValidationErrors),
    /// The resource is in a state that does not allow this transition.
    #[error("{0}")]
    InvalidState(String),
    /// A request with the same idempotency key is being processed.
    #[error("a request with this idempotency key is still running")]
    IdempotencyInFlight,
    /// The same idempotency key came with a different request.
    #[error("this idempotency key was used for another request")]
    IdempotencyMismatch,
    /// The resource changed since the client read the version that its `If-Match` names. A retry has the same result.
    #[error("it has changed since you read it")]
    Stale,
    /// The rate limit is exceeded; the client may retry after the given time.
    #[error("too many requests")]
    Limited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Too many wrong passwords; the client may retry after the given time.
    #[error("too many wrong tries; wait a while")]
    LockedOut {
        /// How long to wait.
        retry_after: Duration,
    },
    /// A dependency is unavailable.
    #[error("{what} is not available")]
    Unavailable {
        /// The dependency's name, in terms that a client may see.
        what: &'static str,
        /// The cause, for the log only.
        #[source]
        source: Option<Arc<dyn StdError + Send + Sync>>,
    },
    /// The request exceeded its time limit.
    #[error("the request took too long")]
    Timeout,
    /// A bug or an unexpected failure. The cause is for the log, never for the client.
    #[error("internal error")]
    Internal(#[source] Arc<dyn StdError + Send + Sync>),
    /// The error of an earlier response, replayed verbatim.
    #[error("{message}")]
    Replayed {
        /// The code of the first response.
        code: Code,
        /// The message of the first response.
        message: String,
        /// The validation errors of the first response.
        details: ValidationErrors,
    },
}

impl Error {
    /// An internal error described by a sentence: a bug.
    pub fn bug(what: impl Into<String>) -> Self {
        Self::Internal(Arc::new(Bug(what.into())))
    }

    /// An internal error with its cause.
    pub fn internal(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(cause))
    }

    /// A dependency is unavailable, with the cause for the log.
    pub fn unavailable(what: &'static str, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::Unavailable {
            what,
            source: Some(Arc::new(cause)),
        }
    }

    /// The error's stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::BadRequest(_) => Code::BadRequest,
            Self::Invalid(_) => Code::ValidationFailed,
            Self::Unauthenticated(why) => match why {
                Unauthenticated::Missing => Code::Unauthorized,
                Unauthenticated::Invalid => Code::TokenInvalid,
                Unauthenticated::Expired => Code::TokenExpired,
                Unauthenticated::Revoked | Unauthenticated::KeyRevoked => Code::TokenRevoked,
                Unauthenticated::Reused => Code::TokenReused,
                Unauthenticated::Credentials | Unauthenticated::Passkey | Unauthenticated::PasskeyCopied => {
                    Code::InvalidCredentials
                }
                Unauthenticated::Factor | Unauthenticated::PasskeyFactor => Code::MfaInvalid,
            },
            Self::Denied(why) => match why {
                Denied::Permission(_)
                | Denied::Role
                | Denied::Ownership
                | Denied::Session
                | Denied::Network
                | Denied::FactorRequired
                | Denied::Rank
                | Denied::NotHeld => Code::Forbidden,
                Denied::Disabled => Code::AccountDisabled,
                Denied::EmailUnverified | Denied::Invited => Code::EmailUnverified,
                Denied::Csrf => Code::CsrfFailed,
                Denied::StepUp => Code::StepUpRequired,
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

    /// The validation errors of the input; empty for errors that have none.
    pub fn details(&self) -> &[FieldError] {
        match self {
            Self::Invalid(errors) | Self::OutOfStock(errors) | Self::Replayed { details: errors, .. } => {
                errors.list()
            }
            _ => &[],
        }
    }

    /// True when the operation itself produced this error, and a retry would produce it again: what an idempotency
    /// key stores.
    ///
    /// Errors before the operation began (400, 401, 403, 429) and errors that may be temporary (5xx) are not stored.
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
        Unauthenticated::KeyRevoked => "the API key was revoked",
        Unauthenticated::Reused => "the refresh token was used before; the session has ended",
        Unauthenticated::Credentials => "the e-mail address or the password is wrong",
        Unauthenticated::Factor => "the code is wrong or was used before",
        // The client does not learn why: an attacker would know what to change.
        Unauthenticated::Passkey | Unauthenticated::PasskeyFactor | Unauthenticated::PasskeyCopied => {
            "the passkey is not accepted"
        }
    }
}

fn denied(why: &Denied) -> String {
    match why {
        Denied::Permission(permission) => format!("this needs the permission {permission}"),
        Denied::Role => "this needs another role".to_owned(),
        Denied::Ownership => "this belongs to another account".to_owned(),
        Denied::Session => "an API key may not do this; sign in".to_owned(),
        Denied::Network => "this API key is not accepted from your network".to_owned(),
        Denied::Rank => "this account or role holds permissions that you do not hold".to_owned(),
        Denied::NotHeld => "you cannot give a permission that you do not hold, or for longer".to_owned(),
        Denied::Disabled => "this account is disabled".to_owned(),
        Denied::EmailUnverified => "confirm your e-mail address first".to_owned(),
        Denied::Invited => "accept the invitation first, by the link in the mail".to_owned(),
        Denied::Csrf => "the request does not come from a page of ours".to_owned(),
        Denied::FactorRequired => "your role requires a second factor: set one up first".to_owned(),
        Denied::StepUp => "prove again that it is you: POST /api/auth/step-up".to_owned(),
    }
}

impl From<ValidationErrors> for Error {
    fn from(errors: ValidationErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        let code = match error {
            MoneyError::Mixed(..) => "CURRENCY",
            MoneyError::TooLarge => "RANGE",
        };
        Self::Invalid(ValidationErrors::one("items", code, error.to_string()))
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
    fn an_internal_error_does_not_reveal_its_cause() {
        assert_eq!(Error::bug("password=hunter2").to_string(), "internal error");
    }
}
