//! The noun: a customer's opinion of a product.

use mainstay::prelude::*;

/// The permission to remove any customer's review.
pub(crate) const REMOVE_REVIEW: Permission = Permission::declare("remove:review");

/// A customer's opinion of a product. One for each customer and product.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    pub(crate) id: Id<Review>,
    pub(crate) product_id: ProductId,
    pub(crate) user_id: UserId,
    /// 1 to 5.
    pub(crate) stars: i64,
    /// At most 2,000 characters.
    pub(crate) text: String,
    pub(crate) created_at: Timestamp,
}

impl Review {
    pub(crate) const WRITE: Action = Action::declare("write");
    pub(crate) const REMOVE: Action = Action::declare("remove");
}

impl Resource for Review {
    const NAME: &'static str = "review";
    const POLICY: Policy = Policy {
        see: &[Visibility::Published],
        acts: &[
            (Self::WRITE, Rule::Owner),
            (Self::REMOVE, Rule::OwnerOr(REMOVE_REVIEW)),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
    fn is_published(&self) -> bool {
        true
    }
}
