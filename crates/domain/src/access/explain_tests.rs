//! What the explanations say, and that they agree with what is enforced.

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
