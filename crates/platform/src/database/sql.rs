//! The text of a statement, written once for both engines.

use std::borrow::Cow;

/// One statement with `$1..$n` placeholders, and the same text as SQLite numbers them (`?1..?n`).
///
/// Neither `$` nor `?` may stand for anything else in the text. Statements known when the program is compiled are
/// made by [`sql!`](crate::sql), which costs nothing while running; [`Sql::owned`] is for lists composed on the way.
#[derive(Debug, Clone)]
pub struct Sql {
    postgres: Cow<'static, str>,
    sqlite: Cow<'static, str>,
    kind: Kind,
}

/// What a statement does, told by its first words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only asks.
    Reads,
    /// It changes rows or the schema.
    Changes,
    /// It would begin or end transactions, or change how the connection works: the seam's own business.
    Controls,
}

impl Sql {
    /// A statement from a fixed text; prefer [`sql!`](crate::sql), which needs no allocation.
    ///
    /// # Panics
    /// If `$` or `?` stands for anything but a placeholder, which is a mistake in the program.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        let sqlite = numbered(text);
        Self {
            kind: kind(text),
            postgres: Cow::Borrowed(text),
            sqlite: Cow::Owned(sqlite),
        }
    }

    /// A statement composed while running. Values never belong in the text: bind them.
    ///
    /// # Panics
    /// If `$` or `?` stands for anything but a placeholder, which is a mistake in the program.
    #[must_use]
    pub fn owned(text: String) -> Self {
        let sqlite = numbered(&text);
        Self {
            kind: kind(&text),
            postgres: Cow::Owned(text),
            sqlite: Cow::Owned(sqlite),
        }
    }

    /// For [`sql!`](crate::sql): both spellings, already made.
    #[doc(hidden)]
    #[must_use]
    pub const fn spelled(postgres: &'static str, sqlite: &'static str) -> Self {
        Self {
            postgres: Cow::Borrowed(postgres),
            sqlite: Cow::Borrowed(sqlite),
            kind: kind(postgres),
        }
    }

    /// For [`sql!`](crate::sql): the bytes with `$` turned into `?`.
    #[doc(hidden)]
    #[must_use]
    pub const fn swap<const N: usize>(text: &str) -> [u8; N] {
        let bytes = text.as_bytes();
        assert!(bytes.len() == N, "the length is that of the text");
        check(bytes);
        let mut swapped = [0; N];
        let mut at = 0;
        while at < N {
            swapped[at] = if bytes[at] == b'$' { b'?' } else { bytes[at] };
            at += 1;
        }
        swapped
    }

    /// The text as PostgreSQL reads it, as it was written.
    #[must_use]
    pub fn postgres(&self) -> &str {
        &self.postgres
    }

    /// The text as SQLite reads it.
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
    let mut at = 0;
    while at < text.len() {
        assert!(text[at] != b'?', "`?` is no placeholder here: write $1, $2, ...");
        if text[at] == b'$' {
            assert!(
                at + 1 < text.len() && text[at + 1] >= b'1' && text[at + 1] <= b'9',
                "`$` stands only for a placeholder: $1, $2, ..."
            );
        }
        at += 1;
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

/// A statement only asks if it begins with SELECT or VALUES, or with WITH and no verb of change follows.
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
    let mut at = 0;
    while at < word.len() {
        if text[start + at].to_ascii_uppercase() != word[at] {
            return false;
        }
        at += 1;
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
            Err(_) => panic!("one ASCII byte for another leaves UTF-8 whole"),
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
    fn asking_is_told_from_changing_and_controlling() {
        for asks in [
            " select 1",
            "WITH x AS (SELECT updated_at FROM t) SELECT 1",
            "(SELECT 1) UNION (SELECT 2)",
        ] {
            assert_eq!(Sql::owned(asks.into()).kind(), Kind::Reads, "{asks}");
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
