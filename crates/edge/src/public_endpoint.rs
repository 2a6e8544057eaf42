//! Public endpoints without a use case: health, keys, documents.

use crate::answer::ApiError;
use crate::request_state::RequestState;
use crate::route_state::RouteState;
use axum::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;
use mainstay_engine::Readiness;

/// Extractor for handlers of public endpoints without a use case. It gives access to public data only.
#[derive(Debug)]
pub struct PublicEndpoint(RouteState);

impl FromRequestParts<RouteState> for PublicEndpoint {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, route_state: &RouteState) -> Result<Self, ApiError> {
        let request_state = RequestState::of(&parts.extensions)?;
        request_state.set_route(route_state);
        request_state.forbid_foreign()?;
        Ok(Self(route_state.clone()))
    }
}

impl PublicEndpoint {
    /// The OpenAPI document of all routes.
    pub fn openapi(&self) -> Bytes {
        self.0.router_state().openapi.clone()
    }

    /// Whether this node is ready to serve requests.
    pub async fn readiness(&self) -> Readiness {
        self.0.engine().readiness().check().await
    }

    /// The public keys that verify tokens, as a JWK set (RFC 7517).
    pub fn jwks(&self) -> String {
        self.0.engine().keys().ring().jwks().to_string()
    }
}
