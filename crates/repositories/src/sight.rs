//! What a scope means to the queries of a noun.

use mainstay_domain::access::{Reach, Scope};
use mainstay_domain::id::UserId;

/// How much of a noun that belongs to people may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// All rows.
    All,
    /// The rows of one person.
    Of(UserId),
    /// No row.
    None,
}

/// For a noun that belongs to people: nothing of it is published.
pub(crate) fn owned<T>(scope: &Scope<T>) -> Sight {
    match scope.reach() {
        Reach::Everything => Sight::All,
        Reach::Owned(user) => Sight::Of(user),
        Reach::Published | Reach::Nothing => Sight::None,
    }
}

/// For a noun that belongs to nobody and is not published: all or nothing.
pub(crate) fn all<T>(scope: &Scope<T>) -> bool {
    scope.reach() == Reach::Everything
}
