//! Reading domain types from rows, and binding them to statements.

use mainstay_domain::money::Money;
use mainstay_domain::string_enum::StoredAsText;
use mainstay_platform::database::{AsText, DatabaseError, Param, Row, Value};

/// A domain type that was read from a row. Both the type and the trait are foreign here, hence the wrapper.
#[derive(Debug)]
pub(crate) struct Read<T>(pub(crate) T);

/// Reads the next column, a text that stands for a domain type.
pub(crate) fn word<T: StoredAsText>(row: &mut Row<'_>) -> Result<T, DatabaseError> {
    row.next::<AsText<T>>().map(|AsText(value)| value)
}

/// Reads the next two columns, an amount and its currency.
pub(crate) fn money(row: &mut Row<'_>) -> Result<Money, DatabaseError> {
    Ok(Money {
        amount: row.next()?,
        currency: word(row)?,
    })
}

/// A value to bind, borrowed from the domain type that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BoundValue<'a>(Value<'a>);

impl Param for BoundValue<'_> {
    fn value(&self) -> Value<'_> {
        self.0
    }
}

/// Wraps a value until it is bound.
pub(crate) fn bound<P: Param + ?Sized>(param: &P) -> BoundValue<'_> {
    BoundValue(param.value())
}

/// Wraps a number that is not borrowed.
pub(crate) fn number(number: usize) -> BoundValue<'static> {
    BoundValue(Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
}

/// Converts wrapped values to parameters.
pub(crate) fn params<'h>(bound: &'h [BoundValue<'_>]) -> Vec<&'h dyn Param> {
    bound.iter().map(|bound| bound as &dyn Param).collect()
}
