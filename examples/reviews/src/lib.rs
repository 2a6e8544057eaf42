//! Reviews of products: an application on Mainstay, explained in `docs/adding-a-noun.md`.

mod invite;
mod list;
mod remove;
mod review;
mod routes;
mod rows;
mod write;

use mainstay::{App, AppBuilder, Migration, Migrations};

static TABLES: &[Migration] = &[Migration::new(
    "V1__reviews",
    include_str!("../migrations/V1__reviews.sql"),
)];

/// Mainstay, and what this application adds to it.
pub fn app() -> AppBuilder {
    App::builder()
        .name("reviews")
        .version(env!("CARGO_PKG_VERSION"))
        .about("An online shop whose customers review what they bought.")
        .migrations(Migrations::new("reviews", TABLES))
        .resource::<review::Review>()
        .permissions("review", &[review::REMOVE_REVIEW])
        .routes(routes::routes)
        .settings::<invite::InviteSettings>("reviews")
        .job::<invite::InviteReview>()
        .on("order.paid", invite::InviteReview::from_event)
}
