//! The policy, tested for every kind of caller.

use super::*;
use crate::email::Email;
use crate::error::{Code, Error};
use crate::id::{OrderId, SessionId, UserId};
use crate::money::Money;
use crate::order::{Order, OrderItem};
use crate::product::{Product, Sku};
use crate::resources::built_in;
use crate::time::Timestamp;
use crate::user::User;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

fn id(n: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(n))
}

fn caller(user: u128, role: &str, permissions: &[Permission]) -> Caller {
    Caller::User(Arc::new(Principal {
        id: id(user),
        email: Email::stored("user@example.com".into()),
        role: RoleName::stored(role),
        permissions: PermissionSet::of(permissions.iter().map(|p| p.as_str().to_owned())),
        session: SessionId::from_uuid(Uuid::from_u128(9)),
    }))
}

fn order_of(user: u128) -> Order {
    let price = Money {
        amount: 5,
        currency: crate::currency::Currency::parse("USD").unwrap(),
    };
    let product = crate::id::ProductId::from_uuid(Uuid::from_u128(4));
    let item = OrderItem::new(product, Sku::stored("A".into()), "A".into(), 1, price).unwrap();
    let names = (OrderId::from_uuid(Uuid::from_u128(5)), "N".to_owned(), id(user));
    Order::place(
        names,
        vec![item],
        Timestamp::from_micros(0),
        Duration::from_secs(1),
    )
    .unwrap()
}

fn code<T>(result: crate::Result<T>) -> Option<Code> {
    result.err().map(|error| error.code())
}

#[test]
fn an_owner_may_cancel_and_another_customer_may_not() {
    let order = order_of(1);
    assert!(permit(&caller(1, "customer", &[]), Order::CANCEL, &order).is_ok());
    assert_eq!(
        code(permit(&caller(2, "customer", &[]), Order::CANCEL, &order)),
        Some(Code::Forbidden)
    );
    assert!(
        permit(
            &caller(2, "support", &[Permission::UPDATE_ORDER]),
            Order::CANCEL,
            &order
        )
        .is_ok()
    );
    assert_eq!(
        code(permit(&Caller::Anonymous, Order::CANCEL, &order)),
        Some(Code::Unauthorized)
    );
}

#[test]
fn only_the_owner_may_pay() {
    let everything = caller(2, "admin", &built_in().permissions());
    assert_eq!(
        code(permit(&everything, Order::PAY, &order_of(1))),
        Some(Code::Forbidden)
    );
}

#[test]
fn only_the_system_may_perform_actions_that_the_policy_does_not_list() {
    let order = order_of(1);
    for unnamed in [Action::new("teleport"), Order::SETTLE, Order::EXPIRE] {
        assert!(
            permit(&caller(1, "admin", &built_in().permissions()), unnamed, &order).is_err(),
            "{unnamed:?}"
        );
        assert!(
            permit(&Caller::System(SystemCaller::WORKER), unnamed, &order).is_ok(),
            "{unnamed:?}"
        );
    }
}

#[test]
fn a_permit_covers_only_its_own_row() {
    let order = order_of(1);
    let permit = permit(&caller(1, "customer", &[]), Order::CANCEL, &order).unwrap();
    assert!(permit.covers(&order).is_ok());
    let other = Order {
        id: OrderId::from_uuid(Uuid::from_u128(6)),
        ..order
    };
    assert!(matches!(permit.covers(&other), Err(Error::Internal(_))));
}

#[test]
fn the_first_matching_policy_entry_decides_the_scope() {
    assert_eq!(
        scope::<Order>(&caller(1, "customer", &[])).filter(),
        ScopeFilter::Owned(id(1))
    );
    assert_eq!(
        scope::<Order>(&caller(1, "support", &[Permission::READ_ORDER])).filter(),
        ScopeFilter::Everything
    );
    assert_eq!(scope::<Order>(&Caller::Anonymous).filter(), ScopeFilter::Nothing);
    assert_eq!(
        scope::<Product>(&Caller::Anonymous).filter(),
        ScopeFilter::Published
    );
    assert_eq!(
        scope::<User>(&caller(1, "customer", &[])).filter(),
        ScopeFilter::Owned(id(1))
    );
    assert_eq!(
        scope::<crate::key::SigningKey>(&Caller::System(SystemCaller::SETUP)).filter(),
        ScopeFilter::Everything
    );
    assert_eq!(
        scope::<crate::key::SigningKey>(&caller(1, "admin", &built_in().permissions())).filter(),
        ScopeFilter::Nothing
    );
}

#[test]
fn a_caller_who_may_perform_an_action_finds_the_rows_for_it() {
    let holder = caller(1, "customer", &[Permission::UPDATE_ORDER]);
    assert_eq!(
        scope_to::<Order>(&holder, Order::CANCEL).filter(),
        ScopeFilter::Everything
    );
    assert_eq!(
        scope_to::<Order>(&holder, Order::PAY).filter(),
        ScopeFilter::Owned(id(1))
    );
    assert_eq!(
        scope_to::<Order>(&holder, Order::REFUND).filter(),
        ScopeFilter::Owned(id(1))
    );
    assert_eq!(
        scope_to::<Order>(&holder, Order::SETTLE).filter(),
        ScopeFilter::Owned(id(1))
    );
    assert_eq!(scope::<Order>(&holder).filter(), ScopeFilter::Owned(id(1)));
    let anonymous = Caller::Anonymous;
    assert_eq!(
        scope_to::<Order>(&anonymous, Order::CANCEL).filter(),
        ScopeFilter::Nothing
    );
    assert_eq!(
        scope_to::<Product>(&anonymous, Product::DELETE).filter(),
        ScopeFilter::Published
    );
    let may_delete = caller(1, "customer", &[Permission::DELETE_PRODUCT]);
    assert_eq!(
        scope_to::<Product>(&may_delete, Product::DELETE).filter(),
        ScopeFilter::Everything
    );
    assert_eq!(
        scope_to::<Product>(&may_delete, Product::UPDATE).filter(),
        ScopeFilter::Published
    );
    let admin = caller(1, "admin", &[]);
    assert_eq!(
        scope_to::<User>(&admin, User::SET_ROLE).filter(),
        ScopeFilter::Everything
    );
    let worker = Caller::System(SystemCaller::WORKER);
    assert_eq!(
        scope_to::<Order>(&worker, Order::EXPIRE).filter(),
        ScopeFilter::Everything
    );
}

#[test]
fn use_cases_admit_only_the_callers_they_declare() {
    let admin_only = Access::role(RoleName::ADMIN);
    assert_eq!(
        code(admin_only.admit(&Caller::Anonymous)),
        Some(Code::Unauthorized)
    );
    assert_eq!(
        code(admin_only.admit(&caller(1, "manager", &built_in().permissions()))),
        Some(Code::Forbidden)
    );
    assert!(admin_only.admit(&caller(1, "admin", &[])).is_ok());
    assert_eq!(
        code(Access::system().admit(&caller(1, "admin", &built_in().permissions()))),
        Some(Code::Forbidden)
    );
    assert!(Access::anyone().admit(&Caller::Anonymous).is_ok());
    assert!(
        Access::permission(Permission::READ_AUDIT)
            .admit(&caller(1, "x", &[Permission::READ_AUDIT]))
            .is_ok()
    );
}
