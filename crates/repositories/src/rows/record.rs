//! The fields of a resource, named once: the columns, how they are read and how they are bound.

use mainstay_domain::money::Money;
use mainstay_domain::string_enum::StoredAsText;
use mainstay_platform::database::{AsText, Column, Json, Param, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[doc(hidden)]
pub use super::statements::TableStatements;
#[doc(hidden)]
pub use mainstay_platform::database::{DatabaseError, Row};
#[doc(hidden)]
pub use std::sync::OnceLock;

/// A type whose fields are columns of a table. Implemented by [`record!`](macro@crate::record).
pub trait Record: Sized + Send + Sync + 'static {
    /// The columns of each field, in the order in which they are read and bound. The first is `id`.
    const FIELDS: &'static [&'static [&'static str]];
    /// The module and the name of the type, under which tests report its statements.
    const PATH: &'static str;

    /// Reads the columns.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] when a column is not what the field needs.
    fn read(row: &mut Row<'_>) -> Result<Self, DatabaseError>;

    /// Adds the values of the columns.
    fn bind<'r>(&'r self, values: &mut Values<'r>);

    /// Where the statements of this type are kept, once they are composed.
    #[doc(hidden)]
    fn statements() -> &'static OnceLock<TableStatements<Self>>;
}

/// How a field is stored.
pub trait Codec<T> {
    /// Reads the field from the next column or columns.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] when a column is not what the field needs.
    fn read(row: &mut Row<'_>) -> Result<T, DatabaseError>;

    /// Adds the value of the column, or those of the columns.
    fn bind<'r>(field: &'r T, values: &mut Values<'r>);
}

/// A field that one column stores as it is: ids, texts, numbers, instants, truth values, and options of them.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl<T: Column + Param> Codec<T> for Plain {
    fn read(row: &mut Row<'_>) -> Result<T, DatabaseError> {
        row.next()
    }

    fn bind<'r>(field: &'r T, values: &mut Values<'r>) {
        values.push(field);
    }
}

/// A field that one column stores as a text of its own, such as a status by its name.
#[derive(Debug, Clone, Copy)]
pub struct TextColumn;

impl<T: StoredAsText> Codec<T> for TextColumn {
    fn read(row: &mut Row<'_>) -> Result<T, DatabaseError> {
        row.next::<AsText<T>>().map(|AsText(value)| value)
    }

    fn bind<'r>(field: &'r T, values: &mut Values<'r>) {
        values.push_value(Value::Text(field.as_stored()));
    }
}

/// An amount of money, in a column of its minor units and a column of its currency.
#[derive(Debug, Clone, Copy)]
pub struct MoneyColumns;

impl Codec<Money> for MoneyColumns {
    fn read(row: &mut Row<'_>) -> Result<Money, DatabaseError> {
        Ok(Money {
            amount: row.next()?,
            currency: TextColumn::read(row)?,
        })
    }

    fn bind<'r>(field: &'r Money, values: &mut Values<'r>) {
        values.push(&field.amount);
        TextColumn::bind(&field.currency, values);
    }
}

/// A field that one column stores as JSON: TEXT, or JSONB where the database looks inside.
#[derive(Debug, Clone, Copy)]
pub struct JsonColumn;

impl<T: Serialize + DeserializeOwned> Codec<T> for JsonColumn {
    fn read(row: &mut Row<'_>) -> Result<T, DatabaseError> {
        let Json(text) = row.next()?;
        serde_json::from_str(&text).map_err(|_reason| Value::Json(&text).mismatch("JSON of another form"))
    }

    fn bind<'r>(field: &'r T, values: &mut Values<'r>) {
        match serde_json::to_string(field) {
            Ok(text) => values.0.push(Cell::Json(text)),
            // A map whose keys are no texts, which no value of the type could be read back from.
            Err(_) => values.push_value(Value::Null),
        }
    }
}

/// The values of a row, in the order of its columns.
#[derive(Debug, Default)]
pub struct Values<'r>(Vec<Cell<'r>>);

#[derive(Debug)]
enum Cell<'r> {
    Borrowed(Value<'r>),
    Json(String),
}

impl Param for Cell<'_> {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Borrowed(value) => *value,
            Self::Json(text) => Value::Json(text),
        }
    }
}

impl<'r> Values<'r> {
    /// The values of a record.
    pub(super) fn of<T: Record>(record: &'r T) -> Self {
        let mut values = Self(Vec::with_capacity(T::FIELDS.len() + 2));
        record.bind(&mut values);
        values
    }

    /// Adds a field as it is.
    pub fn push<P: Param>(&mut self, field: &'r P) {
        self.push_value(field.value());
    }

    /// Adds a value.
    pub fn push_value(&mut self, value: Value<'r>) {
        self.0.push(Cell::Borrowed(value));
    }

    /// The value of a column, by its place.
    pub(super) fn at(&self, column: usize) -> Value<'_> {
        self.0.get(column).map_or(Value::Null, Param::value)
    }

    /// The values of the given columns, as parameters.
    pub(super) fn params(&self, columns: impl Iterator<Item = usize>) -> Vec<&dyn Param> {
        let cells = columns.filter_map(|column| self.0.get(column));
        cells.map(|cell| cell as &dyn Param).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Names the fields of a struct once, in the order of its columns, and implements [`Record`](crate::record::Record).
/// A column is called like its field, unless it is named in brackets. How a field is stored is named after a colon
/// where it is not [`Plain`](crate::record::Plain).
///
/// ```
/// # use mainstay_domain::{id::Id, money::Money, string_enum};
/// # use mainstay_repositories::record;
/// # string_enum! {
/// #     /// A status.
/// #     pub enum Status {
/// #         /// Open.
/// #         Open = "open",
/// #     }
/// # }
/// struct Offer { id: Id<Offer>, status: Status, price: Money }
///
/// record! {
///     Offer {
///         id,
///         status: record::TextColumn,
///         price: record::MoneyColumns ["price_amount", "price_currency"],
///     }
/// }
/// # use mainstay_repositories::record::Record;
/// assert_eq!(Offer::FIELDS.concat(), ["id", "status", "price_amount", "price_currency"]);
/// ```
///
/// `Offer as offer_columns { … }` also declares the macro `offer_columns!()` in the file: the columns as one text, for the
/// statements that are written by hand.
#[macro_export]
macro_rules! record {
    ($type:ident as $columns:ident { $($fields:tt)+ }) => {
        $crate::record!($type { $($fields)+ });
        $crate::record!(@text $columns { $($fields)+ });
    };
    (@text $columns:ident {
        $first:ident $(: $first_codec:path)?
        $(, $field:ident $(: $codec:path)? $([$($column:literal),+])?)* $(,)?
    }) => {
        macro_rules! $columns {
            () => {
                concat!(stringify!($first) $(, ", ", $crate::record!(@joined $field $($($column),+)?))*)
            };
        }
    };
    (@joined $field:ident) => { stringify!($field) };
    (@joined $field:ident $column:literal $(, $more:literal)*) => { concat!($column $(, ", ", $more)*) };
    ($type:ident { $($field:ident $(: $codec:path)? $([$($column:literal),+])?),+ $(,)? }) => {
        impl $crate::record::Record for $type {
            const FIELDS: &'static [&'static [&'static str]] =
                &[$($crate::record!(@columns $field $($($column),+)?)),+];
            const PATH: &'static str = concat!(module_path!(), "::", stringify!($type));

            fn read(
                row: &mut $crate::record::Row<'_>,
            ) -> ::core::result::Result<Self, $crate::record::DatabaseError> {
                Ok(Self {
                    $($field: <$crate::record!(@codec $($codec)?) as $crate::record::Codec<_>>::read(row)?,)+
                })
            }

            fn bind<'r>(&'r self, values: &mut $crate::record::Values<'r>) {
                $(<$crate::record!(@codec $($codec)?) as $crate::record::Codec<_>>::bind(&self.$field, values);)+
            }

            fn statements() -> &'static $crate::record::OnceLock<$crate::record::TableStatements<Self>> {
                static STATEMENTS: $crate::record::OnceLock<$crate::record::TableStatements<$type>> =
                    $crate::record::OnceLock::new();
                &STATEMENTS
            }
        }
    };
    (@columns $field:ident) => { &[stringify!($field)] };
    (@columns $field:ident $($column:literal),+) => { &[$($column),+] };
    (@codec) => { $crate::record::Plain };
    (@codec $codec:path) => { $codec };
}
