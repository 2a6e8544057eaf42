//! Money: whole minor units and a currency. Never a float.

use crate::currency::Currency;
use crate::validation::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount in minor units (cents) of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; never negative in a price.
    pub amount: i64,
    /// The currency of the amount.
    pub currency: Currency,
}

/// An error of monetary arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Amounts of two currencies cannot be added.
    #[error("two currencies in one sum: {0} and {1}")]
    Mixed(Currency, Currency),
    /// The result exceeds [`Money::MAX_AMOUNT`].
    #[error("the amount is too large")]
    TooLarge,
}

impl Money {
    /// The largest price and the largest total: a trillion minor units, far below where `f64` clients lose precision.
    pub const MAX_AMOUNT: i64 = 1_000_000_000_000;

    /// Zero, in the given currency.
    pub fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// A price from untrusted numbers: not negative, at most [`Money::MAX_AMOUNT`].
    ///
    /// # Errors
    /// `RANGE`.
    pub fn price(amount: i64, currency: Currency) -> Result<Self, Invalid> {
        if (0..=Self::MAX_AMOUNT).contains(&amount) {
            Ok(Self { amount, currency })
        } else {
            Err(Invalid::new(
                "RANGE",
                format!("must be from 0 to {} minor units", Self::MAX_AMOUNT),
            ))
        }
    }

    /// Adds two amounts of the same currency.
    ///
    /// # Errors
    /// Two currencies, or too large.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        self.bounded(self.amount.checked_add(other.amount))
    }

    /// Multiplies the amount by `quantity`.
    ///
    /// # Errors
    /// Too large.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        self.bounded(self.amount.checked_mul(i64::from(quantity)))
    }

    fn bounded(self, amount: Option<i64>) -> Result<Self, MoneyError> {
        match amount {
            Some(amount) if amount.abs() <= Self::MAX_AMOUNT => Ok(Self { amount, ..self }),
            _ => Err(MoneyError::TooLarge),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.currency.exponent());
        if digits == 0 {
            return write!(f, "{} {}", self.amount, self.currency);
        }
        let unit = 10_i64.pow(u32::from(self.currency.exponent()));
        let sign = if self.amount < 0 { "-" } else { "" };
        let (whole, part) = (self.amount.abs() / unit, self.amount.abs() % unit);
        write!(f, "{sign}{whole}.{part:0digits$} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(amount: i64) -> Money {
        Money {
            amount,
            currency: Currency::parse("USD").unwrap(),
        }
    }

    #[test]
    fn sums_do_not_mix_currencies_or_overflow() {
        let eur = Money {
            amount: 1,
            currency: Currency::parse("EUR").unwrap(),
        };
        assert!(matches!(usd(1).plus(eur), Err(MoneyError::Mixed(..))));
        assert_eq!(usd(Money::MAX_AMOUNT).times(2), Err(MoneyError::TooLarge));
        assert_eq!(usd(i64::MAX).times(u32::MAX), Err(MoneyError::TooLarge));
        assert_eq!(usd(1999).times(3), Ok(usd(5997)));
    }

    #[test]
    fn displays_the_digits_of_its_currency() {
        assert_eq!(usd(1999).to_string(), "19.99 USD");
        assert_eq!(usd(5).to_string(), "0.05 USD");
        assert_eq!(
            Money {
                amount: 500,
                currency: Currency::parse("JPY").unwrap()
            }
            .to_string(),
            "500 JPY"
        );
    }

    #[test]
    fn only_iso_4217_currencies_are_accepted() {
        for bad in ["", "usd", "XXX", "ABC", "US", "USDT", "ＵＳＤ"] {
            assert!(Currency::parse(bad).is_err(), "{bad}");
        }
    }
}
