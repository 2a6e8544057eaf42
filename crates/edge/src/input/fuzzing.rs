//! Entry points of the fuzz targets (`fuzz/`); compiled for them alone.

use super::{IfMatch, IfNoneMatch, Object, body, key, list};
use crate::{answer, cookies, credential};
use http::{HeaderMap, Method};
use mainstay_domain::validation::ValidationErrors;
use mainstay_services::audit::ListAudit;
use mainstay_services::list::ListQuery;
use mainstay_services::order::ListOrders;
use mainstay_services::product::ListProducts;
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

/// Parses a body with nested objects, lists, enumerations and optional fields.
///
/// # Errors
/// The message of the refusal.
pub fn body(bytes: &[u8]) -> Result<(), String> {
    let parsed = body::parse::<Basket>(bytes);
    parsed
        .map(drop)
        .map_err(|error| error.public().message.into_owned())
}

/// Parses a query string as the parameters of several lists: one that is refused has an error that names a parameter.
pub fn list_params(text: &str) {
    check::<ListProducts>(text);
    check::<ListOrders>(text);
    check::<ListAudit>(text);
}

fn check<L: ListQuery>(text: &str) {
    if let Err(errors) = list::parse::<L>(text) {
        assert!((1..=ValidationErrors::MAX_COUNT).contains(&errors.list().len()));
    }
}

/// Parses credentials, cookies, conditions, idempotency keys and the accepted formats.
pub fn headers(headers: &HeaderMap) {
    let _ = credential::find(headers, false);
    let _ = cookies::cookie(headers, "refreshToken");
    let _ = IfMatch::read(headers);
    let _ = IfNoneMatch::read(headers);
    let _ = key(&Method::POST, headers);
    let _ = answer::render::Form::accepted(headers);
}
