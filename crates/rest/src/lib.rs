//! The REST door: the contract's paths and shapes over the use cases, one file a noun.

mod audit;
mod auth;
pub mod contract;
mod docs;
mod health;
mod jobs;
mod keys;
mod metrics;
mod orders;
mod parse;
mod payments;
mod permissions;
mod products;
mod setup;
#[cfg(test)]
mod tests;
mod users;
pub mod view;

use axum::Router;
use mainstay_edge::{EdgeOptions, Routes};
use mainstay_services::Services;

/// Every route of this door; `docs` says whether the documents are served too.
pub fn routes(docs: bool) -> Routes {
    let routes = Routes::new()
        .merge(auth::routes())
        .merge(users::routes())
        .merge(permissions::routes())
        .merge(products::routes())
        .merge(orders::routes())
        .merge(payments::routes())
        .merge(audit::routes())
        .merge(jobs::routes())
        .merge(keys::routes())
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(setup::routes());
    if docs {
        routes.merge(docs::routes())
    } else {
        routes
    }
}

/// The router of a process that does not answer the API: whether it lives, and its figures.
pub fn router_without_api(services: Services, options: EdgeOptions) -> Router {
    let routes = Routes::new().merge(health::routes()).merge(metrics::routes());
    let openapi = contract::openapi(&routes);
    routes.router(services, options, &openapi)
}

/// The router of this door, to be put into a [`mainstay_edge::Middleware`]. `more` are the routes of an extending application.
pub fn router(services: Services, options: EdgeOptions, more: Routes) -> Router {
    let routes = routes(options.docs).merge(more);
    let openapi = contract::openapi(&routes);
    routes.router(services, options, &openapi)
}
