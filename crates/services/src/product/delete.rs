//! Deletes a product.

use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Action, Permission};
use mainstay_domain::event::Story;
use mainstay_domain::id::ProductId;
use mainstay_domain::product::{Product, ProductStatus};
use mainstay_domain::state::{Expected, State};
use mainstay_platform::database::Isolation;

/// Deletes a product. One that was ever ordered is archived instead, because orders refer to it.
#[derive(Debug, Clone)]
pub struct DeleteProduct {
    /// The product.
    pub id: ProductId,
    /// The states that the caller expects (`If-Match`).
    pub expected: Expected,
}

impl UseCase for DeleteProduct {
    const NAME: &'static str = "product.delete";
    const ACCESS: Access = Access::permission(Permission::DELETE_PRODUCT);
    type Output = ();
}

impl Command for DeleteProduct {
    /// An order may refer to the product between the check and the deletion.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let (scope, now) = (work.scope_to::<Product>(Action::DELETE), work.now());
        let before = work.products().find(&scope, self.id).await?;
        let permit = work.permit(Action::DELETE, &before)?;
        self.expected.check(State::of(before.version))?;
        if work.products().is_ordered(&scope, self.id).await? {
            let after = Product {
                status: ProductStatus::Archived,
                ..before.clone().touched(now)
            };
            work.products().save(&permit, &after).await?;
            work.record(
                permit,
                Story::acted("product.archived", "ARCHIVE", &before, &after),
            );
        } else {
            work.products().delete(&permit, &before).await?;
            work.record(permit, Story::deleted("product.deleted", &before));
        }
        Ok(())
    }
}
