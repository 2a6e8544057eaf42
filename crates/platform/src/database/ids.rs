//! Identifiers as parameters and columns: UUID on PostgreSQL, a BLOB of 16 bytes on SQLite.

use mainstay_domain::id::Id;

use super::{Column, DatabaseError, Param, Value};

impl<T> Param for Id<T> {
    fn value(&self) -> Value<'_> {
        Value::Uuid(self.uuid())
    }
}

impl<T> Column for Id<T> {
    fn from_value(value: Value<'_>) -> Result<Self, DatabaseError> {
        value.uuid().map(Self::from_uuid)
    }
}
