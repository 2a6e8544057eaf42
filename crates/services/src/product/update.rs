//! Changes a product.

use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::ProductId;
use mainstay_domain::money::Money;
use mainstay_domain::product::{Attributes, Product, ProductStatus, Sku};
use mainstay_domain::state::{ExpectedVersion, State};
use mainstay_engine::{Command, CommandContext, UseCase};

/// The values of a product to change; `None` leaves a value unchanged.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "as in `Product`")]
pub struct ProductPatch {
    pub sku: Option<Sku>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub price: Option<Money>,
    pub stock: Option<i64>,
    pub category: Option<Option<String>>,
    pub attributes: Option<Attributes>,
    pub status: Option<ProductStatus>,
}

impl ProductPatch {
    fn apply(self, mut product: Product) -> Product {
        product.sku = self.sku.unwrap_or(product.sku);
        product.name = self.name.unwrap_or(product.name);
        product.description = self.description.unwrap_or(product.description);
        product.price = self.price.unwrap_or(product.price);
        product.stock = self.stock.unwrap_or(product.stock);
        product.category = self.category.unwrap_or(product.category);
        product.attributes = self.attributes.unwrap_or(product.attributes);
        product.status = self.status.unwrap_or(product.status);
        product
    }
}

/// Changes a product, unless its state is not one that the caller expects. If no value differs, nothing is written.
#[derive(Debug, Clone)]
pub struct UpdateProduct {
    /// The product to change.
    pub id: ProductId,
    /// The values to change.
    pub patch: ProductPatch,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for UpdateProduct {
    const NAME: &'static str = "product.update";
    const ACCESS: Access = Access::permission(Permission::UPDATE_PRODUCT);
    /// Enough for 10,000 letters of description and 16 KiB of attributes from a client that escapes each letter.
    const MAX_BODY: usize = 192 * 1024;
    type Output = Product;
}

impl Command for UpdateProduct {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Product> {
        let (scope, now) = (cx.scope_to(Product::UPDATE), cx.now());
        let before = cx.products().find(&scope, self.id).await?;
        let permit = cx.permit(Product::UPDATE, &before)?;
        self.expected.check(State::of(before.version))?;
        let after = self.patch.apply(before.clone());
        if after == before {
            return Ok(before);
        }
        let after = after.touched(now);
        cx.products().save(&permit, &after).await?;
        cx.record(permit, DomainEvent::updated("product.updated", &before, &after));
        Ok(after)
    }
}
