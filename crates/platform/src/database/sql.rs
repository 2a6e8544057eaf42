//! SQL statements, written once for both engines.

use std::borrow::Cow;

/// The text of a statement with `$1..$n` placeholders, and the same text with SQLite's placeholders (`?1..?n`).
///
/// `$` and `?` may not be used for anything else in the text. [`sql!`](crate::sql) makes texts known at compile time,
/// which costs nothing at run time; [`Sql::owned`] is for texts composed at run time. A text alone is not executed:
/// it becomes a [`Select`](super::Select), which reads, or a [`Change`](super::Change), which needs a permit.
#[derive(Debug, Clone)]
pub struct Sql {
    postgres: Cow<'static, str>,
    sqlite: Cow<'static, str>,
}

impl Sql {
    /// A text that is fixed; prefer [`sql!`](crate::sql), which needs no allocation.
    ///
    /// # Panics
    /// If `$` or `?` is used for anything but a placeholder, which is a bug in the program.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        let sqlite = numbered(text);
        Self {
            postgres: Cow::Borrowed(text),
            sqlite: Cow::Owned(sqlite),
        }
    }

    /// A text composed at run time. Values never belong in the text: bind them.
    ///
    /// # Panics
    /// If `$` or `?` is used for anything but a placeholder, which is a bug in the program.
    #[must_use]
    pub fn owned(text: String) -> Self {
        let sqlite = numbered(&text);
        Self {
            postgres: Cow::Owned(text),
            sqlite: Cow::Owned(sqlite),
        }
    }

    /// For [`sql!`](crate::sql): both texts, already converted.
    #[doc(hidden)]
    #[must_use]
    pub const fn spelled(postgres: &'static str, sqlite: &'static str) -> Self {
        Self {
            postgres: Cow::Borrowed(postgres),
            sqlite: Cow::Borrowed(sqlite),
        }
    }

    /// For [`sql!`](crate::sql): the bytes with `$` replaced by `?`.
    #[doc(hidden)]
    #[must_use]
    pub const fn swap<const N: usize>(text: &str) -> [u8; N] {
        let bytes = text.as_bytes();
        assert!(bytes.len() == N, "the length is that of the text");
        check(bytes);
        let mut swapped = [0; N];
        let mut i = 0;
        while i < N {
            swapped[i] = if bytes[i] == b'$' { b'?' } else { bytes[i] };
            i += 1;
        }
        swapped
    }

    /// The text for PostgreSQL, as it was written.
    #[must_use]
    pub fn postgres(&self) -> &str {
        &self.postgres
    }

    /// The text for SQLite.
    #[must_use]
    pub fn sqlite(&self) -> &str {
        &self.sqlite
    }

    /// Both texts, also where the compiler evaluates.
    pub(super) const fn texts(&self) -> [&str; 2] {
        let postgres = match &self.postgres {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => text.as_str(),
        };
        let sqlite = match &self.sqlite {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => text.as_str(),
        };
        [postgres, sqlite]
    }
}

fn numbered(text: &str) -> String {
    check(text.as_bytes());
    text.replace('$', "?")
}

const fn check(text: &[u8]) {
    let mut i = 0;
    while i < text.len() {
        assert!(text[i] != b'?', "`?` is no placeholder here: write $1, $2, ...");
        if text[i] == b'$' {
            assert!(
                i + 1 < text.len() && text[i + 1] >= b'1' && text[i + 1] <= b'9',
                "`$` stands only for a placeholder: $1, $2, ..."
            );
        }
        i += 1;
    }
}

/// Makes a [`Sql`](crate::database::Sql) from a text known at compile time; a stray `$` or `?` does not compile.
///
/// ```
/// let find = mainstay_platform::sql!("SELECT name FROM users WHERE id = $1 AND tenant = $2");
/// assert_eq!(find.sqlite(), "SELECT name FROM users WHERE id = ?1 AND tenant = ?2");
/// ```
#[macro_export]
macro_rules! sql {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const SWAPPED: [u8; TEXT.len()] = $crate::database::Sql::swap::<{ TEXT.len() }>(TEXT);
        const SQLITE: &str = match ::core::str::from_utf8(&SWAPPED) {
            Ok(text) => text,
            Err(_) => panic!("replacing one ASCII byte by another keeps UTF-8 valid"),
        };
        $crate::database::Sql::spelled(TEXT, SQLITE)
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_for_both_engines() {
        const FIND: Sql = sql!("SELECT 'ä' FROM t WHERE a = $2 AND b = $10 LIMIT $1");
        assert_eq!(
            FIND.postgres(),
            "SELECT 'ä' FROM t WHERE a = $2 AND b = $10 LIMIT $1"
        );
        assert_eq!(
            FIND.sqlite(),
            "SELECT 'ä' FROM t WHERE a = ?2 AND b = ?10 LIMIT ?1"
        );
        assert_eq!(Sql::owned("x = $1".into()).sqlite(), "x = ?1");
        assert_eq!(Sql::new("x = $1").sqlite(), "x = ?1");
    }

    #[test]
    #[should_panic(expected = "stands only for a placeholder")]
    fn a_stray_dollar_is_refused() {
        let _ = Sql::new("SELECT '$'");
    }

    #[test]
    #[should_panic(expected = "is no placeholder here")]
    fn a_question_mark_is_refused() {
        let _ = Sql::owned("SELECT a ? b".into());
    }
}
