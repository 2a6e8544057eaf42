//! The differences between the two engines; no other file contains any.
//!
//! - Rows that several workers claim at once: PostgreSQL locks them and skips those that are locked; SQLite has one
//!   writer, which needs no lock.
//! - Full-text search: the statement is the same, `SELECT id FROM products_search($1)`. It is a table-valued function
//!   of FTS5 on SQLite and a function over a `tsvector` on PostgreSQL, created by the migrations. Both take
//!   [`words`], and both index the words of [`text::words`], split at their spaces and nowhere else: what a word is
//!   does not depend on the engine, its version or the locale of the database.

use mainstay_domain::text;

macro_rules! promote {
    ($lock:literal) => {
        concat!(
            "WITH picked (job) AS MATERIALIZED (SELECT id FROM jobs WHERE NOT due AND lease_until IS NULL \
             AND finished_at IS NULL AND run_at <= $1 ORDER BY run_at LIMIT 1000",
            $lock,
            ") UPDATE jobs SET due = TRUE FROM picked WHERE id = job"
        )
    };
}

macro_rules! recover {
    ($lock:literal) => {
        concat!(
            "WITH picked (job) AS MATERIALIZED (SELECT id FROM jobs WHERE lease_until <= $1 \
             ORDER BY lease_until LIMIT 1000",
            $lock,
            ") UPDATE jobs SET state = CASE WHEN attempts < max_attempts THEN 'retrying' ELSE 'dead' END, \
             due = (attempts < 2 AND attempts < max_attempts), lease_until = NULL, \
             run_at = CASE WHEN attempts < 2 THEN run_at ELSE $1 + 1000000 * CASE WHEN attempts > 12 THEN 3600 \
             ELSE CAST(1 AS BIGINT) << CAST(attempts - 1 AS INTEGER) END END, \
             finished_at = CASE WHEN attempts < max_attempts THEN NULL ELSE $1 END, \
             last_error = 'the worker went away before it was done' FROM picked WHERE id = job \
             RETURNING id, kind, queue, payload, state, attempts, max_attempts, run_at, last_error, request_id, \
             created_at, finished_at, fence"
        )
    };
}

macro_rules! claim {
    ($condition:literal, $lock:literal) => {
        concat!(
            "WITH picked (job) AS MATERIALIZED (SELECT id FROM jobs WHERE due",
            $condition,
            " ORDER BY priority DESC, run_at, id LIMIT $1",
            $lock,
            ") UPDATE jobs SET state = 'running', due = FALSE, attempts = attempts + 1, fence = fence + 1, \
             lease_until = $2 FROM picked WHERE id = job \
             RETURNING priority, id, kind, queue, payload, state, attempts, max_attempts, run_at, last_error, \
             request_id, created_at, finished_at, fence"
        )
    };
}

macro_rules! waiting {
    ($lock:literal) => {
        concat!(
            "SELECT id, at, kind, resource, resource_id, owner_id, user_id, request_id, payload FROM outbox \
             WHERE relayed_at IS NULL ORDER BY id LIMIT $1",
            $lock
        )
    };
}

macro_rules! active_admins {
    ($lock:literal) => {
        concat!(
            "SELECT count(*) FROM (SELECT id FROM users WHERE role = 'admin' AND status = 'active' AND deletion_at IS NULL",
            $lock,
            ") admins"
        )
    };
}

internal_changes! {
    /// Marks the jobs whose time has come as claimable.
    PROMOTE_JOBS: Jobs = postgres promote!(" FOR UPDATE SKIP LOCKED"), sqlite promote!("");
    /// Makes the jobs of workers that died claimable again, unless that was their last attempt: a job that kills its
    /// worker must not do so for ever. The first time at once, then after 2 s, 4 s, 8 s ... up to an hour: a worker
    /// may have died before it started all the jobs that it held, and these must not use up their attempts while it
    /// restarts and dies again and again.
    RECOVER_JOBS: Jobs = postgres recover!(" FOR UPDATE SKIP LOCKED"), sqlite recover!("");
    /// Claims the most urgent jobs.
    CLAIM_JOBS: Jobs = postgres claim!("", " FOR UPDATE SKIP LOCKED"), sqlite claim!("", "");
    /// Claims the most urgent jobs of one queue.
    CLAIM_JOBS_OF: Jobs = postgres claim!(" AND queue = $3", " FOR UPDATE SKIP LOCKED"), sqlite claim!(" AND queue = $3", "");
}

statements! {
    /// Prevents other transactions from changing an order before this one ends, and waits for one that is changing
    /// it.
    LOCK_ORDER = postgres "SELECT id FROM orders WHERE id = $1 FOR UPDATE", sqlite "SELECT id FROM orders WHERE id = $1";
    /// Events that are not relayed yet.
    OUTBOX_WAITING = postgres waiting!(" FOR UPDATE SKIP LOCKED"), sqlite waiting!("");
    /// The time by the database's clock, in microseconds: only for comparison with a node's. The application decides
    /// by the time that is passed in.
    CLOCK = postgres "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
            sqlite "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)";
    /// The number of active administrators. Locked, so that of two who remove each other one waits for the other.
    ACTIVE_ADMINS = postgres active_admins!(" FOR UPDATE"), sqlite active_admins!("");
}

/// Prevents other nodes from migrating the same PostgreSQL database until the connection is closed. The number is an
/// arbitrary lock id: `mainstay` in ASCII.
pub(crate) const LOCK_MIGRATIONS: &str =
    "SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock(7881696745979404665)";

/// Converts the text of a search box to the argument of [`products_search`](self): at most eight words of letters and
/// digits, each a prefix of a word that must occur. Empty when the text contains no word.
pub(crate) fn words(search: &str) -> String {
    let prefixes = text::words(search).take(8).map(|word| word + "*");
    prefixes.collect::<Vec<_>>().join(" ")
}

/// A pattern for `… LIKE … ESCAPE '!'` that finds a text anywhere in another one. Both are folded ([`text::folded`]),
/// so that the engine does not decide which letters are equal.
pub(crate) fn anywhere(text: &str) -> String {
    let text = text::folded(text);
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_and_digits_reach_the_index() {
        assert_eq!(words("  Blue T-Shirt "), "blue* t* shirt*");
        assert_eq!(
            words("\"x\" OR name:y NEAR(z) ^a -b + c* '); --"),
            "x* or* name* y* near* z* a* b*"
        );
        assert_eq!(words("Größe 42 ½ 咖啡"), "grösse* 42* 1* 2* 咖啡*");
        assert_eq!(words(" '\"*():^-+&|!<>\\\0 "), "");
        assert_eq!(words(&"a".repeat(1000)).len(), 65);
    }

    #[test]
    fn wildcards_are_escaped() {
        assert_eq!(anywhere("50%_Off!"), "%50!%!_off!!%");
        assert_eq!(anywhere("ＭU\u{308}LLER"), "%müller%");
    }
}
