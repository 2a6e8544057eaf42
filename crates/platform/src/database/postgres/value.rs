//! Conversion of values to and from PostgreSQL's binary formats.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};
use uuid::Uuid;

use crate::database::value::Value;

type ConversionError = Box<dyn Error + Sync + Send>;

/// A value for a placeholder, encoded as the type the server inferred for it.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub(super) Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, ConversionError> {
        match (self.0, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Integer(integer), &Type::INT8) => out.put_i64(integer),
            (Value::Integer(integer), &Type::INT4) => out.put_i32(integer.try_into()?),
            (Value::Integer(integer), &Type::INT2) => out.put_i16(integer.try_into()?),
            (Value::Bool(bool), &Type::BOOL) => out.put_u8(u8::from(bool)),
            (Value::Real(real), &Type::FLOAT8) => out.put_f64(real),
            (Value::Text(text), &(Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME))
            | (Value::Text(text) | Value::Json(text), &Type::JSON)
            | (Value::Json(text), &Type::TEXT) => out.put_slice(text.as_bytes()),
            (Value::Text(text) | Value::Json(text), &Type::JSONB) => {
                // The version of the binary format, then the text.
                out.put_u8(1);
                out.put_slice(text.as_bytes());
            }
            (Value::Bytes(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (Value::Uuid(uuid), &(Type::UUID | Type::BYTEA)) => out.put_slice(uuid.as_bytes()),
            (value, ty) => return Err(format!("a {} does not go into a {ty}", value.kind()).into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, ConversionError> {
        self.to_sql(ty, out)
    }
}

impl<'a> FromSql<'a> for Value<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, ConversionError> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => Self::Integer(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT2 => Self::Integer(i16::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => Self::Bool(raw == [1]),
            Type::FLOAT8 => Self::Real(f64::from_be_bytes(raw.try_into()?)),
            Type::FLOAT4 => Self::Real(f32::from_be_bytes(raw.try_into()?).into()),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                Self::Text(std::str::from_utf8(raw)?)
            }
            Type::BYTEA => Self::Bytes(raw),
            Type::UUID => Self::Uuid(Uuid::from_slice(raw)?),
            Type::JSON => Self::Json(std::str::from_utf8(raw)?),
            Type::JSONB => match raw {
                [1, text @ ..] => Self::Json(std::str::from_utf8(text)?),
                _ => return Err("an unknown version of JSONB".into()),
            },
            ref other => {
                return Err(format!("a {other} is not read; CAST it to BIGINT, TEXT or the like").into());
            }
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, ConversionError> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
