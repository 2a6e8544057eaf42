//! Why an account may, or may not, do something: the rule that decided, and what of it the account fulfils.

use super::policy::{Ground, Policy, Rule, judge};
use super::scope::{ScopeFilter, visible};
use super::{Grant, Permission, PermissionSet, Principal, Resource, Resources, Visibility};
use crate::error::Denied;
use crate::id::UserId;
use crate::user::UserStatus;
use serde::{Deserialize, Serialize};

/// The answer to whether an account may do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Whether it may.
    pub allowed: bool,
    /// The rule that decided, in English, and what of it the account fulfils or lacks.
    pub because: String,
}

/// An account, with where each of its permissions comes from.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The account as a caller, with the permissions of its role and of its grants.
    pub principal: Principal,
    /// Whether the account may be used at all.
    pub status: UserStatus,
    /// Whether the owner of the account has requested its deletion.
    pub to_be_deleted: bool,
    /// The permissions of its role alone.
    pub by_role: PermissionSet,
    /// The permissions granted to the account itself.
    pub grants: Vec<Grant>,
}

/// The row that an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Any row, of whatever owner.
    EveryRow,
    /// One row.
    Row {
        /// The account that owns it, if any does.
        owner: Option<UserId>,
        /// Whether every caller may see it.
        published: bool,
    },
}

impl Target {
    /// One row.
    pub fn of<T: Resource>(row: &T) -> Self {
        Self::Row {
            owner: row.owner(),
            published: row.is_published(),
        }
    }
}

/// Explains whether an account may perform the action `verb` on the resource `noun`: `cancel` on `order`. `read` is
/// decided by what the policy shows. Where the policy lists no such action, `verb:noun` is a permission that the
/// account holds or lacks. `None` when it is neither.
pub fn explain(
    resources: &Resources,
    holder: &Holder,
    (verb, noun): (&str, &str),
    target: Target,
) -> Option<Explanation> {
    let policy = resources.policy(noun);
    let rule = policy.and_then(|policy| {
        let mut actions = policy.actions.iter();
        actions
            .find(|(action, _)| action.as_str() == verb)
            .map(|(_, rule)| *rule)
    });
    let named = |permission: &Permission| permission.as_str().split_once(':') == Some((verb, noun));
    let permission = resources.permissions().into_iter().find(named);
    let found = match (rule, policy, permission) {
        (Some(rule), ..) => holder.explain_rule(rule, target),
        (None, Some(policy), _) if verb == "read" => holder.explain_visible(policy, target),
        (None, _, Some(permission)) => holder.explain_permission(permission),
        (None, _, None) => return None,
    };
    Some(holder.if_usable(found))
}

fn yes(because: String) -> Explanation {
    Explanation {
        allowed: true,
        because,
    }
}

fn no(because: String) -> Explanation {
    Explanation {
        allowed: false,
        because,
    }
}

/// Who sees what, as the beginning of a sentence.
fn seeing(visible: &Visibility) -> String {
    match visible {
        Visibility::Holder(permission) => format!("holders of {permission} see all rows"),
        Visibility::Owner => "users see their own rows".to_owned(),
        Visibility::Published => "everyone sees published rows".to_owned(),
    }
}

impl Holder {
    /// An account that cannot sign in may do nothing, whatever its permissions are.
    fn if_usable(&self, found: Explanation) -> Explanation {
        match self.status {
            UserStatus::Active if self.to_be_deleted => {
                no("the account is to be deleted, as its owner requested".to_owned())
            }
            UserStatus::Active if self.principal.limited => no(format!(
                "the role {} requires a second factor, which the account does not have",
                self.principal.role
            )),
            UserStatus::Active => found,
            UserStatus::Disabled => no("the account is disabled".to_owned()),
            UserStatus::Invited => no("the invitation of the account is not accepted yet".to_owned()),
        }
    }

    fn explain_rule(&self, rule: Rule, target: Target) -> Explanation {
        let owner = match target {
            Target::EveryRow => None,
            Target::Row { owner, .. } => owner,
        };
        let decided = judge(Some(rule), &self.principal, owner);
        let reason = match &decided {
            Ok(Ground::Anyone) => "any caller may".to_owned(),
            Ok(Ground::Owner) => "the account owns it".to_owned(),
            Ok(Ground::Holder(permission)) => self.source(*permission),
            Ok(Ground::Role(role)) => format!("the account has the role {role}"),
            Err(Denied::Permission(permission)) => Self::lacks(*permission),
            Err(Denied::Ownership) => self.not_owned(rule, target),
            Err(_) => format!("the account has the role {}", self.principal.role),
        };
        let because = format!("allowed to {rule}: {reason}");
        decided.map_or_else(|_| no(because.clone()), |_| yes(because.clone()))
    }

    fn not_owned(&self, rule: Rule, target: Target) -> String {
        let owned = match target {
            Target::EveryRow => "no row is named, and the account does not own every row",
            Target::Row { .. } => "the account does not own it",
        };
        match rule {
            Rule::OwnerOr(permission) => format!("{owned}, and {}", Self::lacks(permission)),
            _ => owned.to_owned(),
        }
    }

    fn explain_visible(&self, policy: &Policy, target: Target) -> Explanation {
        let Some((visible, filter)) = visible(policy, Some(&self.principal)) else {
            let entries: Vec<String> = policy.visible.iter().map(seeing).collect();
            return no(match entries.is_empty() {
                true => "only Mainstay itself sees it".to_owned(),
                false => format!("{}: none of this is true of the account", entries.join(", ")),
            });
        };
        let shown = match target {
            Target::EveryRow => filter == ScopeFilter::Everything,
            Target::Row { owner, published } => filter.shows(owner, published),
        };
        let reason = match (visible, target) {
            (Visibility::Holder(permission), _) => self.source(permission),
            (_, Target::EveryRow) => "no row is named, and these are not all rows".to_owned(),
            (Visibility::Owner, _) if shown => "the account owns it".to_owned(),
            (Visibility::Owner, _) => "the account does not own it".to_owned(),
            (Visibility::Published, _) if shown => "it is published".to_owned(),
            (Visibility::Published, _) => "it is not published".to_owned(),
        };
        let because = format!("{}: {reason}", seeing(&visible));
        match shown {
            true => yes(because),
            false => no(because),
        }
    }

    fn explain_permission(&self, permission: Permission) -> Explanation {
        match self.principal.permissions.has(permission) {
            true => yes(self.source(permission)),
            false => no(Self::lacks(permission)),
        }
    }

    fn lacks(permission: Permission) -> String {
        format!("neither the role nor a grant of the account has {permission}")
    }

    /// Where the account has a permission from that it holds.
    fn source(&self, permission: Permission) -> String {
        let role = &self.principal.role;
        if role.is_admin() {
            return "the role admin has every permission".to_owned();
        }
        if self.by_role.has(permission) {
            return format!("the role {role} has {permission}");
        }
        let granted = |grant: &&Grant| grant.permission == permission.as_str();
        match self.grants.iter().find(granted).and_then(|grant| grant.until) {
            Some(until) => format!("{permission} is granted to the account until {until}"),
            None => format!("{permission} is granted to the account"),
        }
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
