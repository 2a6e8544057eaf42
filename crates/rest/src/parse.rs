//! Parses and validates the values of requests.

use mainstay_domain::currency::Currency;
use mainstay_domain::email::Email;
use mainstay_domain::money::Money;
use mainstay_domain::time::Timestamp;
use mainstay_domain::validation::{Invalid, ValidationErrors};
use mainstay_edge::ApiError;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// Money in a request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoneyInput)]
pub(crate) struct MoneyInput {
    /// In minor units of the currency, such as cents.
    #[schema(minimum = 0, maximum = 1_000_000_000_000i64)]
    amount: i64,
    /// ISO 4217 code.
    #[schema(example = "USD", pattern = "^[A-Z]{3}$")]
    currency: String,
}

impl MoneyInput {
    /// Validates a price; records findings in `errors` under `path`.
    pub(crate) fn price(&self, errors: &mut ValidationErrors, path: &str) -> Option<Money> {
        let currency = errors.take(format!("{path}.currency"), Currency::parse(&self.currency));
        let currency = currency?;
        errors.take(format!("{path}.amount"), Money::price(self.amount, currency))
    }
}

/// Parses the address in the field `email`.
pub(crate) fn email(text: &str) -> Result<Email, ApiError> {
    let mut errors = ValidationErrors::new();
    let email = errors.take("email", Email::parse(text));
    ApiError::unless_good(errors, email)
}

/// Maximum length of a timestamp's text.
const MAX_INSTANT: usize = 64;

/// Parses a timestamp.
pub(crate) fn instant(text: &str) -> Result<Timestamp, Invalid> {
    if text.len() > MAX_INSTANT {
        return Err(Invalid::new(
            "LENGTH",
            format!("must be at most {MAX_INSTANT} characters"),
        ));
    }
    Timestamp::parse(text).map_err(|error| Invalid::new("FORMAT", format!("is {error}")))
}

/// Parses a text that must be one of the values listed in `words`.
pub(crate) fn word<T>(text: &str, find: impl Fn(&str) -> Option<T>, words: &str) -> Result<T, Invalid> {
    find(text).ok_or_else(|| Invalid::new("FORMAT", format!("must be one of {words}")))
}

/// Distinguishes `null` from an absent field: `null` is deserialized as `T`, and is invalid if `T` does not accept it.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
