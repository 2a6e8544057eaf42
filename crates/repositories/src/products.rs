//! The repository of products.

use crate::dialect;
use crate::list::{Key, List};
use crate::outcome::{expect_one_row, found, unique_violation};
use crate::read::{Read, money, word};
use mainstay_domain::access::{Permit, Resource, Scope, ScopeFilter};
use mainstay_domain::id::ProductId;
use mainstay_domain::page::{CursorKey, Page, PageRequest, Position};
use mainstay_domain::product::{Attributes, Product, ProductStatus, Sku};
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Change, DatabaseError, FromRow, Json, JsonRef, Row};

/// The columns that are read, in their order.
macro_rules! columns {
    () => {
        "id, sku, name, description, price_amount, price_currency, stock, category, attributes, status, \
         created_at, updated_at, version"
    };
}

macro_rules! find {
    ($condition:literal) => {
        concat!("SELECT ", columns!(), " FROM products WHERE ", $condition)
    };
}

statements! {
    FIND = find!("id = $1");
    FIND_PUBLISHED = find!("id = $1 AND status = 'active'");
    IS_ORDERED = "SELECT 1 FROM order_items WHERE product_id = $1 LIMIT 1";
}

changes! {
    INSERT: Change<Product>, "products", [Product::CREATE] =
        "INSERT INTO products (id, sku, name, description, price_amount, price_currency, stock, category, \
         attributes, status, created_at, updated_at, version, search_text) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    SAVE: Change<Product>, "products", [Product::UPDATE] =
        "UPDATE products SET sku = $2, name = $3, description = $4, price_amount = $5, price_currency = $6, \
         stock = $7, category = $8, attributes = $9, status = $10, updated_at = $11, version = $12, \
         search_text = $14 WHERE id = $1 AND version = $13";
    ARCHIVE: Change<Product>, "products", [Product::DELETE] =
        "UPDATE products SET status = 'archived', updated_at = $2, version = $3 WHERE id = $1 AND version = $4";
    DELETE: Change<Product>, "products", [Product::DELETE] =
        "DELETE FROM products WHERE id = $1";
}

const PUBLISHED: usize = 0;
const STATUS: usize = 1;
const CATEGORY: usize = 2;
const WORDS: usize = 3;

pub(crate) static LIST: List = List::new(
    concat!(module_path!(), "::LIST"),
    (columns!(), "products"),
    &[
        "status = 'active'",
        "status = {}",
        "category = {}",
        "id IN (SELECT id FROM products_search({}))",
    ],
    &[
        Key::Number("created_at"),
        Key::Number("price_amount"),
        Key::Text("lower(name)"),
    ],
);

/// Which products to list.
#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// In this category.
    pub category: Option<String>,
    /// With every one of these word prefixes in SKU, name, description or category.
    pub q: Option<String>,
    /// With this status.
    pub status: Option<ProductStatus>,
}

/// The sort order of a list of products.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProductSort {
    /// By the time they were created.
    #[default]
    CreatedAt,
    /// By price in minor units, whatever the currency.
    Price,
    /// By name; case-insensitive in ASCII.
    Name,
}

impl FromRow for Read<Product> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(Product {
            id: row.next()?,
            sku: Sku::stored(row.next()?),
            name: row.next()?,
            description: row.next()?,
            price: money(row)?,
            stock: row.next()?,
            category: row.next()?,
            attributes: attributes(&row.next::<Json>()?)?,
            status: word(row)?,
            created_at: row.next()?,
            updated_at: row.next()?,
            version: row.next()?,
        }))
    }
}

fn attributes(json: &Json) -> Result<Attributes, DatabaseError> {
    let wrong = |_| DatabaseError::Decode {
        column: 9,
        wanted: "a JSON object",
        found: "json",
    };
    Attributes::stored(&json.0).map_err(wrong)
}

repository! {
    /// The table of products and their stock.
    Products
}

impl Products<'_> {
    /// Marks a product as changed by this transaction, for the caches.
    pub(crate) fn changed(&mut self, id: ProductId) {
        self.0.note_changed(Product::NAME, id.uuid());
    }

    /// Finds a product by its id.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for a product outside of the scope, such as one that is not on sale.
    pub async fn find(&mut self, scope: &Scope<Product>, id: ProductId) -> Result<Product> {
        match scope.filter() {
            ScopeFilter::Everything => found(self.0.optional(&FIND, &[&id]).await?),
            ScopeFilter::Published => found(self.0.optional(&FIND_PUBLISHED, &[&id]).await?),
            ScopeFilter::Owned(_) | ScopeFilter::Nothing => Err(Error::NotFound),
        }
    }

    /// A page of the products within the scope, sorted, optionally descending.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list.
    pub async fn list(
        &mut self,
        scope: &Scope<Product>,
        filter: &ProductFilter,
        (sort, descending): (ProductSort, bool),
        page: &PageRequest,
    ) -> Result<Page<Product>> {
        let status = filter.status.map(ProductStatus::as_str);
        let words = filter.q.as_deref().map(dialect::words);
        let query = LIST.by(sort as usize, descending);
        let mut query = match scope.filter() {
            ScopeFilter::Everything => query,
            ScopeFilter::Published => query.only(PUBLISHED),
            ScopeFilter::Owned(_) | ScopeFilter::Nothing => query.nothing(),
        };
        if words.as_ref().is_some_and(String::is_empty) {
            query = query.nothing();
        }
        let query = query
            .with(STATUS, status.as_ref())
            .with(CATEGORY, filter.category.as_ref())
            .with(WORDS, words.as_ref());
        query
            .page(self.0, page, |product: &Product| info(product, sort))
            .await
    }

    /// Inserts a new product.
    ///
    /// # Errors
    /// `CONFLICT` when a product that is not archived has the SKU.
    pub async fn insert(&mut self, permit: &Permit<Product>, product: &Product) -> Result<()> {
        let insert = INSERT.authorize(permit, product)?;
        self.changed(product.id);
        let attributes = product.attributes.to_json();
        let done = self
            .0
            .execute(
                insert,
                &[
                    &product.id,
                    &product.sku.as_str(),
                    &product.name,
                    &product.description,
                    &product.price.amount,
                    &product.price.currency.code(),
                    &product.stock,
                    &product.category,
                    &JsonRef(&attributes),
                    &product.status.as_str(),
                    &product.created_at,
                    &product.updated_at,
                    &product.version,
                    &product.search_text(),
                ],
            )
            .await;
        done.map(drop).map_err(sku_taken)
    }

    /// Updates a product; the stock must be as it was read.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when it or its stock was changed meanwhile; `CONFLICT` when a product that is not
    /// archived has the SKU.
    pub async fn save(&mut self, permit: &Permit<Product>, product: &Product) -> Result<()> {
        let save = SAVE.authorize(permit, product)?;
        self.changed(product.id);
        let attributes = product.attributes.to_json();
        let done = self
            .0
            .execute(
                save,
                &[
                    &product.id,
                    &product.sku.as_str(),
                    &product.name,
                    &product.description,
                    &product.price.amount,
                    &product.price.currency.code(),
                    &product.stock,
                    &product.category,
                    &JsonRef(&attributes),
                    &product.status.as_str(),
                    &product.updated_at,
                    &product.version,
                    &(product.version - 1),
                    &product.search_text(),
                ],
            )
            .await;
        expect_one_row(done.map_err(sku_taken)?)
    }

    /// Archives a product, of which nothing else changes: what deleting means for one that an order contains.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when it or its stock was changed meanwhile.
    pub async fn archive(&mut self, permit: &Permit<Product>, product: &Product) -> Result<()> {
        let archive = ARCHIVE.authorize(permit, product)?;
        self.changed(product.id);
        let before = product.version - 1;
        let done = self
            .0
            .execute(
                archive,
                &[&product.id, &product.updated_at, &product.version, &before],
            )
            .await;
        expect_one_row(done?)
    }

    /// Deletes a product that no order contains.
    ///
    /// # Errors
    /// `CONFLICT` when an order contains it, `NOT_FOUND` when it does not exist any more.
    pub async fn delete(&mut self, permit: &Permit<Product>, product: &Product) -> Result<()> {
        let delete = DELETE.authorize(permit, product)?;
        self.changed(product.id);
        match self.0.execute(delete, &[&product.id]).await {
            Err(DatabaseError::ForeignKey { .. }) => {
                Err(Error::Conflict("this product was ordered".to_owned()))
            }
            Err(other) => Err(other.into()),
            Ok(0) => Err(Error::NotFound),
            Ok(_) => Ok(()),
        }
    }

    /// Whether any order contains the product.
    ///
    /// # Errors
    /// `NOT_FOUND` when the scope does not include all products.
    pub async fn is_ordered(&mut self, scope: &Scope<Product>, id: ProductId) -> Result<bool> {
        if scope.filter() != ScopeFilter::Everything {
            return Err(Error::NotFound);
        }
        Ok(self.0.optional::<i64>(&IS_ORDERED, &[&id]).await?.is_some())
    }
}

fn sku_taken(error: DatabaseError) -> Error {
    unique_violation(error, "this SKU is taken by a product that is not archived")
}

fn info(product: &Product, sort: ProductSort) -> Position {
    let key = match sort {
        ProductSort::CreatedAt => CursorKey::Number(product.created_at.micros()),
        ProductSort::Price => CursorKey::Number(product.price.amount),
        ProductSort::Name => CursorKey::Text(product.name.to_ascii_lowercase()),
    };
    Position {
        key,
        id: product.id.uuid(),
    }
}
