//! The retired words: what each was used for is said with a standard term of the field.

/// Where a word is refused. A word with an ordinary meaning is refused only where it was used with the private one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// In any text: code, comments, literals, documents, names of files.
    Anywhere,
    /// As a part of an identifier or of the name of a source file: `tail` in `of_tail` and in `TailHash`.
    Part,
    /// As a whole identifier: `leave`, but not `leave_jobs`.
    Identifier,
    /// As the name of a type, trait, constant, module or function that is declared, exactly as it is spelled.
    Declared,
}

/// Words that are refused in the same places for the same reason.
pub(super) struct Retired {
    /// In small letters, except for declared names. Several words in one entry, with a space between, are a phrase.
    pub(super) words: &'static [&'static str],
    pub(super) scope: Scope,
    /// What to write instead.
    pub(super) instead: &'static str,
}

/// A use of a retired word that stays, because the word is part of an interface that others define.
pub(super) struct Exception {
    pub(super) path: &'static str,
    pub(super) word: &'static str,
    /// Text that the line must contain.
    pub(super) line: &'static str,
}

const fn retired(scope: Scope, words: &'static [&'static str], instead: &'static str) -> Retired {
    Retired {
        words,
        scope,
        instead,
    }
}

use Scope::{Anywhere, Declared, Identifier, Part};

pub(super) const RETIRED: &[Retired] = &[
    retired(
        Anywhere,
        &["house", "houses"],
        "architecture, application or Mainstay; `fixture` in a test",
    ),
    retired(
        Anywhere,
        &["floor", "floors"],
        "layer; baseline, of a benchmark; minimum, of a value",
    ),
    retired(Anywhere, &["stair", "stairs"], "layer"),
    retired(Anywhere, &["arrow", "arrows"], "dependency"),
    retired(
        Anywhere,
        &["door", "doors"],
        "interface (REST, GraphQL, gRPC, WebSocket, command line)",
    ),
    retired(
        Anywhere,
        &["knock", "knocks", "knocked", "knocking"],
        "connect or check; `HandlerFor`, `HandlerParams`",
    ),
    retired(Anywhere, &["dress", "dresses", "dressed", "dressing"], "render"),
    retired(
        Anywhere,
        &["story", "stories"],
        "domain event, of a transaction; outbox event, once stored; end-to-end test",
    ),
    retired(Anywhere, &["sight", "sights"], "visibility or scope"),
    retired(Anywhere, &["chore", "chores"], "periodic task"),
    retired(Anywhere, &["errand", "errands"], "queued write"),
    retired(Anywhere, &["crew", "crews"], "thread pool"),
    retired(Anywhere, &["seam", "seams"], "database API, or interface"),
    retired(Anywhere, &["figures"], "metrics, or measurements"),
    retired(
        Anywhere,
        &["tell", "tells", "telling", "tellings", "told"],
        "name the actor and what it does: reports, returns, records, notifies, distinguishes",
    ),
    retired(
        Anywhere,
        &["somebody", "nobody", "whoever", "everybody", "anybody"],
        "name the actor: client, caller, customer, administrator, worker, node, request",
    ),
    retired(Anywhere, &["news"], "access changes, or changes"),
    retired(
        Anywhere,
        &["hear", "hears", "heard"],
        "read, receive or synchronise; `sync_access`",
    ),
    retired(Anywhere, &["doomed"], "unresolved"),
    retired(Anywhere, &["patience", "patiently"], "deadline or timeout"),
    retired(Anywhere, &["aftermath"], "follow-up"),
    retired(Anywhere, &["rehearsal", "rehearsals"], "fault injection"),
    retired(Anywhere, &["laid out"], "dead, of a job"),
    retired(
        Anywhere,
        &["without leave", "s leave", "a leave", "the leave", "no leave"],
        "permission",
    ),
    retired(
        Part,
        &["standing"],
        "authentication: `Authentication`, `is_current`",
    ),
    retired(
        Part,
        &["tail", "tails"],
        "deferred writes: `DeferredWrites`; end or last",
    ),
    retired(
        Part,
        &["asked"],
        "requested; params, of a request; calls, of a fake",
    ),
    retired(
        Part,
        &["look", "looks", "looked", "looking"],
        "read, check or find",
    ),
    retired(Identifier, &["leave", "leaves"], "permission or permit"),
    retired(Identifier, &["turn", "turns"], "run or progress"),
    retired(Identifier, &["given_up"], "dead; `on_dead`"),
    retired(Identifier, &["still_stands"], "`is_current`"),
    retired(Identifier, &["hear_access"], "`sync_access`"),
    retired(
        Declared,
        &["ask", "complain", "say", "says", "said"],
        "what the function does: `request`, `print_line`, `print_error`, `record`",
    ),
    retired(
        Declared,
        &["MOST", "LONGEST", "LOOK", "ASK", "GATHER", "PIECE", "THINGS"],
        "`MAX_…`, or what the constant limits",
    ),
    retired(
        Declared,
        &["KEPT", "USUAL", "NOUN"],
        "`…_RETENTION`, `DEFAULT_…`, `NAME`",
    ),
    retired(
        Declared,
        &["later", "people", "tamper", "unattended", "wire"],
        "`jobs`, `users`, `execute_raw`, `is_ci`, `tcp_proxy`",
    ),
    retired(
        Declared,
        &[
            "Alive",
            "Arrival",
            "Asked",
            "Audience",
            "Back",
            "Begun",
            "Belonging",
            "Books",
            "Brief",
            "Claimed",
            "Deed",
            "Desk",
            "Exchange",
            "Expected",
            "Facts",
            "Family",
            "Fault",
            "Faults",
            "Finding",
            "Flaw",
            "Gather",
            "Guarded",
            "Held",
            "Joined",
            "Kept",
            "Known",
            "Knows",
            "Legible",
            "Listing",
            "Looks",
            "Meaning",
            "Member",
            "Move",
            "Onward",
            "Open",
            "Outage",
            "Outside",
            "Passes",
            "Piece",
            "Place",
            "Presented",
            "Proven",
            "Ran",
            "Reach",
            "Refusal",
            "Said",
            "Samples",
            "Seat",
            "See",
            "Shown",
            "Spelled",
            "Standing",
            "Stretch",
            "Taken",
            "Things",
            "Turn",
            "Which",
            "Who",
            "Witness",
            "Word",
            "Work",
        ],
        "the standard term for what the type holds",
    ),
];

pub(super) const EXCEPTIONS: &[Exception] = &[
    Exception {
        path: "xtask/src/test/postgres/private.rs",
        word: "nobody",
        line: "UNPRIVILEGED", // an account of Unix
    },
    Exception {
        path: "crates/domain/src/attributes.rs",
        word: "floor",
        line: "floor_char_boundary", // of the standard library
    },
    Exception {
        path: "crates/engine/src/request_context.rs",
        word: "floor",
        line: "floor_char_boundary", // of the standard library
    },
    Exception {
        path: "crates/domain/src/validation.rs",
        word: "floor",
        line: "floor_char_boundary", // of the standard library
    },
];
