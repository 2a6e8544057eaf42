//! Lists reviews.

use crate::review::Review;
use crate::rows;
use mainstay::prelude::*;

/// The newest reviews of a product that the caller can see.
#[derive(Debug, Clone)]
pub(crate) struct ListReviews {
    pub(crate) product: ProductId,
}

impl UseCase for ListReviews {
    const NAME: &'static str = "review.list";
    const ACCESS: Access = Access::anyone();
    type Output = Vec<Review>;
}

impl Query for ListReviews {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Vec<Review>> {
        let products = cx.scope::<Product>();
        let product = cx.products().find(&products, self.product).await?;
        let scope = cx.scope();
        rows::of_product(cx.tx(), &scope, product.id).await
    }
}
