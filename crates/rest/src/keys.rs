//! The public keys that verify access tokens.

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use mainstay_edge::{Answer, PublicEndpoint, Routes, answer, public_route};

pub(crate) fn routes() -> Routes {
    Routes::new().add(public_route!("keys.jwks", jwks))
}

/// The public keys that verify tokens (RFC 7517): the current one, and those that are being retired.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth",
    responses((status = 200, description = "A JWK set", body = Object, content_type = "application/json")))]
async fn jwks(endpoint: PublicEndpoint) -> Answer {
    let mut response = answer::bytes("application/json", endpoint.jwks());
    // Much shorter than the time for which a retiring key stays valid.
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(response)
}
