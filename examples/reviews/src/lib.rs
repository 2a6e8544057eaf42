//! Reviews of products: an application on Mainstay, explained in `docs/adding-a-noun.md`.

mod invite;
mod review;
mod write;

use mainstay::prelude::*;

/// Mainstay, and what this application adds to it.
pub fn app() -> AppBuilder {
    App::builder()
        .name("reviews")
        .version(env!("CARGO_PKG_VERSION"))
        .about("An online shop whose customers review what they bought.")
        .table::<review::Review>()
        .exported::<review::Review>("reviews")
        .migrations(Migrations::new("reviews", review::TABLES))
        .routes(review::routes)
        .settings::<invite::InviteSettings>("reviews")
        .job::<invite::InviteReview>()
        .on("order.paid", invite::InviteReview::from_event)
}
