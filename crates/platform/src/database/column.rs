//! Reading values from columns.

use mainstay_domain::time::Timestamp;
use uuid::Uuid;

use super::error::DatabaseError;
use super::param::Json;
use super::value::Value;

/// A type that can be read from one column of either engine: the counterpart of [`Param`](super::Param).
pub trait Column: Sized {
    /// Converts the value, which is borrowed from the driver's memory.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] if the column has another type; [`Value::mismatch`] constructs it.
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError>;
}

macro_rules! columns {
    ($($type:ty: $value:ident => $read:expr;)*) => { $(
        impl Column for $type {
            fn from_value($value: Value<'_>) -> Result<Self, DatabaseError> {
                $read
            }
        }
    )* };
}

columns! {
    i64: value => value.integer();
    i32: value => narrow(value);
    u32: value => narrow(value);
    i16: value => narrow(value);
    u16: value => narrow(value);
    u8: value => narrow(value);
    bool: value => value.bool();
    f64: value => value.real();
    String: value => value.text().map(str::to_owned);
    Box<str>: value => value.text().map(Box::from);
    std::sync::Arc<str>: value => value.text().map(std::sync::Arc::from);
    Vec<u8>: value => value.bytes().map(<[u8]>::to_vec);
    Uuid: value => value.uuid();
    Timestamp: value => value.integer().map(Self::from_micros);
    Json: value => value.text().map(|text| Self(text.to_owned()));
}

fn narrow<N: TryFrom<i64>>(value: Value<'_>) -> Result<N, DatabaseError> {
    N::try_from(value.integer()?).map_err(|_| value.mismatch("a smaller integer"))
}

impl<const N: usize> Column for [u8; N] {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        value
            .bytes()?
            .try_into()
            .map_err(|_| value.mismatch("bytes of another length"))
    }
}

impl<C: Column> Column for Option<C> {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        match value {
            Value::Null => Ok(None),
            value => C::from_value(value).map(Some),
        }
    }
}
