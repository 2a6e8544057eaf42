//! Conversion of values to and from SQLite.

use rusqlite::Statement;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::database::param::Param;
use crate::database::value::Value;

/// Reads a cell. SQLite has only five types, so the column's Rust type decides how a value is interpreted. SQLite
/// also stores texts that are not valid UTF-8; such a text is read as bytes.
pub(crate) fn read(cell: ValueRef<'_>) -> Value<'_> {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Blob(bytes) => Value::Bytes(bytes),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_or(Value::Bytes(bytes), Value::Text),
    }
}

/// Binds every parameter to its number.
pub(super) fn bind(statement: &mut Statement<'_>, params: &[&dyn Param]) -> rusqlite::Result<()> {
    let expected = statement.parameter_count();
    if params.len() != expected {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), expected));
    }
    for (index, param) in params.iter().enumerate() {
        let value = param.value();
        let cell = match &value {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(*integer),
            Value::Bool(bool) => ValueRef::Integer(i64::from(*bool)),
            Value::Real(real) => ValueRef::Real(*real),
            Value::Text(text) | Value::Json(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
            Value::Uuid(uuid) => ValueRef::Blob(uuid.as_bytes()),
        };
        statement.raw_bind_parameter(index + 1, ToSqlOutput::Borrowed(cell))?;
    }
    Ok(())
}
