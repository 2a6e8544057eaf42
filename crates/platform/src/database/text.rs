//! Domain types that are stored as text.

use mainstay_domain::string_enum::StoredAsText;

use super::{Column, DatabaseError, Param, Value};

/// A domain type in a text column.
///
/// One implementation of [`Column`] for every [`StoredAsText`] would conflict with those for plain types, hence the
/// wrapper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsText<T>(pub T);

impl<T: StoredAsText> Column for AsText<T> {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        T::from_stored(value.text()?)
            .map(Self)
            .ok_or_else(|| value.mismatch(T::EXPECTED))
    }
}

impl<T: StoredAsText + Sync> Param for AsText<T> {
    fn value(&self) -> Value<'_> {
        Value::Text(self.0.as_stored())
    }
}
