//! SQL statements, written once for both engines.

use std::borrow::Cow;

/// One statement with `$1..$n` placeholders, and the same text with SQLite's placeholders (`?1..?n`).
///
/// `$` and `?` may not be used for anything else in the text. [`sql!`](crate::sql) makes statements known at compile
/// time, which costs nothing at run time; [`Sql::owned`] is for statements composed at run time.
#[derive(Debug, Clone)]
pub struct Sql {
    postgres: Cow<'static, str>,
    sqlite: Cow<'static, str>,
    kind: Kind,
}

/// The kind of a statement, recognised by its first words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only reads.
    Reads,
    /// It changes rows or the schema.
    Changes,
    /// It would start or end transactions, or change the connection's settings: reserved for the database API.
    Controls,
}

impl Sql {
    /// A statement from a fixed text; prefer [`sql!`](crate::sql), which needs no allocation.
    ///
    /// # Panics
    /// If `$` or `?` is used for anything but a placeholder, which is a bug in the program.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        let sqlite = numbered(text);
        Self {
            kind: kind(text),
            postgres: Cow::Borrowed(text),
            sqlite: Cow::Owned(sqlite),
        }
    }

    /// A statement composed at run time. Values never belong in the text: bind them.
    ///
    /// # Panics
    /// If `$` or `?` is used for anything but a placeholder, which is a bug in the program.
    #[must_use]
    pub fn owned(text: String) -> Self {
        let sqlite = numbered(&text);
        Self {
            kind: kind(&text),
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
            kind: kind(postgres),
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

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
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

const CONTROLS: [&[u8]; 12] = [
    b"BEGIN",
    b"START",
    b"COMMIT",
    b"END",
    b"ROLLBACK",
    b"ABORT",
    b"SAVEPOINT",
    b"RELEASE",
    b"PRAGMA",
    b"ATTACH",
    b"DETACH",
    b"VACUUM",
];

/// A statement only reads if it begins with SELECT or VALUES, or with WITH and contains no INSERT, UPDATE or DELETE.
const fn kind(text: &str) -> Kind {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() && (bytes[start].is_ascii_whitespace() || bytes[start] == b'(') {
        start += 1;
    }
    if word_at(bytes, start, b"SELECT") || word_at(bytes, start, b"VALUES") {
        return Kind::Reads;
    }
    let mut control = 0;
    while control < CONTROLS.len() {
        if word_at(bytes, start, CONTROLS[control]) {
            return Kind::Controls;
        }
        control += 1;
    }
    if !word_at(bytes, start, b"WITH") {
        return Kind::Changes;
    }
    while start < bytes.len() {
        if word_at(bytes, start, b"INSERT")
            || word_at(bytes, start, b"UPDATE")
            || word_at(bytes, start, b"DELETE")
        {
            return Kind::Changes;
        }
        start += 1;
    }
    Kind::Reads
}

const fn word_at(text: &[u8], start: usize, word: &[u8]) -> bool {
    if start + word.len() > text.len() || (start > 0 && is_name(text[start - 1])) {
        return false;
    }
    let mut i = 0;
    while i < word.len() {
        if text[start + i].to_ascii_uppercase() != word[i] {
            return false;
        }
        i += 1;
    }
    start + word.len() == text.len() || !is_name(text[start + word.len()])
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
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

    #[test]
    fn statements_are_classified_by_their_first_words() {
        for reads in [
            " select 1",
            "WITH x AS (SELECT updated_at FROM t) SELECT 1",
            "(SELECT 1) UNION (SELECT 2)",
        ] {
            assert_eq!(Sql::owned(reads.into()).kind(), Kind::Reads, "{reads}");
        }
        for changes in [
            "INSERT INTO t VALUES (1)",
            "with x as (select 1) delete from t",
            "selection",
            "UPDATE t",
        ] {
            assert_eq!(Sql::owned(changes.into()).kind(), Kind::Changes, "{changes}");
        }
        for controls in ["commit", " ROLLBACK TO x", "pragma query_only"] {
            assert_eq!(Sql::owned(controls.into()).kind(), Kind::Controls, "{controls}");
        }
    }
}
