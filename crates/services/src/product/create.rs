//! Adds a product.

use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::money::Money;
use mainstay_domain::product::{Attributes, Product, ProductStatus, Sku};
use mainstay_engine::{Command, CommandContext, UseCase};

/// The values of a new product.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as in `Product`")]
pub struct NewProduct {
    pub sku: Sku,
    pub name: String,
    pub description: String,
    pub price: Money,
    pub stock: i64,
    pub category: Option<String>,
    pub attributes: Attributes,
    pub status: ProductStatus,
}

/// Adds a product.
#[derive(Debug, Clone)]
pub struct CreateProduct {
    /// The values of the new product.
    pub new: NewProduct,
}

impl UseCase for CreateProduct {
    const NAME: &'static str = "product.create";
    const ACCESS: Access = Access::permission(Permission::CREATE_PRODUCT);
    /// Enough for 10,000 letters of description and 16 KiB of attributes from a client that escapes each letter.
    const MAX_BODY: usize = 192 * 1024;
    type Output = Product;
}

impl Command for CreateProduct {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Product> {
        let (new, now) = (self.new, cx.now());
        let product = Product {
            id: cx.make_id(),
            sku: new.sku,
            name: new.name,
            description: new.description,
            price: new.price,
            stock: new.stock,
            category: new.category,
            attributes: new.attributes,
            status: new.status,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let permit = cx.permit(Product::CREATE, &product)?;
        cx.products().insert(&permit, &product).await?;
        cx.record(permit, DomainEvent::created("product.created", &product));
        Ok(product)
    }
}
