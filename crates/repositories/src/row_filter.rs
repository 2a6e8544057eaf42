//! Conversion of scopes to conditions of queries.

use mainstay_domain::access::{Scope, ScopeFilter};
use mainstay_domain::id::UserId;

/// Which rows of an owned resource a scope includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowFilter {
    /// All rows.
    All,
    /// The rows of one account.
    Of(UserId),
    /// No row.
    None,
}

/// For resources with owners, which are never published.
pub(crate) fn owned<T>(scope: &Scope<T>) -> RowFilter {
    match scope.filter() {
        ScopeFilter::Everything => RowFilter::All,
        ScopeFilter::Owned(user) => RowFilter::Of(user),
        ScopeFilter::Published | ScopeFilter::Nothing => RowFilter::None,
    }
}

/// For resources without owners that are never published: whether the scope includes all rows.
pub(crate) fn all<T>(scope: &Scope<T>) -> bool {
    scope.filter() == ScopeFilter::Everything
}
