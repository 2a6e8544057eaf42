//! Domain objects for the tests.

use crate::harness::Store;
use mainstay_domain::Result;
use mainstay_domain::access::{
    self, Action, Caller, Credential, Permission, PermissionSet, Permit, Principal, Resource, RoleName,
    Scope, SystemCaller,
};
use mainstay_domain::audit::{Actor, AuditEntry, AuthenticatedEntry, WriterEnd};
use mainstay_domain::currency::Currency;
use mainstay_domain::email::Email;
use mainstay_domain::event::OutboxEvent;
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::locale::Locale;
use mainstay_domain::money::Money;
use mainstay_domain::name::PersonName;
use mainstay_domain::order::{Order, OrderItem};
use mainstay_domain::page::{Cursor, Page, PageInfo, PageRequest};
use mainstay_domain::product::{Attributes, Product, ProductStatus, Sku};
use mainstay_domain::session::{Session, SignInMethod};
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::{User, UserStatus};
use mainstay_platform::database::{DatabaseError, Retryable};
use mainstay_repositories::{NewJob, Orders, Products, Users};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Whether a transaction failed after all its retries because a row had changed since it was read.
pub(crate) fn lost_a_race<T>(answer: &Result<T>) -> bool {
    let database = answer.as_ref().err().and_then(Retryable::database);
    matches!(database, Some(DatabaseError::Retry))
}

pub(crate) fn id<T>(number: u128) -> Id<T> {
    Id::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

pub(crate) fn usd(amount: i64) -> Money {
    Money {
        amount,
        currency: Currency::parse("USD").unwrap(),
    }
}

/// The scope of Mainstay itself.
pub(crate) fn everything<T: Resource>() -> Scope<T> {
    access::scope(&Caller::System(SystemCaller::OPERATOR))
}

/// The scope of a user without any permission.
pub(crate) fn own<T: Resource>(user: UserId) -> Scope<T> {
    access::scope(&person(user, &[]))
}

/// The scope of a caller who is not signed in.
pub(crate) fn anonymous<T: Resource>() -> Scope<T> {
    access::scope(&Caller::Anonymous)
}

pub(crate) fn person(user: UserId, permissions: &[Permission]) -> Caller {
    Caller::User(Arc::new(Principal {
        id: user,
        email: Email::parse("user@example.com").unwrap(),
        role: RoleName::customer(),
        permissions: PermissionSet::of(
            permissions
                .iter()
                .map(|permission| permission.as_str().to_owned()),
        ),
        credential: Credential::Session(id(1)),
        limited: false,
    }))
}

/// A permit of Mainstay itself.
pub(crate) fn permit_to<T: Resource>(action: Action, row: &T) -> Permit<T> {
    access::permit(&Caller::System(SystemCaller::OPERATOR), action, row).unwrap()
}

pub(crate) fn user(number: u128) -> User {
    User {
        id: id(number),
        email: Email::parse(&format!("user{number}@example.com")).unwrap(),
        name: PersonName::parse(&format!("User {number}")).unwrap(),
        role: RoleName::customer(),
        status: UserStatus::Active,
        email_verified: false,
        locale: Locale::English,
        mfa_enabled: false,
        deletion_at: None,
        created_at: at(100),
        updated_at: at(100),
        version: 1,
    }
}

pub(crate) fn session(number: u128, user: UserId) -> Session {
    Session {
        id: id(number),
        user_id: user,
        method: SignInMethod::Password,
        stepped_up_at: None,
        generation: 0,
        ip: Some("192.0.2.1".to_owned()),
        user_agent: None,
        created_at: at(100),
        last_seen_at: at(100),
        expires_at: at(1000),
        flagged_at: None,
        ended_at: None,
    }
}

pub(crate) fn product(number: u128) -> Product {
    Product {
        id: id(number),
        sku: Sku::parse(&format!("SKU-{number}")).unwrap(),
        name: format!("Thing {number}"),
        description: "A thing".to_owned(),
        price: usd(1999),
        stock: 10,
        category: None,
        attributes: Attributes::stored(r#"{"size": {"b": 2, "a": [1, null, "x"]}}"#).unwrap(),
        status: ProductStatus::Active,
        created_at: at(100),
        updated_at: at(100),
        version: 1,
    }
}

/// An order of `lines` lines, each of the same product.
pub(crate) fn order(number: u128, user: UserId, product: &Product, lines: u32) -> Order {
    let item = |line: u32| {
        OrderItem::new(
            product.id,
            product.sku.clone(),
            format!("line {line}"),
            line + 1,
            product.price,
        )
        .unwrap()
    };
    let names = (id(number), format!("N-{number}"), user);
    Order::place(
        names,
        (0..lines).map(item).collect(),
        at(100),
        Duration::from_secs(900),
    )
    .unwrap()
}

pub(crate) fn audit_entry(number: u128) -> AuditEntry {
    AuditEntry {
        id: id(number),
        at: at(100 + i64::try_from(number).unwrap()),
        user_id: number.is_multiple_of(2).then(|| id(7)),
        actor: Actor::User,
        action: "UPDATE".to_owned(),
        resource: "order".to_owned(),
        resource_id: format!("thing-{}", number % 3),
        before: Some(r#"{"a":1}"#.to_owned()),
        after: Some(r#"{"a":"it's \"2\""}"#.to_owned()),
        ip: None,
        user_agent: Some("test".to_owned()),
        request_id: Some("r-1".to_owned()),
    }
}

/// An entry as its writer numbers and authenticates it; the MAC is none that any key makes.
pub(crate) fn authenticated(number: u128) -> AuthenticatedEntry {
    AuthenticatedEntry {
        entry: audit_entry(number),
        writer: id(77),
        number: i64::try_from(number).unwrap(),
        mac: vec![u8::try_from(number).unwrap(); 32],
    }
}

pub(crate) fn writer_end(number: i64) -> WriterEnd {
    WriterEnd {
        writer: id(77),
        number,
        at: at(100),
        mac: vec![1; 32],
        is_new: number == 1,
    }
}

pub(crate) fn event(number: u128) -> OutboxEvent {
    OutboxEvent {
        id: id(number),
        at: at(100),
        kind: "order.paid".to_owned(),
        resource: "order".to_owned(),
        resource_id: "x".to_owned(),
        owner: Some(id(2)),
        user_id: None,
        request_id: None,
        payload: r#"{"z":1,"a":[true,null,"ü"]}"#.to_owned(),
    }
}

pub(crate) fn job(number: u128) -> NewJob {
    NewJob {
        id: id(number),
        kind: "mail.send".to_owned(),
        queue: "mail".to_owned(),
        payload: "{}".to_owned(),
        max_attempts: 3,
        run_at: at(100),
        priority: 0,
        unique_key: None,
        request_id: None,
        created_at: at(100),
    }
}

pub(crate) async fn put_user(store: &Store, user: &User) {
    write!(store, [user], |tx| {
        Users::new(tx)
            .insert(&permit_to(Product::CREATE, &user), &user)
            .await
    })
    .unwrap();
}

pub(crate) async fn put_product(store: &Store, product: &Product) {
    write!(store, [product], |tx| {
        Products::new(tx)
            .insert(&permit_to(Product::CREATE, &product), &product)
            .await
    })
    .unwrap();
}

pub(crate) async fn put_order(store: &Store, order: &Order) {
    write!(store, [order], |tx| {
        Orders::new(tx)
            .insert(&permit_to(Order::PLACE, &order), &order)
            .await
    })
    .unwrap();
}

pub(crate) fn first(limit: u32) -> PageRequest {
    PageRequest::From { cursor: None, limit }
}

pub(crate) fn numbered(page: u32, limit: u32) -> PageRequest {
    PageRequest::Numbered { page, limit }
}

pub(crate) fn total<T>(listing: &Page<T>) -> u64 {
    match &listing.info {
        PageInfo::Numbered { total, .. } => *total,
        PageInfo::From { .. } => panic!("not counted"),
    }
}

pub(crate) fn next<T>(listing: &Page<T>) -> Option<Cursor> {
    match &listing.info {
        PageInfo::From { next, .. } => next.clone(),
        PageInfo::Numbered { .. } => panic!("no cursor"),
    }
}
