//! The noun: what a review is, who may do what to it, where its rows are, and how clients reach it.

use crate::write::WriteReview;
use mainstay::prelude::*;

/// A customer's opinion of a product. One for each customer and product.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    #[schema(value_type = String, format = Uuid)]
    pub(crate) id: Id<Review>,
    pub(crate) product_id: ProductId,
    pub(crate) user_id: UserId,
    pub(crate) stars: Whole<1, 5>,
    pub(crate) text: Text<2000>,
    pub(crate) created_at: Timestamp,
}

impl Review {
    pub(crate) const WRITE: Action = Action::new("write");
    const REMOVE: Action = Action::new("remove");
    const REMOVE_ANY: Permission = Permission::new("remove:review", "Remove any customer's review");
}

impl Resource for Review {
    const NAME: &'static str = "review";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Published],
        actions: &[
            (Self::WRITE, Rule::Owner),
            (Self::REMOVE, Rule::OwnerOr(Self::REMOVE_ANY)),
        ],
    };
    const PERMISSIONS: &'static [Permission] = &[Self::REMOVE_ANY];
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

record! { Review { id, product_id, user_id, stars, text, created_at } }

impl Table for Review {
    const TABLE: &'static str = "reviews";
    const OWNER: Option<&'static str> = Some("user_id");
    const PUBLISHED: Option<&'static str> = Some("TRUE");
    const INSERT: &'static [Action] = &[Self::WRITE];
    const DELETE: &'static [Action] = &[Self::REMOVE];
    const SORTS: &'static [Sort] = &[Sort::newest("created_at"), Sort::number("stars")];
    const FILTERS: &'static [Filter] = &[Filter::id("product_id")];
    const UNIQUE: &'static [Unique] = &[Unique::new("product_id,user_id", "you reviewed this product")];
}

impl Listed for Review {
    const LIST_ACCESS: Access = Access::anyone();
}

impl Removable for Review {
    const REMOVE: Action = Self::REMOVE;
}

pub(crate) static TABLES: &[Migration] = &[Migration::new(
    "V1__reviews",
    include_str!("../migrations/V1__reviews.sql"),
)];

pub(crate) fn routes() -> Routes {
    Routes::new()
        .create_row::<WriteReview>("/api/reviews", "Reviews a product; once for each customer.")
        .list_rows::<Review>("/api/reviews", "Lists reviews.")
        .remove_row::<Review>("/api/reviews/{id}", "Removes a review.")
}
