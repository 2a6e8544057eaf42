//! Writes a review.

use crate::review::Review;
use mainstay::prelude::*;

/// A review of a product that the caller can see.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WriteReview {
    product_id: ProductId,
    stars: Whole<1, 5>,
    text: Text<2000>,
}

impl UseCase for WriteReview {
    const NAME: &'static str = "review.write";
    const ACCESS: Access = Access::signed_in();
    type Output = Review;
}

impl Command for WriteReview {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Review> {
        let products = cx.scope::<Product>();
        let review = Review {
            id: cx.make_id(),
            product_id: cx.products().find(&products, self.product_id).await?.id,
            user_id: cx.user()?,
            stars: self.stars,
            text: self.text,
            created_at: cx.now(),
        };
        let permit = cx.rows().insert(Review::WRITE, &review).await?;
        cx.record(permit, DomainEvent::created("review.written", &review));
        Ok(review)
    }
}
