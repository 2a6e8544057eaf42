//! Products of a test.

use crate::app::TestApp;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// A product on sale.
#[derive(Debug, Clone)]
pub struct TestProduct {
    /// The product's id.
    pub id: String,
    /// The product's path: `/api/products/ID`.
    pub path: String,
}

impl TestApp {
    /// Adds an active product with this stock and price, in US cents.
    pub async fn product(&self, stock: i64, cents: i64) -> TestProduct {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.product_like(json!({
            "sku": format!("SKU-{number}"),
            "name": format!("Thing {number}"),
            "price": {"amount": cents, "currency": "USD"},
            "stock": stock,
            "status": "active",
        }))
        .await
    }

    /// Adds a product with this body, as the administrator.
    pub async fn product_like(&self, body: Value) -> TestProduct {
        let added = self
            .admin()
            .await
            .post("/api/products", body)
            .await
            .expect(201)
            .data();
        let id = added["id"].as_str().expect("products have ids").to_owned();
        TestProduct {
            path: format!("/api/products/{id}"),
            id,
        }
    }

    /// The product's current stock.
    pub async fn stock(&self, product: &TestProduct) -> i64 {
        let body = self.client().get(&product.path).await.expect(200).data();
        body["stock"].as_i64().expect("a stock is a number")
    }
}
