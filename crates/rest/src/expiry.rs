//! When something that a client makes expires.

use crate::parse;
use mainstay_domain::validation::ValidationErrors;
use mainstay_services::user::Expiry;
use std::time::Duration;

/// The longest time, in seconds, after which something may be set to expire: a hundred years.
const MAX_SECONDS: u64 = 100 * 366 * 24 * 3600;

/// Parses `expiresIn`, in seconds, or `expiresAt`; records findings in `errors`.
pub(crate) fn parse(errors: &mut ValidationErrors, seconds: Option<i64>, at: Option<&str>) -> Option<Expiry> {
    match (seconds, at) {
        (None, None) => Some(Expiry::Never),
        (Some(seconds), None) => match u64::try_from(seconds) {
            Ok(seconds @ 1..=MAX_SECONDS) => Some(Expiry::In(Duration::from_secs(seconds))),
            _ => {
                let range = format!("must be from 1 to {MAX_SECONDS} seconds");
                errors.add("expiresIn", "RANGE", range);
                None
            }
        },
        (None, Some(instant)) => errors.take("expiresAt", parse::instant(instant)).map(Expiry::At),
        (Some(_), Some(_)) => {
            errors.add("expiresAt", "CONFLICT", "cannot be given together with expiresIn");
            None
        }
    }
}
