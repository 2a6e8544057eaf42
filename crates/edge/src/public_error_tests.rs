//! Tests of what clients learn of each error, and of the status that REST gives it.

use super::*;
use crate::answer::{ApiError, status};
use mainstay_domain::access::Permission;
use mainstay_domain::error::{Denied, Unauthenticated};
use mainstay_domain::validation::ValidationErrors;
use std::collections::BTreeSet;

/// An error with its code, its HTTP status and the seconds after which to try again.
type Case = (ApiError, Code, u16, Option<u64>);

fn case(error: impl Into<ApiError>, code: Code, status: u16, wait: Option<u64>) -> Case {
    (error.into(), code, status, wait)
}

fn one() -> ValidationErrors {
    ValidationErrors::one("items[0]", "SEAT_TAKEN", "is taken")
}

/// Refusals of a caller.
fn of_callers() -> Vec<Case> {
    let unauthenticated = [
        (Unauthenticated::Missing, Code::Unauthorized),
        (Unauthenticated::Invalid, Code::TokenInvalid),
        (Unauthenticated::Expired, Code::TokenExpired),
        (Unauthenticated::Revoked, Code::TokenRevoked),
        (Unauthenticated::Reused, Code::TokenReused),
        (Unauthenticated::Credentials, Code::InvalidCredentials),
        (Unauthenticated::Factor, Code::MfaInvalid),
        (Unauthenticated::Passkey, Code::InvalidCredentials),
        (Unauthenticated::PasskeyCopied, Code::InvalidCredentials),
        (Unauthenticated::PasskeyFactor, Code::MfaInvalid),
    ];
    let denied = [
        (Denied::Permission(Permission::READ_AUDIT), Code::Forbidden),
        (Denied::Role, Code::Forbidden),
        (Denied::Ownership, Code::Forbidden),
        (Denied::Rank, Code::Forbidden),
        (Denied::NotHeld, Code::Forbidden),
        (Denied::FactorRequired, Code::Forbidden),
        (Denied::StepUp, Code::StepUpRequired),
        (Denied::Disabled, Code::AccountDisabled),
        (Denied::EmailUnverified, Code::EmailUnverified),
        (Denied::Csrf, Code::CsrfFailed),
    ];
    let unauthenticated =
        unauthenticated.map(|(why, code)| case(Error::Unauthenticated(why), code, 401, None));
    let denied = denied.map(|(why, code)| case(Error::Denied(why), code, 403, None));
    unauthenticated.into_iter().chain(denied).collect()
}

/// Refusals of a request, and failures.
fn of_requests() -> Vec<Case> {
    let text = || "as it says".to_owned();
    let limited = Error::Limited {
        retry_after: Duration::from_secs(7),
    };
    let locked_out = Error::LockedOut {
        retry_after: Duration::from_secs(900),
    };
    let away = Error::unavailable("the gateway", std::io::Error::other("hunter2"));
    let replayed = |code| Error::Replayed {
        code,
        message: text(),
        details: one(),
    };
    vec![
        case(Error::BadRequest(text()), Code::BadRequest, 400, None),
        case(Error::Invalid(one()), Code::ValidationFailed, 400, None),
        case(Error::NotFound, Code::NotFound, 404, None),
        case(Error::Conflict(text()), Code::Conflict, 409, None),
        case(Error::OutOfStock(one()), Code::OutOfStock, 409, None),
        case(Error::InvalidState(text()), Code::InvalidState, 409, None),
        case(
            Error::IdempotencyInFlight,
            Code::IdempotencyInFlight,
            409,
            Some(1),
        ),
        case(Error::IdempotencyMismatch, Code::IdempotencyMismatch, 422, None),
        case(Error::Stale, Code::PreconditionFailed, 412, None),
        case(limited, Code::RateLimited, 429, Some(7)),
        case(locked_out, Code::LockedOut, 429, Some(900)),
        case(away, Code::Unavailable, 503, Some(5)),
        case(Error::Timeout, Code::Timeout, 504, None),
        case(Error::bug("hunter2"), Code::InternalError, 500, None),
        case(replayed(Code::MfaInvalid), Code::MfaInvalid, 401, None),
        case(replayed(Code::StepUpRequired), Code::StepUpRequired, 403, None),
    ]
}

/// Every error, those that only HTTP has among them.
fn errors() -> Vec<Case> {
    let of_http = [
        case(ApiError::TooLarge(10), Code::PayloadTooLarge, 413, None),
        case(
            ApiError::UnsupportedMedia("send JSON"),
            Code::UnsupportedMediaType,
            415,
            None,
        ),
        case(ApiError::Busy, Code::Unavailable, 503, Some(1)),
        case(ApiError::MethodNotAllowed, Code::MethodNotAllowed, 405, None),
        case(ApiError::Panicked, Code::InternalError, 500, None),
    ];
    [of_callers(), of_requests(), of_http.into()].concat()
}

#[test]
fn every_error_has_its_code_status_and_time_to_wait() {
    for (error, code, expected, seconds) in errors() {
        let public = error.public();
        assert_eq!((public.code, error.code()), (code, code), "{error:?}");
        assert_eq!(status::of(code).as_u16(), expected, "{error:?}");
        assert_eq!(public.retry_after, seconds.map(Duration::from_secs), "{error:?}");
    }
}

#[test]
fn no_code_is_missing() {
    let tested: BTreeSet<Code> = errors().iter().map(|(_, code, ..)| *code).collect();
    assert_eq!(tested, Code::ALL.into_iter().collect());
}

#[test]
fn a_message_never_contains_the_cause() {
    for (error, ..) in errors() {
        let public = error.public();
        assert!(
            !public.message.is_empty() && !public.message.contains("hunter2"),
            "{public:?}"
        );
    }
}

#[test]
fn details_are_those_of_the_error() {
    for (error, code, ..) in errors() {
        // A replayed answer has those that were stored with it.
        let has_details = matches!(code, Code::ValidationFailed | Code::OutOfStock)
            || format!("{error:?}").contains("Replayed");
        let public = error.public();
        let codes: Vec<&str> = public.details.iter().map(|detail| &*detail.code).collect();
        assert_eq!(
            codes,
            if has_details { vec!["SEAT_TAKEN"] } else { vec![] },
            "{error:?}"
        );
    }
}
