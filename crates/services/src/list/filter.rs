//! The parameters of a list that restrict which items it contains.

use mainstay_domain::string_enum::StringEnum;
use mainstay_domain::text;
use mainstay_domain::time::Timestamp;
use mainstay_domain::validation::Invalid;

/// A parameter that restricts which items of a list are returned: its name, its documentation and its parser.
#[derive(Debug)]
pub struct ListFilter<F> {
    /// Name in the query string; lower camel case.
    pub name: &'static str,
    /// Documentation for clients; empty where the name says it all.
    pub description: &'static str,
    /// Which texts are valid, for the documentation.
    pub shape: FilterShape,
    /// Parses the client's text into the filter; `VALIDATION_FAILED` for an invalid one.
    pub read: fn(&mut F, &str) -> Result<(), Invalid>,
}

/// Which texts a filter accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterShape {
    /// One line of text, of at most [`FilterShape::MAX_TEXT`] characters.
    Text,
    /// A UUID.
    Id,
    /// An instant in RFC 3339.
    Instant,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A text that matches this regular expression.
    Pattern(&'static str),
}

impl FilterShape {
    /// Maximum length of a search text, in characters.
    pub const MAX_TEXT: usize = 200;
}

impl<F> ListFilter<F> {
    /// A filter with the given shape; `read` must accept exactly the texts of that shape.
    pub const fn new(
        name: &'static str,
        description: &'static str,
        shape: FilterShape,
        read: fn(&mut F, &str) -> Result<(), Invalid>,
    ) -> Self {
        Self {
            name,
            description,
            shape,
            read,
        }
    }
}

/// Functions that parse the value of a filter into its field.
pub mod set {
    use super::{FilterShape, Invalid, StringEnum, Timestamp, text};
    use std::str::FromStr;

    /// Maximum length of the text of an instant.
    const MAX_INSTANT: usize = 64;

    /// One line of text, of at most [`FilterShape::MAX_TEXT`] characters.
    ///
    /// # Errors
    /// `REQUIRED`, `LENGTH` or `FORMAT`.
    pub fn text(field: &mut Option<String>, text: &str) -> Result<(), Invalid> {
        value(field, text::line(text, FilterShape::MAX_TEXT))
    }

    /// A UUID.
    ///
    /// # Errors
    /// `FORMAT`.
    pub fn id<I: FromStr>(field: &mut Option<I>, text: &str) -> Result<(), Invalid> {
        let id = text
            .parse()
            .map_err(|_unreadable| Invalid::new("FORMAT", "must be a UUID"));
        value(field, id)
    }

    /// An instant in RFC 3339.
    ///
    /// # Errors
    /// `LENGTH` or `FORMAT`.
    pub fn instant(field: &mut Option<Timestamp>, text: &str) -> Result<(), Invalid> {
        if text.len() > MAX_INSTANT {
            let message = format!("must be at most {MAX_INSTANT} characters");
            return Err(Invalid::new("LENGTH", message));
        }
        let instant = Timestamp::parse(text).map_err(|error| Invalid::new("FORMAT", format!("is {error}")));
        value(field, instant)
    }

    /// One of the names of an enumeration.
    ///
    /// # Errors
    /// `FORMAT`.
    pub fn word<T: StringEnum>(field: &mut Option<T>, text: &str) -> Result<(), Invalid> {
        let unknown = || Invalid::new("FORMAT", format!("must be one of {}", T::NAMES.join(", ")));
        value(field, T::from_name(text).ok_or_else(unknown))
    }

    /// Any other value.
    ///
    /// # Errors
    /// That of the value.
    pub fn value<T>(field: &mut Option<T>, value: Result<T, Invalid>) -> Result<(), Invalid> {
        *field = Some(value?);
        Ok(())
    }
}
