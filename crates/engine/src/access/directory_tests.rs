//! Tests of the access directory.

use super::directory::{AccessChange, AccessDirectory};
use mainstay_domain::access::{Access, Caller, Permission, RoleName};
use mainstay_domain::email::Email;
use mainstay_domain::error::{Denied, Error, Unauthenticated};
use mainstay_domain::id::{SessionId, UserId};
use mainstay_domain::role::Role;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::{AccessFacts, UserStatus};
use mainstay_platform::crypto::token::Claims;
use std::time::Duration;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_seconds(1000);
const LIFE: Duration = Duration::from_secs(1000);

fn claims() -> Claims {
    Claims {
        sub: UserId::from_uuid(Uuid::from_u128(1)),
        email: "ann@example.com".into(),
        role: "customer".into(),
        permissions: Vec::new(),
        grants: vec![("read:user".into(), Some(1010))],
        mfa: false,
        sid: SessionId::from_uuid(Uuid::from_u128(2)),
        jti: Uuid::from_u128(3),
        iat: 900,
        nbf: 900,
        exp: 1900,
        aud: "api".into(),
        iss: "mainstay".into(),
    }
}

fn facts(role: &str, status: UserStatus, change: i64) -> AccessChange {
    AccessChange::User(AccessFacts {
        user_id: claims().sub,
        email: Email::stored("ann@example.com".into()),
        role: RoleName::stored(role),
        status,
        mfa_enabled: false,
        deletion_at: None,
        grants: Vec::new(),
        change,
    })
}

fn directory() -> AccessDirectory {
    let directory = AccessDirectory::default();
    directory.apply(roles(&["create:note"], false, 0), NOW);
    directory
}

/// The administrator's role, and that of customers with these permissions, who need a second factor or not, as of a
/// change.
fn roles(of_customers: &[&str], mfa_required: bool, change: i64) -> AccessChange {
    let role = |name: &str, permissions: &[&str], mfa_required| Role {
        mfa_required,
        ..Role::new(
            RoleName::stored(name),
            permissions.iter().map(|text| (*text).to_owned()).collect(),
            NOW,
        )
    };
    let roles = vec![
        role("admin", &[], false),
        role("customer", of_customers, mfa_required),
    ];
    AccessChange::Roles(roles, change)
}

#[test]
fn roles_that_were_read_before_a_change_do_not_undo_it() {
    let directory = directory();
    let create = Permission::new("create:note", "");
    directory.apply(roles(&[], false, 7), NOW);
    assert!(!can(&directory, create, NOW));
    let version = directory.version();
    directory.apply(roles(&["create:note"], false, 6), NOW);
    assert!(!can(&directory, create, NOW));
    assert_eq!(directory.version(), version);
    directory.apply(roles(&["create:note"], false, 8), NOW);
    assert!(can(&directory, create, NOW) && directory.version() > version);
}

#[test]
fn a_role_that_requires_a_second_factor_limits_tokens_that_were_issued_before() {
    let directory = directory();
    let resolve = |claims: &Claims| directory.resolve(claims, LIFE, NOW).unwrap().principal;
    let with_factor = Claims {
        mfa: true,
        ..claims()
    };
    assert!(!resolve(&claims()).limited);
    directory.apply(roles(&["create:note"], true, 1), NOW);
    let limited = resolve(&claims());
    assert!(limited.limited);
    // Neither the role's permissions nor the personal ones.
    for permission in ["create:note", "read:user"] {
        assert!(!limited.permissions.has_name(permission), "{permission}");
    }
    assert!(Access::signed_in().admit(&Caller::User(limited.into())).is_err());
    assert!(!resolve(&with_factor).limited);
    // The account has got a factor since the token was issued, or has lost it.
    let now = |mfa_enabled, change| {
        AccessChange::User(AccessFacts {
            user_id: claims().sub,
            email: Email::stored("ann@example.com".into()),
            role: RoleName::customer(),
            status: UserStatus::Active,
            mfa_enabled,
            deletion_at: None,
            grants: Vec::new(),
            change,
        })
    };
    directory.apply(now(true, 1), NOW);
    assert!(!resolve(&claims()).limited);
    assert!(resolve(&claims()).permissions.has_name("create:note"));
    directory.apply(now(false, 2), NOW);
    assert!(resolve(&with_factor).limited);
}

fn can(directory: &AccessDirectory, permission: Permission, now: Timestamp) -> bool {
    directory
        .resolve(&claims(), LIFE, now)
        .is_ok_and(|resolved| resolved.principal.permissions.has(permission))
}

#[test]
fn a_permission_of_the_token_ends_to_the_second() {
    let directory = directory();
    assert!(can(&directory, Permission::READ_USER, NOW));
    assert!(!can(
        &directory,
        Permission::READ_USER,
        Timestamp::from_seconds(1010)
    ));
    let resolved = directory
        .resolve(&claims(), LIFE, NOW)
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        resolved.good_until,
        Timestamp::from_seconds(1010),
        "and is resolved again by then"
    );
}

#[test]
fn trap_02_a_token_lives_no_longer_than_tokens_do_now() {
    let directory = directory();
    let life = Duration::from_millis(149_500);
    let at = |seconds| directory.resolve(&claims(), life, Timestamp::from_seconds(seconds));
    let resolved = at(1020).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(resolved.good_until, Timestamp::from_seconds(1050));
    assert!(matches!(
        at(1050).err(),
        Some(Error::Unauthenticated(Unauthenticated::Expired))
    ));
}

#[test]
fn a_change_overrides_the_token() {
    let directory = directory();
    directory.apply(facts("admin", UserStatus::Active, 950), NOW);
    assert!(can(&directory, Permission::READ_AUDIT, NOW));
    directory.apply(facts("customer", UserStatus::Active, 960), NOW);
    assert!(!can(&directory, Permission::READ_AUDIT, NOW));
    assert!(
        !can(&directory, Permission::READ_USER, NOW),
        "the grants of the token are outdated, too"
    );
}

#[test]
fn an_older_change_does_not_undo_a_newer_one() {
    let directory = directory();
    directory.apply(facts("customer", UserStatus::Active, 960), NOW);
    directory.apply(facts("admin", UserStatus::Active, 950), NOW);
    assert!(!can(&directory, Permission::READ_AUDIT, NOW));
}

#[test]
fn an_ended_session_and_a_disabled_account_have_different_errors() {
    let directory = directory();
    directory.apply(AccessChange::SessionEnded(claims().sid), NOW);
    let refused = directory.resolve(&claims(), LIFE, NOW).err();
    assert!(matches!(
        refused,
        Some(Error::Unauthenticated(Unauthenticated::Revoked))
    ));
    directory.apply(facts("customer", UserStatus::Disabled, 960), NOW);
    assert!(matches!(
        directory.resolve(&claims(), LIFE, NOW).err(),
        Some(Error::Denied(Denied::Disabled))
    ));
}

#[test]
fn only_a_change_makes_a_new_version() {
    let directory = directory();
    let version = directory.version();
    directory.apply(facts("admin", UserStatus::Active, 950), NOW);
    assert_ne!(directory.version(), version);
    let version = directory.version();
    directory.apply(facts("admin", UserStatus::Active, 950), NOW);
    assert_eq!(
        directory.version(),
        version,
        "the same change again has no effect"
    );
}
