//! The public keys that verify access tokens.

use http::header::CACHE_CONTROL;
use mainstay_edge::{Answer, PublicEndpoint, Routes, answer, public_route};
use mainstay_engine::key::JWKS_MAX_AGE;

pub(crate) fn routes() -> Routes {
    Routes::new().add(public_route!("keys.jwks", jwks))
}

/// The public keys that verify tokens (RFC 7517): the current one, its successor if there is one, and those that are being retired.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth",
    responses((status = 200, description = "A JWK set", body = Object, content_type = "application/json")))]
async fn jwks(endpoint: PublicEndpoint) -> Answer {
    let mut response = answer::bytes("application/json", endpoint.jwks());
    // A new key is published at least this long before it signs.
    answer::set(
        &mut response,
        CACHE_CONTROL,
        &format!("public, max-age={}", JWKS_MAX_AGE.as_secs()),
    );
    Ok(response)
}
