//! The REST interface: maps the contract's paths and schemas to use cases, one file per resource.

mod api_keys;
mod audit;
mod auth;
pub mod contract;
mod docs;
mod emails;
mod expiry;
mod health;
mod invitations;
mod jobs;
mod keys;
mod link_pages;
mod mail_sign_in;
mod metrics;
mod mfa;
mod orders;
mod own_data;
mod parse;
mod passkeys;
mod passwords;
mod payments;
mod permissions;
mod products;
mod providers;
mod roles;
mod sessions;
mod setup;
#[cfg(test)]
mod tests;
mod users;
mod webhooks;

use mainstay_edge::Routes;

/// All routes of the REST interface; `docs` states whether to serve the API documentation too.
pub fn routes(docs: bool) -> Routes {
    let routes = Routes::new()
        .merge(auth::routes())
        .merge(providers::routes())
        .merge(api_keys::routes())
        .merge(mail_sign_in::routes())
        .merge(mfa::routes())
        .merge(passkeys::routes())
        .merge(passwords::routes())
        .merge(emails::routes())
        .merge(invitations::routes())
        .merge(sessions::routes())
        .merge(users::routes())
        .merge(webhooks::routes())
        .merge(own_data::routes())
        .merge(permissions::routes())
        .merge(roles::routes())
        .merge(products::routes())
        .merge(orders::routes())
        .merge(payments::routes())
        .merge(audit::routes())
        .merge(jobs::routes())
        .merge(keys::routes())
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(setup::routes())
        .merge(link_pages::routes());
    if docs {
        routes.merge(docs::routes())
    } else {
        routes
    }
}

/// The routes of a process that does not serve the API: health checks and metrics only.
pub fn routes_without_api() -> Routes {
    Routes::new().merge(health::routes()).merge(metrics::routes())
}
