//! Binding values to placeholders.

use mainstay_domain::time::Timestamp;
use uuid::Uuid;

use super::value::Value;

/// A type that can be bound to a placeholder of either engine.
///
/// An implementation for another type chooses the [`Value`] that stores it; its [`Column`](super::Column) must read
/// the same value back.
pub trait Param: Sync {
    /// The value to bind, borrowed.
    fn value(&self) -> Value<'_>;
}

/// A serialised JSON document: TEXT on SQLite; JSONB, JSON or TEXT on PostgreSQL, depending on the column.
///
/// JSONB returns an equal document, not equal bytes: it normalises spaces, order and repeated keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(pub String);

/// A borrowed [`Json`], for binding only.
#[derive(Debug, Clone, Copy)]
pub struct JsonRef<'a>(pub &'a str);

macro_rules! params {
    ($($type:ty: $self:ident => $value:expr;)*) => { $(
        impl Param for $type {
            fn value(&$self) -> Value<'_> {
                $value
            }
        }
    )* };
}

params! {
    i64: self => Value::Integer(*self);
    i32: self => Value::Integer(i64::from(*self));
    u32: self => Value::Integer(i64::from(*self));
    i16: self => Value::Integer(i64::from(*self));
    u16: self => Value::Integer(i64::from(*self));
    u8: self => Value::Integer(i64::from(*self));
    bool: self => Value::Bool(*self);
    f64: self => Value::Real(*self);
    str: self => Value::Text(self);
    String: self => Value::Text(self);
    [u8]: self => Value::Bytes(self);
    Vec<u8>: self => Value::Bytes(self);
    Uuid: self => Value::Uuid(*self);
    Timestamp: self => Value::Integer(self.micros());
    Json: self => Value::Json(&self.0);
    JsonRef<'_>: self => Value::Json(self.0);
}

impl<const N: usize> Param for [u8; N] {
    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<P: Param + ?Sized> Param for &P {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<P: Param + ?Sized> Param for Box<P> {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<P: Param + Send + ?Sized> Param for std::sync::Arc<P> {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<P: Param> Param for Option<P> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Param::value)
    }
}
