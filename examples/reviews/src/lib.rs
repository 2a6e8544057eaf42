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
        .resource::<review::Review>()
        .permissions("review", &[review::Review::REMOVE_ANY])
        .migrations(Migrations::new("reviews", TABLES))
        .routes(routes)
        .settings::<invite::InviteSettings>("reviews")
        .job::<invite::InviteReview>()
        .on("order.paid", invite::InviteReview::from_event)
}

static TABLES: &[Migration] = &[Migration::new(
    "V1__reviews",
    include_str!("../migrations/V1__reviews.sql"),
)];

fn routes() -> Routes {
    Routes::new()
        .create_row::<write::WriteReview>("/api/reviews", "Reviews a product; once for each customer.")
        .list_rows::<review::Review>("/api/reviews", "Lists reviews.")
        .remove_row::<review::Review>("/api/reviews/{id}", "Removes a review.")
}
