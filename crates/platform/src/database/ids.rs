//! Identifiers as parameters and columns: UUID on PostgreSQL, a BLOB of 16 bytes on SQLite.

use mainstay_domain::id::{
    AuditId, AuditWriterId, EventId, JobId, OrderId, PaymentId, ProductId, SecurityEventId, SessionId, UserId,
};

/// Makes identifier types bindable and readable. A crate calls it for the identifiers that it declares itself.
///
/// One blanket implementation over `Id` would conflict with those for plain types, hence the list.
#[macro_export]
macro_rules! id_columns {
    ($($id:ty),+ $(,)?) => { $(
        impl $crate::database::Param for $id {
            fn value(&self) -> $crate::database::Value<'_> {
                $crate::database::Value::Uuid($crate::database::Id::uuid(self))
            }
        }
        impl $crate::database::Column for $id {
            fn from_value(value: $crate::database::Value<'_>) -> Result<Self, $crate::database::DatabaseError> {
                value.uuid().map(<Self as $crate::database::Id>::from_uuid)
            }
        }
    )+ };
}

id_columns!(
    UserId,
    SessionId,
    ProductId,
    OrderId,
    PaymentId,
    JobId,
    AuditId,
    AuditWriterId,
    EventId,
    SecurityEventId
);
