//! Deletes a product.

use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::ProductId;
use mainstay_domain::product::{Product, ProductStatus};
use mainstay_domain::state::{ExpectedVersion, State};
use mainstay_engine::{ById, Command, CommandContext, UseCase};
use mainstay_platform::database::Isolation;

/// Deletes a product. One that was ever ordered is archived instead, because orders refer to it.
#[derive(Debug, Clone)]
pub struct DeleteProduct {
    /// The product to delete or archive.
    pub id: ProductId,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for DeleteProduct {
    const NAME: &'static str = "product.delete";
    const ACCESS: Access = Access::permission(Permission::DELETE_PRODUCT);
    type Output = ();
}

impl ById for DeleteProduct {
    type Id = ProductId;

    fn by_id(id: ProductId, expected: ExpectedVersion) -> Self {
        Self { id, expected }
    }
}

impl Command for DeleteProduct {
    /// An order may refer to the product between the check and the deletion.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (scope, now) = (cx.scope_to::<Product>(Product::DELETE), cx.now());
        let before = cx.products().find(&scope, self.id).await?;
        let permit = cx.permit(Product::DELETE, &before)?;
        self.expected.check(State::of(before.version))?;
        if cx.products().is_ordered(&scope, self.id).await? {
            let after = Product {
                status: ProductStatus::Archived,
                ..before.clone().touched(now)
            };
            cx.products().archive(&permit, &after).await?;
            cx.record(
                permit,
                DomainEvent::acted("product.archived", "ARCHIVE", &before, &after),
            );
        } else {
            cx.products().delete(&permit, &before).await?;
            cx.record(permit, DomainEvent::deleted("product.deleted", &before));
        }
        Ok(())
    }
}
