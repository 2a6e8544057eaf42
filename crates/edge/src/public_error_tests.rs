//! Tests of what clients learn of each error, and of the status that REST gives it.

use super::*;
use crate::answer::{ApiError, status};
use mainstay_domain::access::Permission;
use mainstay_domain::error::{Denied, Unauthenticated};
use mainstay_domain::validation::ValidationErrors;
use std::collections::BTreeSet;

/// Every error, with its code, its HTTP status and the seconds after which to try again.
fn errors() -> Vec<(ApiError, Code, u16, Option<u64>)> {
    let secs = Duration::from_secs;
    let one = || ValidationErrors::one("items[0]", "SEAT_TAKEN", "is taken");
    let text = || "as it says".to_owned();
    let unauthenticated = |why| Error::Unauthenticated(why);
    let meant = [
        (Error::BadRequest(text()), Code::BadRequest, 400, None),
        (Error::Invalid(one()), Code::ValidationFailed, 400, None),
        (
            unauthenticated(Unauthenticated::Missing),
            Code::Unauthorized,
            401,
            None,
        ),
        (
            unauthenticated(Unauthenticated::Invalid),
            Code::TokenInvalid,
            401,
            None,
        ),
        (
            unauthenticated(Unauthenticated::Expired),
            Code::TokenExpired,
            401,
            None,
        ),
        (
            unauthenticated(Unauthenticated::Revoked),
            Code::TokenRevoked,
            401,
            None,
        ),
        (
            unauthenticated(Unauthenticated::Reused),
            Code::TokenReused,
            401,
            None,
        ),
        (
            unauthenticated(Unauthenticated::Credentials),
            Code::InvalidCredentials,
            401,
            None,
        ),
        (
            Error::Denied(Denied::Permission(Permission::READ_AUDIT)),
            Code::Forbidden,
            403,
            None,
        ),
        (Error::Denied(Denied::Role), Code::Forbidden, 403, None),
        (Error::Denied(Denied::Ownership), Code::Forbidden, 403, None),
        (Error::Denied(Denied::Disabled), Code::AccountDisabled, 403, None),
        (
            Error::Denied(Denied::EmailUnverified),
            Code::EmailUnverified,
            403,
            None,
        ),
        (Error::Denied(Denied::Csrf), Code::CsrfFailed, 403, None),
        (Error::NotFound, Code::NotFound, 404, None),
        (Error::Conflict(text()), Code::Conflict, 409, None),
        (Error::OutOfStock(one()), Code::OutOfStock, 409, None),
        (Error::InvalidState(text()), Code::InvalidState, 409, None),
        (
            Error::IdempotencyInFlight,
            Code::IdempotencyInFlight,
            409,
            Some(1),
        ),
        (Error::IdempotencyMismatch, Code::IdempotencyMismatch, 422, None),
        (Error::Stale, Code::PreconditionFailed, 412, None),
        (
            Error::Limited { retry_after: secs(7) },
            Code::RateLimited,
            429,
            Some(7),
        ),
        (
            Error::LockedOut {
                retry_after: secs(900),
            },
            Code::LockedOut,
            429,
            Some(900),
        ),
        (
            Error::unavailable("the gateway", std::io::Error::other("hunter2")),
            Code::Unavailable,
            503,
            Some(5),
        ),
        (Error::Timeout, Code::Timeout, 504, None),
        (Error::bug("hunter2"), Code::InternalError, 500, None),
        (
            Error::Replayed {
                code: Code::MfaInvalid,
                message: text(),
                details: one(),
            },
            Code::MfaInvalid,
            401,
            None,
        ),
        (
            Error::Replayed {
                code: Code::StepUpRequired,
                message: text(),
                details: one(),
            },
            Code::StepUpRequired,
            403,
            None,
        ),
    ];
    let own = [
        (ApiError::TooLarge(10), Code::PayloadTooLarge, 413, None),
        (
            ApiError::UnsupportedMedia("send JSON"),
            Code::UnsupportedMediaType,
            415,
            None,
        ),
        (ApiError::Busy, Code::Unavailable, 503, Some(1)),
        (ApiError::MethodNotAllowed, Code::MethodNotAllowed, 405, None),
        (ApiError::Panicked, Code::InternalError, 500, None),
    ];
    let meant = meant.map(|(error, code, status, wait)| (ApiError::from(error), code, status, wait));
    meant.into_iter().chain(own).collect()
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
        let has_details = matches!(
            code,
            Code::ValidationFailed | Code::OutOfStock | Code::MfaInvalid | Code::StepUpRequired
        );
        let public = error.public();
        let codes: Vec<&str> = public.details.iter().map(|detail| &*detail.code).collect();
        assert_eq!(
            codes,
            if has_details { vec!["SEAT_TAKEN"] } else { vec![] },
            "{error:?}"
        );
    }
}
