//! The representation of money.

use mainstay_domain::currency::Currency;
use mainstay_domain::money::Money;
use serde::Serialize;
use utoipa::ToSchema;

/// Whole minor units of a currency.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Money)]
pub struct MoneyView {
    /// Minor units: cents of a dollar.
    amount: i64,
    /// ISO 4217.
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount,
            currency: money.currency,
        }
    }
}
