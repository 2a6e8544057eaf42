//! The OpenAPI document.

use mainstay_edge::Routes;
use serde_json::{Value, json};

/// Mainstay's OpenAPI 3.1 document of the routes.
pub fn openapi(routes: &Routes) -> Value {
    let (version, license) = (env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_LICENSE"));
    document(routes, "Mainstay", version, Some(license))
}

/// The OpenAPI 3.1 document of an application; `license` is an SPDX expression.
pub fn document(routes: &Routes, title: &str, version: &str, license: Option<&str>) -> Value {
    let mut document = routes.openapi(title, version);
    if let Some(license) = license {
        document["info"]["license"] = json!({"name": license, "identifier": license});
    }
    document
}
