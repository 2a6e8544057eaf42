//! Identifiers in request paths.

use crate::answer::ApiError;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use mainstay_domain::Error;
use serde::de::{Deserialize, Deserializer, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// Extracts the one identifier of a path. Text that cannot be an identifier names no resource: 404.
#[derive(Debug)]
pub struct PathId<T>(pub T);

/// Extracts an identifier and a name after it from a path.
#[derive(Debug)]
pub struct PathPair<T>(pub T, pub String);

impl<T: FromStr + Send, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Path::<PathSegment<T>>::from_request_parts(parts, state).await;
        found
            .map(|Path(PathSegment(id))| Self(id))
            .map_err(|_| Error::NotFound.into())
    }
}

impl<T: FromStr + Send, S: Send + Sync> FromRequestParts<S> for PathPair<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Path::<(PathSegment<T>, String)>::from_request_parts(parts, state).await;
        found
            .map(|Path((PathSegment(id), name))| Self(id, name))
            .map_err(|_| Error::NotFound.into())
    }
}

/// A segment of the path, parsed without a copy.
struct PathSegment<T>(T);

impl<'de, T: FromStr> Deserialize<'de> for PathSegment<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Reader(PhantomData)).map(Self)
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: FromStr> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an identifier")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|_| E::custom("not an identifier"))
    }
}
