//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header).

use crate::answer::ApiError;
use http::{HeaderMap, HeaderName, Method};
use mainstay_engine::IdempotencyKey;
use std::sync::Arc;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Whether the client asks for idempotency: a `POST` with a key.
pub(super) fn is_requested(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::POST && headers.contains_key(IDEMPOTENCY_KEY)
}

/// The client's idempotency key: 1 to 255 visible ASCII characters.
///
/// # Errors
/// `BAD_REQUEST` for any other value, or for several.
pub(crate) fn key(method: &Method, headers: &HeaderMap) -> Result<Option<Arc<str>>, ApiError> {
    if !is_requested(method, headers) {
        return Ok(None);
    }
    let mut all = headers.get_all(IDEMPOTENCY_KEY).iter();
    let first = all.next().and_then(|key| key.to_str().ok());
    // Text that no key may be stands for bytes that are no text, and for several keys.
    let key = first.filter(|_| all.next().is_none()).unwrap_or_default();
    Ok(Some(IdempotencyKey::check(key)?))
}
