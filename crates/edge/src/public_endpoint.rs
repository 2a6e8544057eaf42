//! Operations that are no use case: health, keys, documents.

use crate::answer::ApiError;
use crate::request_state::RequestState;
use crate::route_state::RouteState;
use axum::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;
use mainstay_services::Readiness;

/// What handlers of public operations get that are no use case. It leads to nothing that belongs to anybody.
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

    /// Whether this node can do its work.
    pub async fn readiness(&self) -> Readiness {
        self.0.services().readiness().await
    }

    /// The public keys that tokens are verified with (RFC 7517).
    pub fn jwks(&self) -> String {
        self.0.services().parts().keys.ring().jwks().to_string()
    }
}
