//! Entry points of the fuzz targets (`fuzz/`); compiled for them alone.

use super::{IfMatch, IfNoneMatch, Object, body, key, list, query};
use crate::{answer, cookies, credential};
use http::{HeaderMap, Method};
use mainstay_domain::validation::ValidationErrors;
use mainstay_services::audit::ListAudit;
use mainstay_services::list::ListQuery;
use mainstay_services::order::ListOrders;
use mainstay_services::product::ListProducts;
use serde::Deserialize;
use url::form_urlencoded;

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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Form {
    return_to: String,
    signature: Option<String>,
    kind: Option<Kind>,
}

/// Parses a form-encoded text strictly: an accepted value occurs once, as it was sent; a refusal names what it refuses.
pub fn form(text: &str) {
    match query::read::<Form>(text) {
        Ok(Form {
            return_to,
            signature,
            kind,
        }) => {
            let sent = |name: &str| -> Vec<String> {
                let pairs = form_urlencoded::parse(text.as_bytes());
                let named = pairs.filter(|(given, _)| given == name);
                named.map(|(_, value)| value.into_owned()).collect()
            };
            assert_eq!(sent("returnTo"), [return_to]);
            assert_eq!(sent("signature"), Vec::from_iter(signature));
            assert_eq!(sent("kind").len(), usize::from(kind.is_some()));
        }
        Err(errors) => assert!((1..=ValidationErrors::MAX_COUNT).contains(&errors.list().len())),
    }
}

/// Reads the idempotency key: what is accepted is the only one, and 1 to 255 visible ASCII characters.
pub fn idempotency_key(headers: &HeaderMap) {
    assert!(matches!(key(&Method::GET, headers), Ok(None)));
    if let Ok(Some(key)) = key(&Method::POST, headers) {
        assert!((1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
        let all: Vec<_> = headers.get_all("idempotency-key").iter().collect();
        assert!(all.len() == 1 && all[0].as_bytes() == key.as_bytes());
    }
}
