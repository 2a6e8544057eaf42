//! The rows of reviews.

use crate::review::Review;
use mainstay::database::{Change, DatabaseError, FromRow, Row, Select, Tx};
use mainstay::prelude::*;
use mainstay::sql;

static OF_PRODUCT: Select = Select::new(sql!(
    "SELECT id, product_id, user_id, stars, text, created_at FROM reviews WHERE product_id = $1 ORDER BY id DESC LIMIT 100"
));
static FIND: Select = Select::new(sql!(
    "SELECT id, product_id, user_id, stars, text, created_at FROM reviews WHERE id = $1"
));
static INSERT: Change<Review> = Change::new(
    "reviews",
    &[Review::WRITE],
    sql!(
        "INSERT INTO reviews (id, product_id, user_id, stars, text, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
    ),
);
static DELETE: Change<Review> = Change::new(
    "reviews",
    &[Review::REMOVE],
    sql!("DELETE FROM reviews WHERE id = $1"),
);

impl FromRow for Review {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            product_id: row.next()?,
            user_id: row.next()?,
            stars: row.next()?,
            text: row.next()?,
            created_at: row.next()?,
        })
    }
}

pub(crate) async fn of_product(
    tx: &mut Tx,
    scope: &Scope<Review>,
    product: ProductId,
) -> Result<Vec<Review>> {
    match scope.filter() {
        ScopeFilter::Everything | ScopeFilter::Published => Ok(tx.all(&OF_PRODUCT, &[&product]).await?),
        ScopeFilter::Owned(_) | ScopeFilter::Nothing => Ok(Vec::new()),
    }
}

pub(crate) async fn find(tx: &mut Tx, scope: &Scope<Review>, id: Id<Review>) -> Result<Review> {
    let found: Option<Review> = tx.optional(&FIND, &[&id]).await?;
    let review = found.ok_or(Error::NotFound)?;
    match scope.filter() {
        ScopeFilter::Everything | ScopeFilter::Published => Ok(review),
        ScopeFilter::Owned(user) if user == review.user_id => Ok(review),
        ScopeFilter::Owned(_) | ScopeFilter::Nothing => Err(Error::NotFound),
    }
}

pub(crate) async fn insert(tx: &mut Tx, permit: &Permit<Review>, review: &Review) -> Result<()> {
    let insert = INSERT.authorize(permit, review)?;
    let Review {
        id,
        product_id,
        user_id,
        stars,
        text,
        created_at,
    } = review;
    let done = tx
        .execute(insert, &[id, product_id, user_id, stars, text, created_at])
        .await;
    done.map(drop).map_err(|error| match error.conflict() {
        Some(_) => Error::Conflict("you have reviewed this product".to_owned()),
        None => error.into(),
    })
}

pub(crate) async fn delete(tx: &mut Tx, permit: &Permit<Review>, review: &Review) -> Result<()> {
    let delete = DELETE.authorize(permit, review)?;
    tx.execute(delete, &[&review.id]).await?;
    Ok(())
}
