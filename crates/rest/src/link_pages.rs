//! The pages that the links in mails lead to. All are one page, whose script reads from the address what it does. The
//! token follows the `#` of the link, so that it reaches no server, no log and no other page, and is presented when the
//! reader presses a button: opening a link changes nothing.

use crate::setup::page_file;
use mainstay_edge::{Answer, PublicEndpoint, Routes, public_route};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(public_route!("link.verify-email", verify_email).undocumented())
        .add(public_route!("link.reset-password", reset_password).undocumented())
        .add(public_route!("link.magic-link", magic_link).undocumented())
        .add(public_route!("link.invitation", invitation).undocumented())
        .add(public_route!("link.script", script).undocumented())
}

/// The page that confirms an address.
#[utoipa::path(get, path = "/verify-email", tag = "auth",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn verify_email(_endpoint: PublicEndpoint) -> Answer {
    page()
}

/// The page that sets a new password.
#[utoipa::path(get, path = "/reset-password", tag = "auth",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn reset_password(_endpoint: PublicEndpoint) -> Answer {
    page()
}

/// The page that signs in.
#[utoipa::path(get, path = "/magic-link", tag = "auth",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn magic_link(_endpoint: PublicEndpoint) -> Answer {
    page()
}

/// The page that accepts an invitation.
#[utoipa::path(get, path = "/invitation", tag = "auth",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
async fn invitation(_endpoint: PublicEndpoint) -> Answer {
    page()
}

/// The script of the pages.
#[utoipa::path(get, path = "/link/link.js", tag = "auth",
    responses((status = 200, description = "A script", body = String, content_type = "text/javascript")))]
async fn script(_endpoint: PublicEndpoint) -> Answer {
    Ok(page_file(
        "text/javascript; charset=utf-8",
        include_str!("page/link.js"),
    ))
}

fn page() -> Answer {
    Ok(page_file(
        "text/html; charset=utf-8",
        include_str!("page/link.html"),
    ))
}
