//! Scopes: which rows a caller may see.

use super::permit::Action;
use super::policy::{Policy, Resource, Rule, Visibility};
use super::{Caller, Principal};
use crate::id::UserId;
use std::marker::PhantomData;

/// The rows of one resource that a caller may see. Finders require it and filter by it, in the query itself.
pub struct Scope<T> {
    filter: ScopeFilter,
    resource: PhantomData<fn() -> T>,
}

/// Which rows a scope includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeFilter {
    /// All rows.
    Everything,
    /// Rows of one owner.
    Owned(UserId),
    /// Rows that are published to every caller.
    Published,
    /// No row.
    Nothing,
}

impl<T> Scope<T> {
    /// Which rows the scope includes; finders translate it to a condition of the query.
    pub fn filter(&self) -> ScopeFilter {
        self.filter
    }
}

impl<T: Resource> Scope<T> {
    /// Whether the scope includes a row of this owner, which is published or not.
    pub fn includes(&self, owner: Option<UserId>, is_published: bool) -> bool {
        self.filter.shows(owner, is_published)
    }

    /// Whether the scope includes a row that is already loaded. Finders apply the same condition in their queries.
    pub fn shows(&self, row: &T) -> bool {
        self.filter.shows(row.owner(), row.is_published())
    }
}

impl ScopeFilter {
    /// Whether it includes a row of this owner.
    pub(super) fn shows(self, row_owner: Option<UserId>, published: bool) -> bool {
        match self {
            Self::Everything => true,
            Self::Owned(owner) => row_owner == Some(owner),
            Self::Published => published,
            Self::Nothing => false,
        }
    }
}

/// The scope of a caller: the first entry of the resource's policy that matches, and nothing when none does. The
/// system sees everything, including resources that no user may see.
pub fn scope<T: Resource>(caller: &Caller) -> Scope<T> {
    let filter = match caller {
        Caller::System(_) => ScopeFilter::Everything,
        Caller::User(_) | Caller::Anonymous => {
            visible(&T::POLICY, caller.principal()).map_or(ScopeFilter::Nothing, |(_, filter)| filter)
        }
    };
    Scope {
        filter,
        resource: PhantomData,
    }
}

/// The first entry of a policy that matches a user, or an anonymous caller, and the rows that it shows. [`scope`] and
/// [`explain`](super::explain()) both ask here.
pub(super) fn visible(policy: &Policy, principal: Option<&Principal>) -> Option<(Visibility, ScopeFilter)> {
    let fits = |visible: &Visibility| match (visible, principal) {
        (Visibility::Holder(permission), Some(principal)) => principal
            .permissions
            .has(*permission)
            .then_some(ScopeFilter::Everything),
        (Visibility::Owner, Some(principal)) => Some(ScopeFilter::Owned(principal.id)),
        (Visibility::Published, _) => Some(ScopeFilter::Published),
        (Visibility::Holder(_) | Visibility::Owner, None) => None,
    };
    let entries = policy.visible.iter();
    entries
        .filter_map(|visible| Some((*visible, fits(visible)?)))
        .next()
}

/// The scope of a caller about to perform an action: one permitted to perform it on every owner's rows finds all of
/// them for that purpose, including rows that are otherwise hidden. For all other callers, the same as [`scope`].
pub fn scope_to<T: Resource>(caller: &Caller, action: Action) -> Scope<T> {
    let on_all_rows = match (caller.principal(), T::POLICY.rule(action)) {
        (Some(principal), Some(Rule::Holder(permission) | Rule::OwnerOr(permission))) => {
            principal.permissions.has(permission)
        }
        (Some(principal), Some(Rule::Role(role))) => principal.has_role(role),
        (_, Some(Rule::Anyone | Rule::Owner | Rule::System) | None) | (None, Some(_)) => false,
    };
    if on_all_rows {
        return Scope {
            filter: ScopeFilter::Everything,
            resource: PhantomData,
        };
    }
    scope(caller)
}
