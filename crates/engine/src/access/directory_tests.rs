//! Tests of the access directory.

use super::directory::{AccessChange, AccessDirectory};
use mainstay_domain::access::{Permission, RoleName};
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
        grants: Vec::new(),
        change,
    })
}

fn directory() -> AccessDirectory {
    let directory = AccessDirectory::default();
    directory.apply(roles(&["create:note"], 0), NOW);
    directory
}

/// The administrator's role, and that of customers with these permissions, as of a change.
fn roles(of_customers: &[&str], change: i64) -> AccessChange {
    let role = |name: &str, permissions: &[&str]| {
        let permissions = permissions.iter().map(|text| (*text).to_owned()).collect();
        Role::new(RoleName::stored(name), permissions, NOW)
    };
    AccessChange::Roles(vec![role("admin", &[]), role("customer", of_customers)], change)
}

#[test]
fn roles_that_were_read_before_a_change_do_not_undo_it() {
    let directory = directory();
    let create = Permission::new("create:note", "");
    directory.apply(roles(&[], 7), NOW);
    assert!(!can(&directory, create, NOW));
    let version = directory.version();
    directory.apply(roles(&["create:note"], 6), NOW);
    assert!(!can(&directory, create, NOW));
    assert_eq!(directory.version(), version);
    directory.apply(roles(&["create:note"], 8), NOW);
    assert!(can(&directory, create, NOW) && directory.version() > version);
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
