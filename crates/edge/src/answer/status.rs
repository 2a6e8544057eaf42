//! The HTTP status of each error code.

use http::StatusCode;
use mainstay_domain::error::Code;

/// The HTTP status of an error code.
pub const fn of(code: Code) -> StatusCode {
    match code {
        Code::BadRequest | Code::ValidationFailed => StatusCode::BAD_REQUEST,
        Code::Unauthorized
        | Code::TokenInvalid
        | Code::TokenExpired
        | Code::TokenRevoked
        | Code::TokenReused
        | Code::InvalidCredentials
        | Code::MfaInvalid => StatusCode::UNAUTHORIZED,
        Code::Forbidden
        | Code::StepUpRequired
        | Code::AccountDisabled
        | Code::EmailUnverified
        | Code::CsrfFailed => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::Conflict | Code::OutOfStock | Code::InvalidState | Code::IdempotencyInFlight => {
            StatusCode::CONFLICT
        }
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RateLimited | Code::LockedOut => StatusCode::TOO_MANY_REQUESTS,
        Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Timeout => StatusCode::GATEWAY_TIMEOUT,
    }
}
