//! What a statement does, as far as its words say: evaluated by the compiler for statements that are known to it.
//!
//! The words are the first of two checks. The second is the database's: SQLite refuses at run time to run a [`Select`]
//! that is not read-only, and a test asks both engines which tables each statement of Mainstay writes.
//!
//! [`Select`]: super::Select

const CHANGING: [&[u8]; 4] = [b"INSERT", b"UPDATE", b"DELETE", b"MERGE"];

/// Whether a statement only reads: it begins with SELECT or VALUES and contains no INTO, or with WITH and contains no
/// INSERT, UPDATE, DELETE or MERGE either.
pub(super) const fn only_reads(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && (bytes[at].is_ascii_whitespace() || bytes[at] == b'(') {
        at += 1;
    }
    let with = word_at(bytes, at, b"WITH");
    if !with && !word_at(bytes, at, b"SELECT") && !word_at(bytes, at, b"VALUES") {
        return false;
    }
    while at < bytes.len() {
        // PostgreSQL's `SELECT ... INTO t` creates a table; `SELECT ... FOR UPDATE` changes nothing.
        if word_at(bytes, at, b"INTO") || (with && changing_word(bytes, at)) {
            return false;
        }
        at = next_word(bytes, word_end(bytes, at));
    }
    true
}

/// Whether a statement writes one table and no other: each INSERT, UPDATE, DELETE and MERGE in it names the table.
/// `DO UPDATE` and `FOR UPDATE` name none.
pub(super) const fn writes_only(text: &str, table: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut at, mut before, mut writes) = (next_word(bytes, 0), 0, false);
    while at < bytes.len() {
        let follows = word_at(bytes, before, b"DO") || word_at(bytes, before, b"FOR");
        if changing_word(bytes, at) && !follows {
            if !is_word(bytes, target(bytes, at), table.as_bytes()) {
                return false;
            }
            writes = true;
        }
        before = at;
        at = next_word(bytes, word_end(bytes, at));
    }
    writes
}

/// The position of the table that the changing word at a position names.
const fn target(text: &[u8], verb: usize) -> usize {
    let mut at = next_word(text, word_end(text, verb));
    if word_at(text, verb, b"UPDATE") {
        return at;
    }
    while at < text.len() && !word_at(text, at, b"INTO") && !word_at(text, at, b"FROM") {
        at = next_word(text, word_end(text, at));
    }
    next_word(text, word_end(text, at))
}

const fn changing_word(text: &[u8], at: usize) -> bool {
    let mut verb = 0;
    while verb < CHANGING.len() {
        if word_at(text, at, CHANGING[verb]) {
            return true;
        }
        verb += 1;
    }
    false
}

/// The start of the first word at or after a position; the text's length when there is none.
const fn next_word(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && !is_name(text[at]) {
        at += 1;
    }
    at
}

const fn word_end(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && is_name(text[at]) {
        at += 1;
    }
    at
}

/// Whether the word at a position is a keyword, in whatever case.
const fn word_at(text: &[u8], start: usize, keyword: &[u8]) -> bool {
    if start + keyword.len() > text.len() || (start > 0 && is_name(text[start - 1])) {
        return false;
    }
    let mut i = 0;
    while i < keyword.len() {
        if text[start + i].to_ascii_uppercase() != keyword[i] {
            return false;
        }
        i += 1;
    }
    start + keyword.len() == text.len() || !is_name(text[start + keyword.len()])
}

/// Whether the word that starts at a position is exactly this one.
const fn is_word(text: &[u8], start: usize, word: &[u8]) -> bool {
    if word_end(text, start) - start != word.len() {
        return false;
    }
    let mut i = 0;
    while i < word.len() {
        if text[start + i] != word[i] {
            return false;
        }
        i += 1;
    }
    true
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_may_change_rows_does_not_count_as_reading() {
        for reads in [
            " select 1",
            "VALUES (1)",
            "SELECT id FROM t FOR UPDATE",
            "WITH x AS (SELECT updated_at FROM t) SELECT 1",
            "(SELECT 1) UNION (SELECT 2)",
        ] {
            assert!(only_reads(reads), "{reads}");
        }
        for other in [
            "INSERT INTO t VALUES (1)",
            "with x as (select 1) delete from t",
            "WITH x AS (SELECT 1) UPDATE t SET a = 1 RETURNING a",
            "WITH gone AS (DELETE FROM t RETURNING id) SELECT id FROM gone",
            "WITH x AS (SELECT 1) MERGE INTO t USING x ON TRUE WHEN MATCHED THEN DELETE",
            "SELECT a INTO u FROM t",
            "selection",
            "UPDATE t",
            "COMMIT",
            " ROLLBACK TO x",
            "pragma query_only",
        ] {
            assert!(!only_reads(other), "{other}");
        }
    }

    #[test]
    fn each_change_in_a_statement_names_the_table() {
        for text in [
            "INSERT INTO t (a) SELECT a FROM u ON CONFLICT (a) DO UPDATE SET a = 1",
            "insert or rollback into t values (1)",
            "UPDATE t SET a = (SELECT b FROM u)",
            "DELETE FROM t WHERE a IN (SELECT a FROM u)",
            "WITH p AS (SELECT id FROM t FOR UPDATE SKIP LOCKED) UPDATE t SET a = 1 FROM p WHERE t.id = p.id",
        ] {
            assert!(writes_only(text, "t"), "{text}");
            assert!(!writes_only(text, "u"), "{text}");
        }
        for other in [
            "WITH gone AS (DELETE FROM u RETURNING id) INSERT INTO t SELECT id FROM gone",
            "INSERT INTO tt (a) VALUES (1)",
            "SELECT a FROM t",
            "CREATE TABLE t (a BIGINT)",
            "COMMIT",
            "UPDATE",
        ] {
            assert!(!writes_only(other, "t"), "{other}");
        }
    }
}
