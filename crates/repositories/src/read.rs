//! Reading domain types from rows, and binding them to statements.

use mainstay_domain::access::RoleName;
use mainstay_domain::currency::Currency;
use mainstay_domain::job::JobState;
use mainstay_domain::money::Money;
use mainstay_domain::order::OrderStatus;
use mainstay_domain::payment::PaymentStatus;
use mainstay_domain::product::ProductStatus;
use mainstay_domain::user::UserStatus;
use mainstay_platform::database::{Column, DatabaseError, Param, Row, Value};

/// A domain type that was read from a row. Both the type and the trait are foreign here, hence the wrapper.
#[derive(Debug)]
pub(crate) struct Read<T>(pub(crate) T);

/// A domain type that is stored by its name.
pub(crate) trait Named: Sized {
    const WHAT: &'static str;
    fn named(word: &str) -> Option<Self>;
}

/// A column that contains such a name.
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Named> Column for Word<T> {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        T::named(value.text()?)
            .map(Self)
            .ok_or_else(|| value.mismatch(T::WHAT))
    }
}

macro_rules! words {
    ($($type:ty: $what:literal, $find:expr;)*) => { $(
        impl Named for $type {
            const WHAT: &'static str = $what;
            fn named(word: &str) -> Option<Self> {
                $find(word)
            }
        }
    )* };
}

words! {
    Currency: "a currency", Currency::stored;
    JobState: "a state of a job", JobState::find;
    OrderStatus: "a status of an order", OrderStatus::find;
    PaymentStatus: "a status of a payment", PaymentStatus::find;
    ProductStatus: "a status of a product", ProductStatus::find;
    RoleName: "a role", |name| Some(RoleName::stored(name));
    UserStatus: "a status of a user", UserStatus::find;
}

/// Reads the next column, a name.
pub(crate) fn word<T: Named>(row: &mut Row<'_>) -> Result<T, DatabaseError> {
    row.next::<Word<T>>().map(|Word(value)| value)
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
