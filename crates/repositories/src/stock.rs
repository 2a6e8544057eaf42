//! The stock of products: each change is one statement that cannot make it negative.

use crate::products::Products;
use crate::read::{Read, money, word};
use mainstay_domain::Result;
use mainstay_domain::access::{Permit, Scope, ScopeFilter};
use mainstay_domain::id::{OrderId, ProductId};
use mainstay_domain::money::Money;
use mainstay_domain::order::Order;
use mainstay_domain::product::{MAX_STOCK, Product, ProductStatus, Sku};
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{Change, DatabaseError, FromRow, Row};

statements! {
    SHORTAGE = "SELECT status, stock FROM products WHERE id = $1";
    SHORTAGE_PUBLISHED = "SELECT status, stock FROM products WHERE id = $1 AND status = 'active'";
}

changes! {
    ADD: Change<Product>, "products", [Product::STOCK] =
        "UPDATE products SET stock = stock + $2, version = version + 1, updated_at = $3 \
         WHERE id = $1 AND stock + $2 BETWEEN 0 AND $4 \
         RETURNING id, sku, name, description, price_amount, price_currency, stock, category, attributes, status, \
         created_at, updated_at, version";
    TAKE: Change<Order>, "products", [Order::PLACE] =
        "UPDATE products SET stock = stock - $2, version = version + 1, updated_at = $3 \
         WHERE id = $1 AND stock >= $2 AND status = 'active' \
         RETURNING sku, name, price_amount, price_currency, stock";
    PUT_BACK: Change<Order>, "products", [Order::CANCEL, Order::EXPIRE] =
        "UPDATE products SET stock = stock + $2, version = version + 1, updated_at = $3 WHERE id = $1";
}

/// A reserved product, at the price of that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedStock {
    /// The product's SKU.
    pub sku: Sku,
    /// The product's name for people.
    pub name: String,
    /// The price of one unit.
    pub price: Money,
    /// The stock that remains.
    pub stock_left: i64,
}

impl FromRow for ReservedStock {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            sku: Sku::stored(row.next()?),
            name: row.next()?,
            price: money(row)?,
            stock_left: row.next()?,
        })
    }
}

struct Shortage(ProductStatus, i64);

impl FromRow for Shortage {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(word(row)?, row.next()?))
    }
}

impl Products<'_> {
    /// Adds `delta` to the stock, which may be negative; returns the changed product, or `None` when the stock would
    /// become negative or exceed [`MAX_STOCK`].
    ///
    /// # Errors
    /// Only the database's.
    pub async fn add_stock(
        &mut self,
        permit: &Permit<Product>,
        product: &Product,
        delta: i64,
        now: Timestamp,
    ) -> Result<Option<Product>> {
        let add = ADD.authorize(permit, product)?;
        self.changed(product.id);
        if delta.unsigned_abs() > MAX_STOCK.unsigned_abs() {
            return Ok(None);
        }
        let row = self
            .0
            .execute_returning_optional(add, &[&product.id, &delta, &now, &MAX_STOCK])
            .await?;
        Ok(row.map(|Read(product)| product))
    }

    /// Takes `quantity` units of a product for an order that is being placed; `None` when the product is not on sale or
    /// too few are in stock. Orders of several lines take in the order of the products' ids, so that two of them never deadlock.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn take(
        &mut self,
        permit: &Permit<Order>,
        order: OrderId,
        (id, quantity): (ProductId, u32),
        now: Timestamp,
    ) -> Result<Option<ReservedStock>> {
        let take = TAKE.authorize_id(permit, order)?;
        self.changed(id);
        let row = self
            .0
            .execute_returning_optional(take, &[&id, &quantity, &now])
            .await?;
        Ok(row)
    }

    /// Returns everything that an order had reserved. In the order of the products' ids, so that two transactions never
    /// deadlock on each other's rows.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn put_back(&mut self, permit: &Permit<Order>, order: &Order, now: Timestamp) -> Result<()> {
        let put_back = PUT_BACK.authorize(permit, order)?;
        let items = order.items.iter();
        let mut lines: Vec<(ProductId, u32)> = items.map(|item| (item.product_id, item.quantity)).collect();
        lines.sort_unstable();
        for (id, quantity) in lines {
            self.changed(id);
            self.0.execute(put_back, &[&id, &quantity, &now]).await?;
        }
        Ok(())
    }

    /// Why [`take`](Self::take) returned nothing: the product's status and stock; `None` when the product does not
    /// exist or is outside of the scope.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn shortage(
        &mut self,
        scope: &Scope<Product>,
        id: ProductId,
    ) -> Result<Option<(ProductStatus, i64)>> {
        let row = match scope.filter() {
            ScopeFilter::Everything => self.0.optional(&SHORTAGE, &[&id]).await?,
            ScopeFilter::Published => self.0.optional(&SHORTAGE_PUBLISHED, &[&id]).await?,
            ScopeFilter::Owned(_) | ScopeFilter::Nothing => None,
        };
        Ok(row.map(|Shortage(status, stock)| (status, stock)))
    }
}
