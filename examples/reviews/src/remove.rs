//! Removes a review.

use crate::review::Review;
use crate::rows;
use mainstay::prelude::*;

/// Removes a review: one's own, or any with the permission `remove:review`.
#[derive(Debug, Clone)]
pub(crate) struct RemoveReview {
    pub(crate) id: Id<Review>,
}

impl UseCase for RemoveReview {
    const NAME: &'static str = "review.remove";
    const ACCESS: Access = Access::signed_in();
    type Output = ();
}

impl Command for RemoveReview {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope();
        let review = rows::find(cx.tx(), &scope, self.id).await?;
        let permit = cx.permit(Review::REMOVE, &review)?;
        rows::delete(cx.tx(), &permit, &review).await?;
        cx.record(permit, DomainEvent::deleted("review.removed", &review));
        Ok(())
    }
}
