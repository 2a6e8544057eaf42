//! Changes a product's stock.

use crate::repositories::ShopRepositories;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::ProductId;
use mainstay_domain::product::{MAX_STOCK, Product};
use mainstay_domain::state::{ExpectedVersion, State};
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, UseCase};
use serde_json::json;

/// Adds to the stock, or takes from it with a negative number. It never falls below zero.
#[derive(Debug, Clone)]
pub struct ChangeStock {
    /// The product whose stock changes.
    pub id: ProductId,
    /// The number of units to add; not 0.
    pub delta: i64,
    /// The reason, for the audit trail.
    pub reason: String,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for ChangeStock {
    const NAME: &'static str = "product.stock";
    const ACCESS: Access = Access::permission(Permission::UPDATE_PRODUCT);
    type Output = Product;

    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        if self.delta == 0 || self.delta.unsigned_abs() > MAX_STOCK.unsigned_abs() {
            errors.add(
                "delta",
                "RANGE",
                format!("must be from -{MAX_STOCK} to {MAX_STOCK}, and not 0"),
            );
        }
        errors.check()
    }
}

impl Command for ChangeStock {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Product> {
        let (scope, now) = (cx.scope_to::<Product>(Product::STOCK), cx.now());
        let before = cx.products().find(&scope, self.id).await?;
        let permit = cx.permit(Product::STOCK, &before)?;
        self.expected.check(State::of(before.version))?;
        let Some(after) = cx.products().add_stock(&permit, &before, self.delta, now).await? else {
            let (shortage, excess) = (
                format!("{} are left", before.stock),
                format!("the stock may be at most {MAX_STOCK}"),
            );
            return Err(match self.delta < 0 {
                true => Error::OutOfStock(ValidationErrors::one("delta", "OUT_OF_STOCK", shortage)),
                false => Error::Invalid(ValidationErrors::one("delta", "RANGE", excess)),
            });
        };
        // The statement applies to the row whatever its version; a caller who expects a state expects that version.
        if !self.expected.is_any() && after.version != before.version + 1 {
            return Err(Error::Stale);
        }
        // From the row as written, not as read: an order may have been placed in between.
        let was = json!({"stock": after.stock - self.delta});
        let is = json!({"stock": after.stock, "reason": self.reason});
        let mut event = DomainEvent::acted("product.stock-changed", "STOCK", &was, &is);
        event.payload = Some(json!(after));
        cx.record(permit, event);
        Ok(after)
    }
}
