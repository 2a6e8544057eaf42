//! The representation of money.

use mainstay_domain::currency::Currency;
use mainstay_domain::money::Money;
use serde::Serialize;
use utoipa::ToSchema;

/// An amount of money in a currency.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Money)]
pub struct MoneyView {
    /// In minor units of the currency, such as cents.
    amount: i64,
    /// ISO 4217 code.
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
