//! Conversion of scopes to conditions of queries.

use mainstay_domain::access::{Reach, Scope};
use mainstay_domain::id::UserId;

/// Which rows of an owned resource a scope includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// All rows.
    All,
    /// The rows of one account.
    Of(UserId),
    /// No row.
    None,
}

/// For resources with owners, which are never published.
pub(crate) fn owned<T>(scope: &Scope<T>) -> Sight {
    match scope.reach() {
        Reach::Everything => Sight::All,
        Reach::Owned(user) => Sight::Of(user),
        Reach::Published | Reach::Nothing => Sight::None,
    }
}

/// For resources without owners that are never published: whether the scope includes all rows.
pub(crate) fn all<T>(scope: &Scope<T>) -> bool {
    scope.reach() == Reach::Everything
}
