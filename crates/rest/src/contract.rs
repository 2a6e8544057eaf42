//! The public contract as text: the snapshots in `contracts/`.

use mainstay_edge::Routes;
use serde_json::{Value, json};
use std::fmt::Write as _;

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

/// Text of `contracts/openapi.json`.
pub fn openapi_text() -> String {
    format!("{:#}\n", openapi(&crate::routes(true)))
}

/// Text of `contracts/routes.txt`: every route with its use case, access and rate.
pub fn routes_text() -> String {
    let mut text = String::new();
    for row in crate::routes(true).table() {
        let _ = writeln!(text, "{row}");
    }
    text
}

/// Text of `contracts/public-operations.txt`: the operations open to anonymous callers. A new one needs a review.
pub fn public_text() -> String {
    let mut text = String::new();
    for row in crate::routes(true).table().iter().filter(|row| row.public) {
        let _ = writeln!(text, "{:<7} {:<32} {}", row.method, row.path, row.use_case);
    }
    text
}
