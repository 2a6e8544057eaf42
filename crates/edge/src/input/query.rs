//! Query string parameters.

use super::explain;
use crate::answer::ApiError;
use axum::extract::FromRequestParts;
use http::request::Parts;
use mainstay_domain::validation::ValidationErrors;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use url::form_urlencoded;

/// Extracts the parameters of a query string. `T` has a text field for each known parameter, and refuses others. A
/// parameter that occurs twice is refused too, because two parsers could disagree on which value counts.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        read(parts.uri.query().unwrap_or_default())
            .map(Self)
            .map_err(ApiError::from)
    }
}

pub(super) fn read<T: DeserializeOwned>(query: &str) -> Result<T, ValidationErrors> {
    let (given, mut errors) = pairs(query);
    let given = given
        .into_iter()
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())));
    match explain::value(Value::Object(given.collect())) {
        Ok(value) => errors.finish(Some(value)),
        Err(more) => {
            more.list()
                .iter()
                .for_each(|fault| errors.add(&*fault.path, fault.code.clone(), &*fault.message));
            Err(errors)
        }
    }
}

/// The parameters of a query string by name, and an error for each that occurs again.
pub(super) fn pairs(query: &str) -> (BTreeMap<Cow<'_, str>, Cow<'_, str>>, ValidationErrors) {
    let (mut given, mut errors) = (BTreeMap::new(), ValidationErrors::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if given.contains_key(&name) {
            errors.add(&*name, "DUPLICATE", "is given more than once");
        }
        given.insert(name, value);
    }
    (given, errors)
}
