//! The API documentation: the OpenAPI document, and a page that displays it. Nothing is loaded from elsewhere.

use axum::extract::Path;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use mainstay_domain::Error;
use mainstay_edge::{Answer, PublicEndpoint, Routes, answer, public_route};
use std::sync::Arc;
use utoipa_swagger_ui::Config;

/// The page runs its own scripts, and sets inline styles on its elements.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(public_route!("docs.openapi", openapi))
        .add(public_route!("docs.show", show).undocumented())
        .add(public_route!("docs.page", page).undocumented())
        .add(public_route!("docs.file", file).undocumented())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "docs",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json")))]
async fn openapi(endpoint: PublicEndpoint) -> Answer {
    Ok(answer::bytes("application/json", endpoint.openapi()))
}

/// Redirects to the page.
#[utoipa::path(get, path = "/docs", tag = "docs", responses((status = 303, description = "The page is at /docs/")))]
async fn show(_endpoint: PublicEndpoint) -> Answer {
    let mut response = answer::nothing();
    *response.status_mut() = StatusCode::SEE_OTHER;
    answer::set(&mut response, LOCATION, "/docs/");
    Ok(response)
}

/// A page that shows this document.
#[utoipa::path(get, path = "/docs/", tag = "docs",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn page(_endpoint: PublicEndpoint) -> Answer {
    part("index.html")
}

/// The files of the page.
#[utoipa::path(get, path = "/docs/{file}", tag = "docs", params(("file" = String, Path)),
    responses((status = 200, description = "A script, a style or a picture", body = String), (status = 404)))]
async fn file(_endpoint: PublicEndpoint, file: Option<Path<String>>) -> Answer {
    part(&file.map(|Path(file)| file).unwrap_or_default())
}

fn part(name: &str) -> Answer {
    let config = Arc::new(Config::from("/openapi.json").validator_url("none"));
    let file = utoipa_swagger_ui::serve(name, config).map_err(|error| Error::bug(error.to_string()))?;
    let file = file.ok_or(Error::NotFound)?;
    let mut response = answer::bytes("application/octet-stream", file.bytes.into_owned());
    answer::set(&mut response, CONTENT_TYPE, &file.content_type);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, CSP);
    Ok(response)
}
