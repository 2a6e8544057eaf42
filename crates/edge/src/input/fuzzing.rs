//! Entry points of the fuzz targets (`fuzz/`); compiled for them alone.

use super::{IfMatch, IfNoneMatch, Object, PageParams, body, key, page, query, sort};
use crate::{answer, credential};
use http::{HeaderMap, Method};
use mainstay_domain::page::DEFAULT_LIMIT;
use mainstay_domain::validation::ValidationErrors;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Basket {
    items: Vec<Object<Line>>,
    note: Option<String>,
    kind: Option<Kind>,
    extra: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Line {
    product_id: String,
    quantity: u32,
    price: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Gift,
    Own,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Params {
    sort: Option<String>,
    page: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// Parses a body with nested objects, lists, enumerations and optional fields.
///
/// # Errors
/// The message of the refusal.
pub fn body(bytes: &[u8]) -> Result<(), String> {
    let parsed = body::parse::<Basket>(bytes);
    parsed.map(drop).map_err(|error| error.message().to_string())
}

/// Parses a query string with the parameters of a list.
pub fn list_params(text: &str) {
    let Ok(params) = query::read::<Params>(text) else {
        return;
    };
    let mut errors = ValidationErrors::new();
    let named = params.sort.as_deref();
    let _ = sort(&mut errors, named, &[("createdAt", 0), ("name", 1)], (0, true));
    let params = PageParams {
        page: params.page.as_deref(),
        limit: params.limit.as_deref(),
        cursor: params.cursor.as_deref(),
    };
    let page = page(&mut errors, params, DEFAULT_LIMIT);
    assert!(page.is_some() || errors.list().iter().any(|error| error.path != "sort"));
}

/// Parses credentials, cookies, conditions, idempotency keys and the accepted formats.
pub fn headers(headers: &HeaderMap) {
    let _ = credential::find(headers);
    let _ = credential::cookie(headers, "refreshToken");
    let _ = IfMatch::read(headers);
    let _ = IfNoneMatch::read(headers);
    let _ = key(&Method::POST, headers);
    let _ = answer::render::Form::accepted(headers);
}
