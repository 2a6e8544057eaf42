//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header).

use crate::answer::ApiError;
use http::{HeaderMap, HeaderName, Method};
use mainstay_domain::Error;
use std::sync::Arc;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Whether the client asks for idempotency: a `POST` with a key.
pub(super) fn is_asked(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::POST && headers.contains_key(IDEMPOTENCY_KEY)
}

/// The client's idempotency key: 1 to 255 visible ASCII characters.
///
/// # Errors
/// `BAD_REQUEST` for any other value, or for several.
pub(crate) fn key(method: &Method, headers: &HeaderMap) -> Result<Option<Arc<str>>, ApiError> {
    if !is_asked(method, headers) {
        return Ok(None);
    }
    let mut all = headers.get_all(IDEMPOTENCY_KEY).iter();
    let good = |key: &&str| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let key = all
        .next()
        .and_then(|key| key.to_str().ok())
        .filter(good)
        .filter(|_| all.next().is_none());
    let refused =
        || Error::BadRequest("Idempotency-Key must be 1 to 255 visible ASCII characters".to_owned());
    Ok(Some(key.ok_or_else(refused)?.into()))
}
