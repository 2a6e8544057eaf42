//! Operations that are no use case: health, keys, documents.

use crate::answer::Refusal;
use crate::exchange::Exchange;
use crate::place::Place;
use axum::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;
use mainstay_services::Readiness;

/// What handlers of public operations get that are no use case. It leads to nothing that belongs to anybody.
#[derive(Debug)]
pub struct Open(Place);

impl FromRequestParts<Place> for Open {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, place: &Place) -> Result<Self, Refusal> {
        let exchange = Exchange::of(&parts.extensions)?;
        exchange.arrive(place);
        exchange.forbid_foreign()?;
        Ok(Self(place.clone()))
    }
}

impl Open {
    /// The OpenAPI document of all routes.
    pub fn openapi(&self) -> Bytes {
        self.0.house().openapi.clone()
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
