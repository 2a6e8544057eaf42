//! The REST interface.

use crate::list::ListReviews;
use crate::remove::RemoveReview;
use crate::review::Review;
use crate::write::WriteReview;
use mainstay::prelude::*;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(WriteReview, write))
        .add(route!(ListReviews, list))
        .add(route!(RemoveReview, remove))
}

/// A new review.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewReview {
    #[schema(minimum = 1, maximum = 5)]
    stars: i64,
    #[schema(max_length = 2000)]
    text: String,
}

/// A review as clients see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Review)]
struct ReviewView {
    #[schema(value_type = String, format = Uuid)]
    id: Id<Review>,
    stars: i64,
    text: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Review> for ReviewView {
    fn from(review: Review) -> Self {
        Self {
            id: review.id,
            stars: review.stars,
            text: review.text,
            created_at: review.created_at,
        }
    }
}

/// Writes a review of a product.
#[utoipa::path(post, path = "/api/products/{id}/reviews", tag = "reviews", request_body = NewReview,
    params(("id" = String, Path, format = Uuid)),
    responses((status = 201, description = "Written", body = Data<ReviewView>)))]
async fn write(
    operation: Operation<WriteReview>,
    PathId(product): PathId<ProductId>,
    Body(new): Body<NewReview>,
) -> Answer {
    let mut errors = ValidationErrors::new();
    let stars = match new.stars {
        1..=5 => Ok(new.stars),
        _ => Err(Invalid::new("RANGE", "must be from 1 to 5")),
    };
    let stars = errors.take("stars", stars);
    let text = errors.take("text", text::paragraph(&new.text, 2000));
    let (stars, text) = ApiError::unless_good(errors, stars.zip(text))?;
    let review = operation.command(WriteReview { product, stars, text }).await?;
    let location = format!("/api/reviews/{}", review.id);
    answer::created(&location, &ReviewView::from(review))
}

/// Lists the newest reviews of a product.
#[utoipa::path(get, path = "/api/products/{id}/reviews", tag = "reviews",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "Reviews", body = Data<Vec<ReviewView>>)))]
async fn list(operation: Operation<ListReviews>, PathId(product): PathId<ProductId>) -> Answer {
    let reviews = operation.query(ListReviews { product }).await?;
    answer::data(&reviews.into_iter().map(ReviewView::from).collect::<Vec<_>>())
}

/// Removes a review.
#[utoipa::path(delete, path = "/api/reviews/{id}", tag = "reviews",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "Removed")))]
async fn remove(operation: Operation<RemoveReview>, PathId(id): PathId<Id<Review>>) -> Answer {
    operation.command(RemoveReview { id }).await?;
    Ok(answer::nothing())
}
