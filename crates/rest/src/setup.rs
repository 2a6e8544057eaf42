//! The page that creates the first administrator, with the link that the first start prints.

use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_SECURITY_POLICY;
use mainstay_edge::{Answer, PublicEndpoint, Routes, answer, public_route};

const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(public_route!("setup.page", page).undocumented())
        .add(public_route!("setup.script", script).undocumented())
        .add(public_route!("setup.style", style).undocumented())
}

/// The page. The token follows the `#` of the link, so that it reaches no server, no log and no other page.
#[utoipa::path(get, path = "/setup", tag = "setup",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn page(_endpoint: PublicEndpoint) -> Answer {
    Ok(page_file(
        "text/html; charset=utf-8",
        include_str!("page/setup.html"),
    ))
}

/// The script of the page.
#[utoipa::path(get, path = "/setup/setup.js", tag = "setup",
    responses((status = 200, description = "A script", body = String, content_type = "text/javascript")))]
async fn script(_endpoint: PublicEndpoint) -> Answer {
    Ok(page_file(
        "text/javascript; charset=utf-8",
        include_str!("page/setup.js"),
    ))
}

/// The style sheet of the page.
#[utoipa::path(get, path = "/setup/setup.css", tag = "setup",
    responses((status = 200, description = "A style", body = String, content_type = "text/css")))]
async fn style(_endpoint: PublicEndpoint) -> Answer {
    Ok(page_file(
        "text/css; charset=utf-8",
        include_str!("page/setup.css"),
    ))
}

/// A file of a page that may load nothing but files of this server.
pub(crate) fn page_file(kind: &'static str, text: &'static str) -> Response {
    let mut response = answer::bytes(kind, text);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, CSP);
    response
}
