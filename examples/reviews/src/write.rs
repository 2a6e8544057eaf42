//! Writes a review.

use crate::review::Review;
use crate::rows;
use mainstay::prelude::*;

/// Reviews a product that the caller can see.
#[derive(Debug, Clone)]
pub(crate) struct WriteReview {
    pub(crate) product: ProductId,
    pub(crate) stars: i64,
    pub(crate) text: String,
}

impl UseCase for WriteReview {
    const NAME: &'static str = "review.write";
    const ACCESS: Access = Access::signed_in();
    const RATE: Rate = Rate::per_minute(30);
    type Output = Review;
}

impl Command for WriteReview {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Review> {
        let user_id = cx
            .caller()
            .user_id()
            .ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
        let products = cx.scope::<Product>();
        let product = cx.products().find(&products, self.product).await?;
        let review = Review {
            id: cx.make_id(),
            product_id: product.id,
            user_id,
            stars: self.stars,
            text: self.text,
            created_at: cx.now(),
        };
        let permit = cx.permit(Review::WRITE, &review)?;
        rows::insert(cx.tx(), &permit, &review).await?;
        cx.record(permit, DomainEvent::created("review.written", &review));
        Ok(review)
    }
}
