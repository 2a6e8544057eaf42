//! The representation of products.

use super::MoneyView;
use mainstay_domain::id::ProductId;
use mainstay_domain::product::{Attributes, Product, ProductStatus, Sku};
use mainstay_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A product of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Product)]
pub struct ProductView {
    #[schema(value_type = String, format = Uuid)]
    id: ProductId,
    #[schema(value_type = String)]
    sku: Sku,
    name: String,
    description: String,
    price: MoneyView,
    /// Number of pieces in stock.
    stock: i64,
    #[schema(required)]
    category: Option<String>,
    #[schema(value_type = Object)]
    attributes: Attributes,
    #[schema(value_type = StatusShape)]
    status: ProductStatus,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Whether a product is on sale.
#[derive(ToSchema)]
#[schema(as = ProductStatus, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum StatusShape {
    Draft,
    Active,
    Archived,
}

impl From<Product> for ProductView {
    fn from(product: Product) -> Self {
        Self {
            id: product.id,
            sku: product.sku,
            name: product.name,
            description: product.description,
            price: product.price.into(),
            stock: product.stock,
            category: product.category,
            attributes: product.attributes,
            status: product.status,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}
