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
mod tests {
    use super::*;
    use crate::access::{Caller, Credential, RoleName, permit_new, scope};
    use crate::email::Email;
    use crate::id::{OrderId, SessionId};
    use crate::order::Order;
    use crate::resources::built_in;
    use crate::time::Timestamp;
    use std::sync::Arc;
    use uuid::Uuid;

    fn id(n: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(n))
    }

    fn holder(role: &str, by_role: &[&str], granted: &[(&str, Option<i64>)]) -> Holder {
        let by_role = match role {
            "admin" => PermissionSet::everything(&[]),
            _ => PermissionSet::of(by_role.iter().map(|name| (*name).to_owned())),
        };
        let grants: Vec<Grant> = granted
            .iter()
            .map(|(permission, until)| Grant {
                permission: (*permission).to_owned(),
                until: until.map(Timestamp::from_seconds),
            })
            .collect();
        Holder {
            principal: Principal {
                id: id(1),
                email: Email::stored("ann@example.com".to_owned()),
                role: RoleName::stored(role),
                permissions: by_role.with_grants(&grants, Timestamp::from_seconds(0)),
                credential: Credential::Session(SessionId::from_uuid(Uuid::nil())),
                limited: false,
            },
            status: UserStatus::Active,
            to_be_deleted: false,
            by_role,
            grants,
        }
    }

    fn owned_by(user: u128) -> Target {
        Target::Row {
            owner: Some(id(user)),
            published: false,
        }
    }

    fn answer(holder: &Holder, can: (&str, &str), target: Target) -> (bool, String) {
        let found = explain(&built_in(), holder, can, target).expect("it is known");
        (found.allowed, found.because)
    }

    #[test]
    fn the_rule_that_decided_is_named() {
        let customer = holder("customer", &["create:order"], &[]);
        let support = holder("support", &["update:order"], &[]);
        let lent = holder("customer", &[], &[("update:order", Some(60))]);
        let admin = holder("admin", &[], &[]);
        let rule = "allowed to the owner, holders of update:order: ";
        for (holder, target, allowed, because) in [
            (&customer, owned_by(1), true, "the account owns it"),
            (
                &customer,
                owned_by(2),
                false,
                "the account does not own it, and neither the role nor a grant of the account has update:order",
            ),
            (&support, owned_by(2), true, "the role support has update:order"),
            (
                &support,
                Target::EveryRow,
                true,
                "the role support has update:order",
            ),
            (
                &lent,
                owned_by(2),
                true,
                "update:order is granted to the account until 1970-01-01T00:01:00.000Z",
            ),
            (&admin, owned_by(2), true, "the role admin has every permission"),
        ] {
            let expected = (allowed, format!("{rule}{because}"));
            assert_eq!(answer(holder, ("cancel", "order"), target), expected);
        }
    }

    #[test]
    fn who_sees_what_is_said_in_a_sentence() {
        let customer = holder("customer", &[], &[]);
        let support = holder("support", &["read:order", "read:audit"], &[]);
        let draft = Target::Row {
            owner: None,
            published: false,
        };
        for (holder, noun, target, allowed, because) in [
            (
                &customer,
                "order",
                owned_by(1),
                true,
                "users see their own rows: the account owns it",
            ),
            (
                &customer,
                "order",
                owned_by(2),
                false,
                "users see their own rows: the account does not own it",
            ),
            (
                &customer,
                "order",
                Target::EveryRow,
                false,
                "users see their own rows: no row is named, and these are not all rows",
            ),
            (
                &support,
                "order",
                Target::EveryRow,
                true,
                "holders of read:order see all rows: the role support has read:order",
            ),
            (
                &customer,
                "product",
                draft,
                false,
                "everyone sees published rows: it is not published",
            ),
            (
                &customer,
                "audit",
                Target::EveryRow,
                false,
                "holders of read:audit see all rows: none of this is true of the account",
            ),
        ] {
            let expected = (allowed, because.to_owned());
            assert_eq!(answer(holder, ("read", noun), target), expected);
        }
    }

    #[test]
    fn what_is_no_action_is_a_permission_or_unknown() {
        let support = holder("support", &["update:order", "read:order"], &[]);
        assert!(answer(&support, ("update", "order"), Target::EveryRow).0);
        assert!(!answer(&support, ("export", "data"), Target::EveryRow).0);
        assert!(answer(&support, ("read", "order"), owned_by(2)).0);
        for unknown in [("teleport", "order"), ("read", "plane"), ("", "")] {
            assert_eq!(explain(&built_in(), &support, unknown, Target::EveryRow), None);
        }
    }

    #[test]
    fn an_account_that_cannot_sign_in_may_do_nothing() {
        for status in [UserStatus::Disabled, UserStatus::Invited] {
            let admin = Holder {
                status,
                ..holder("admin", &[], &[])
            };
            assert!(!answer(&admin, ("read", "user"), Target::EveryRow).0);
        }
        let leaving = Holder {
            to_be_deleted: true,
            ..holder("admin", &[], &[])
        };
        assert!(!answer(&leaving, ("read", "user"), Target::EveryRow).0);
    }

    #[test]
    fn explanations_agree_with_permits_and_scopes() {
        for role in ["customer", "support", "manager", "admin"] {
            for permissions in [&[][..], &["update:order"], &["read:order", "refund:order"]] {
                let holder = holder(role, permissions, &[]);
                let caller = Caller::User(Arc::new(holder.principal.clone()));
                for owner in [1, 2] {
                    for (action, _) in Order::POLICY.actions {
                        let permit = permit_new::<Order>(
                            &caller,
                            *action,
                            OrderId::from_uuid(Uuid::nil()),
                            Some(id(owner)),
                        );
                        let answered = answer(&holder, (action.as_str(), "order"), owned_by(owner));
                        assert_eq!(permit.is_ok(), answered.0, "{role} {action:?} {answered:?}");
                    }
                    let seen = scope::<Order>(&caller).filter().shows(Some(id(owner)), false);
                    assert_eq!(answer(&holder, ("read", "order"), owned_by(owner)).0, seen);
                }
            }
        }
    }
}
