//! Adds a product.

use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Action, Permission};
use mainstay_domain::event::Story;
use mainstay_domain::money::Money;
use mainstay_domain::product::{Attributes, Product, ProductStatus, Sku};

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
    /// Its values.
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
    async fn run(self, work: &mut Work<'_>) -> Result<Product> {
        let (new, now) = (self.new, work.now());
        let product = Product {
            id: work.make_id(),
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
        let permit = work.permit(Action::CREATE, &product)?;
        work.products().insert(&permit, &product).await?;
        work.record(permit, Story::created("product.created", &product));
        Ok(product)
    }
}
