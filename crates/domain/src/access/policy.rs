//! The policy of a resource: which rows callers may see, and which actions they may perform on them. Each resource
//! declares its own, beside its type; `contracts/policy.txt` shows all of them on one page.

use super::{Action, Permission, Principal};
use crate::error::Denied;
use crate::id::{Id, UserId};
use std::fmt;

/// A resource with an access policy.
pub trait Resource: Send + Sync + Sized + 'static {
    /// The resource's name in the audit trail and in permissions.
    const NAME: &'static str;
    /// Which callers see its rows, and which may perform which action.
    const POLICY: Policy;
    /// The permissions that it adds to those an administrator can grant. Its policy may name those of other resources.
    const PERMISSIONS: &'static [Permission] = &[];
    /// The row's id.
    fn id(&self) -> Id<Self>;
    /// The account that owns the row; `None` when the resource has no owner.
    fn owner(&self) -> Option<UserId>;
    /// Whether every caller may see the row, where the policy has [`Visibility::Published`].
    fn is_published(&self) -> bool {
        false
    }
}

/// Which callers see a resource, and which may perform which action on it.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Tried in order; the first entry that matches the caller decides the scope.
    pub visible: &'static [Visibility],
    /// Actions that are not listed are reserved for the system. A caller permitted to perform an action on any
    /// owner's rows finds all of them for that purpose (see [`scope_to`](super::scope_to)).
    pub actions: &'static [(Action, Rule)],
}

impl Policy {
    /// The rule of an action; `None` when the action is reserved for the system.
    pub fn rule(&self, action: Action) -> Option<Rule> {
        let listed = self.actions.iter().find(|(named, _)| *named == action);
        listed.map(|(_, rule)| *rule)
    }

    /// Whether no action is listed twice; the second rule would never apply.
    pub(super) const fn lists_each_action_once(&self) -> bool {
        let mut at = 0;
        while at < self.actions.len() {
            let mut later = at + 1;
            while later < self.actions.len() {
                if same(self.actions[at].0.as_str(), self.actions[later].0.as_str()) {
                    return false;
                }
                later += 1;
            }
            at += 1;
        }
        true
    }

    /// Every permission that it names.
    pub(super) fn permissions(&self) -> impl Iterator<Item = Permission> {
        let visible = self.visible.iter().filter_map(|visible| match visible {
            Visibility::Holder(permission) => Some(*permission),
            Visibility::Owner | Visibility::Published => None,
        });
        let actions = self.actions.iter().filter_map(|(_, rule)| match rule {
            Rule::OwnerOr(permission) | Rule::Holder(permission) => Some(*permission),
            Rule::Anyone | Rule::Owner | Rule::Role(_) | Rule::System => None,
        });
        visible.chain(actions)
    }
}

/// Compares two texts at compile time, where `==` is not available.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// Which callers see rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Holders of a permission see all rows.
    Holder(Permission),
    /// Users see their own rows.
    Owner,
    /// Every caller sees published rows.
    Published,
}

/// Which callers may perform an action on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Any caller, signed in or not.
    Anyone,
    /// The row's owner.
    Owner,
    /// The row's owner, or a holder of the permission.
    OwnerOr(Permission),
    /// A holder of the permission.
    Holder(Permission),
    /// A member of the role.
    Role(&'static str),
    /// Mainstay itself.
    System,
}

/// What of a rule a signed-in user fulfils.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    Anyone,
    Owner,
    Holder(Permission),
    Role(&'static str),
}

/// Decides whether a signed-in user may perform an action on a row of this owner; `None` is the rule of an action that
/// is reserved for the system. [`permit`](super::permit()) and [`explain`](super::explain()) both ask here.
pub(super) fn judge(
    rule: Option<Rule>,
    principal: &Principal,
    owner: Option<UserId>,
) -> Result<Ground, Denied> {
    let owns = owner == Some(principal.id);
    match rule {
        Some(Rule::Anyone) => Ok(Ground::Anyone),
        Some(Rule::Owner | Rule::OwnerOr(_)) if owns => Ok(Ground::Owner),
        Some(Rule::OwnerOr(permission)) if principal.permissions.has(permission) => {
            Ok(Ground::Holder(permission))
        }
        Some(Rule::Owner | Rule::OwnerOr(_)) => Err(Denied::Ownership),
        Some(Rule::Holder(permission)) if principal.permissions.has(permission) => {
            Ok(Ground::Holder(permission))
        }
        Some(Rule::Holder(permission)) => Err(Denied::Permission(permission)),
        Some(Rule::Role(role)) if principal.has_role(role) => Ok(Ground::Role(role)),
        Some(Rule::Role(_) | Rule::System) | None => Err(Denied::Role),
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holder(permission) => write!(f, "holders of {permission}: all rows"),
            Self::Owner => f.write_str("a signed-in user: their own rows"),
            Self::Published => f.write_str("everyone: published rows"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Owner => f.write_str("the owner"),
            Self::OwnerOr(permission) => write!(f, "the owner, holders of {permission}"),
            Self::Holder(permission) => write!(f, "holders of {permission}"),
            Self::Role(role) => write!(f, "members of the role {role}"),
            Self::System => f.write_str("the system"),
        }
    }
}
