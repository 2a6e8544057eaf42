//! Bounded values as parameters and columns: TEXT and BIGINT, as plain ones.

use mainstay_domain::bounded::{Text, Whole};

use super::{Column, DatabaseError, Param, Value};

impl<const MAX: usize> Param for Text<MAX> {
    fn value(&self) -> Value<'_> {
        Value::Text(self.as_str())
    }
}

impl<const MAX: usize> Column for Text<MAX> {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        value.text().map(|text| Self::stored(text.to_owned()))
    }
}

impl<const MIN: i64, const MAX: i64> Param for Whole<MIN, MAX> {
    fn value(&self) -> Value<'_> {
        Value::Integer(self.number())
    }
}

impl<const MIN: i64, const MAX: i64> Column for Whole<MIN, MAX> {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        value.integer().map(Self::stored)
    }
}
