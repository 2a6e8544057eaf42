//! Changes a product's stock.

use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::access::{Access, Action, Permission};
use mainstay_domain::event::Story;
use mainstay_domain::fault::Faults;
use mainstay_domain::id::ProductId;
use mainstay_domain::product::{MOST_STOCK, Product};
use mainstay_domain::state::{Expected, State};
use mainstay_domain::{Error, Result};
use serde_json::json;

/// Adds to the stock, or takes from it with a negative number. It never falls below zero.
#[derive(Debug, Clone)]
pub struct ChangeStock {
    /// The product.
    pub id: ProductId,
    /// The number of units to add; not 0.
    pub delta: i64,
    /// The reason, for the audit trail.
    pub reason: String,
    /// The states that the caller expects (`If-Match`).
    pub expected: Expected,
}

impl UseCase for ChangeStock {
    const NAME: &'static str = "product.stock";
    const ACCESS: Access = Access::permission(Permission::UPDATE_PRODUCT);
    type Output = Product;

    fn validate(&self) -> Result<(), Faults> {
        let mut errors = Faults::new();
        if self.delta == 0 || self.delta.unsigned_abs() > MOST_STOCK.unsigned_abs() {
            errors.add(
                "delta",
                "RANGE",
                format!("must be from -{MOST_STOCK} to {MOST_STOCK}, and not 0"),
            );
        }
        errors.check()
    }
}

impl Command for ChangeStock {
    async fn run(self, work: &mut Work<'_>) -> Result<Product> {
        let (scope, now) = (work.scope_to::<Product>(Action::STOCK), work.now());
        let before = work.products().find(&scope, self.id).await?;
        let permit = work.permit(Action::STOCK, &before)?;
        self.expected.check(State::of(before.version))?;
        let Some(after) = work
            .products()
            .add_stock(&permit, &before, self.delta, now)
            .await?
        else {
            let (shortage, excess) = (
                format!("{} are left", before.stock),
                format!("the stock may be at most {MOST_STOCK}"),
            );
            return Err(match self.delta < 0 {
                true => Error::OutOfStock(Faults::one("delta", "OUT_OF_STOCK", shortage)),
                false => Error::Invalid(Faults::one("delta", "RANGE", excess)),
            });
        };
        // The statement applies to the row whatever its version; a caller who expects a state expects that version.
        if !self.expected.is_any() && after.version != before.version + 1 {
            return Err(Error::Stale);
        }
        // From the row as it was written, not as it was read: an order may have been placed in between.
        let was = json!({"stock": after.stock - self.delta});
        let is = json!({"stock": after.stock, "reason": self.reason});
        work.record(permit, Story::acted("product.stock-changed", "STOCK", &was, &is));
        Ok(after)
    }
}
