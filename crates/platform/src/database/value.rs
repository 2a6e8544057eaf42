//! One value on its way to or from the database, borrowed in place.

use std::fmt;

use uuid::Uuid;

use super::error::DatabaseError;

/// A value between Rust's types and those of either engine.
#[derive(Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// NULL, of whatever type.
    Null,
    /// INTEGER, BIGINT.
    Integer(i64),
    /// BOOLEAN; on SQLite INTEGER 0 or 1.
    Bool(bool),
    /// REAL, DOUBLE PRECISION.
    Real(f64),
    /// TEXT.
    Text(&'a str),
    /// BLOB, BYTEA.
    Bytes(&'a [u8]),
    /// UUID; on SQLite a BLOB of its 16 bytes.
    Uuid(Uuid),
    /// JSONB or JSON; on SQLite TEXT.
    Json(&'a str),
}

/// Prints the type and length, never the content: values may be secrets or personal data, and drivers log them.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Json(text) => write!(f, "{}({} bytes)", self.kind(), text.len()),
            Self::Bytes(bytes) => write!(f, "{}({} bytes)", self.kind(), bytes.len()),
            _ => f.write_str(self.kind()),
        }
    }
}

impl<'a> Value<'a> {
    /// The name of the value's type, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Integer(_) => "integer",
            Self::Bool(_) => "boolean",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Uuid(_) => "uuid",
            Self::Json(_) => "json",
        }
    }

    /// The error for a value of another type than expected. The row adds the position.
    #[must_use]
    pub fn mismatch(&self, wanted: &'static str) -> DatabaseError {
        DatabaseError::Decode {
            column: 0,
            wanted,
            found: self.kind(),
        }
    }

    /// The integer.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] for any other type.
    pub fn integer(&self) -> Result<i64, DatabaseError> {
        match *self {
            Self::Integer(integer) => Ok(integer),
            _ => Err(self.mismatch("integer")),
        }
    }

    /// The text, or the text of a JSON document.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] for any other type.
    pub fn text(&self) -> Result<&'a str, DatabaseError> {
        match *self {
            Self::Text(text) | Self::Json(text) => Ok(text),
            _ => Err(self.mismatch("text")),
        }
    }

    /// The bytes.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] for any other type.
    pub fn bytes(&self) -> Result<&'a [u8], DatabaseError> {
        match *self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(self.mismatch("bytes")),
        }
    }

    /// The boolean: one, or an integer that is 0 or 1.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] for any other type.
    pub fn bool(&self) -> Result<bool, DatabaseError> {
        match *self {
            Self::Bool(bool) => Ok(bool),
            Self::Integer(0) => Ok(false),
            Self::Integer(1) => Ok(true),
            _ => Err(self.mismatch("boolean")),
        }
    }

    /// The UUID: one, or its 16 bytes.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] for any other type or length.
    pub fn uuid(&self) -> Result<Uuid, DatabaseError> {
        match *self {
            Self::Uuid(uuid) => Ok(uuid),
            Self::Bytes(bytes) => Uuid::from_slice(bytes).map_err(|_| self.mismatch("uuid")),
            _ => Err(self.mismatch("uuid")),
        }
    }

    /// The real number; an integer is accepted where the conversion is exact.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] for any other type.
    pub fn real(&self) -> Result<f64, DatabaseError> {
        match *self {
            Self::Real(real) => Ok(real),
            Self::Integer(integer) => i32::try_from(integer)
                .map(f64::from)
                .map_err(|_| self.mismatch("real")),
            _ => Err(self.mismatch("real")),
        }
    }
}
