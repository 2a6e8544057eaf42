//! The policy, tested for every kind of caller.

use super::*;
use crate::email::Email;
use crate::error::{Code, Error};
use crate::id::{Id, OrderId, SessionId, UserId};
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
        credential: Credential::Session(SessionId::from_uuid(Uuid::from_u128(9))),
        limited: false,
    }))
}

#[test]
fn a_limited_caller_may_enrol_and_do_what_anyone_may() {
    let Caller::User(whole) = caller(1, "admin", &[Permission::READ_AUDIT]) else {
        unreachable!("a signed-in caller");
    };
    let limited = Caller::User(Arc::new(Principal {
        limited: true,
        ..Principal::clone(&whole)
    }));
    let whole = Caller::User(whole);
    for (access, admits) in [
        (Access::anyone(), true),
        (Access::enrolling(), true),
        (Access::signed_in(), false),
        (Access::permission(Permission::READ_AUDIT), false),
        (Access::role("admin"), false),
    ] {
        assert!(access.admit(&whole).is_ok(), "{access}");
        assert_eq!(access.admit(&limited).is_ok(), admits, "{access}");
    }
    assert_eq!(
        code(Access::enrolling().admit(&Caller::Anonymous)),
        Some(Code::Unauthorized)
    );
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
fn a_permit_opens_its_own_row_for_its_own_action_and_nothing_else() {
    let rows: Vec<Order> = (0..4)
        .map(|n| Order {
            id: OrderId::from_uuid(Uuid::from_u128(n)),
            ..order_of(1)
        })
        .collect();
    let system = Caller::System(SystemCaller::WORKER);
    for (permitted, row) in pairs(&ACTIONS, &rows) {
        let permit = permit(&system, *permitted, row).unwrap();
        for (shown_for, other) in pairs(&ACTIONS, &rows) {
            let opens = permit.check(&[*shown_for], other.id).is_ok();
            assert_eq!(opens, permitted == shown_for && row.id == other.id);
        }
        assert!(permit.check(&ACTIONS, row.id).is_ok());
        assert!(permit.check(&[], row.id).is_err(), "a writer that serves nothing");
        let all_but_it: Vec<Action> = ACTIONS.into_iter().filter(|action| action != permitted).collect();
        let refused = permit.check(&all_but_it, row.id);
        assert!(matches!(refused, Err(Error::Internal(_))));
        let bulk = permit_all::<Order>(SystemCaller::SWEEPER, *permitted);
        assert!(bulk.check(&[*permitted]).is_ok());
        assert!(bulk.check(&all_but_it).is_err());
    }
}

#[test]
fn the_refusal_of_a_permit_names_both() {
    let order = order_of(1);
    let permit = permit(&Caller::System(SystemCaller::WORKER), Order::CANCEL, &order).unwrap();
    let cause = |refused: crate::Result<()>| {
        let error = refused.unwrap_err();
        std::error::Error::source(&error).unwrap().to_string()
    };
    assert_eq!(
        cause(permit.check(&[Order::PAY, Order::PLACE], order.id)),
        "a permit to cancel a order was shown to a writer that serves [pay, place]"
    );
    let other = OrderId::from_uuid(Uuid::from_u128(6));
    assert_eq!(
        cause(permit.check(&[Order::CANCEL], other)),
        format!("a permit for order {} was shown for {other}", order.id)
    );
}

const ACTIONS: [Action; 9] = [
    Order::PLACE,
    Order::PAY,
    Order::CANCEL,
    Order::FULFIL,
    Order::SHIP,
    Order::DELIVER,
    Order::REFUND,
    Order::EXPIRE,
    Order::SETTLE,
];

fn pairs<'a, A, B>(left: &'a [A], right: &'a [B]) -> impl Iterator<Item = (&'a A, &'a B)> {
    left.iter().flat_map(move |a| right.iter().map(move |b| (a, b)))
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

#[test]
fn an_api_key_has_neither_a_role_nor_a_session() {
    let Caller::User(principal) = caller(1, "admin", &built_in().permissions()) else {
        panic!("a signed-in caller")
    };
    let key = Credential::ApiKey(Id::from_uuid(Uuid::from_u128(7)));
    let key = Caller::User(Arc::new(Principal {
        credential: key,
        ..(*principal).clone()
    }));
    assert_eq!(code(Access::role("admin").admit(&key)), Some(Code::Forbidden));
    assert_eq!(code(Access::session().admit(&key)), Some(Code::Forbidden));
    assert!(Access::session().admit(&Caller::User(principal)).is_ok());
    assert!(Access::signed_in().admit(&key).is_ok());
    assert!(Access::permission(Permission::READ_AUDIT).admit(&key).is_ok());
    assert_eq!(
        scope_to::<User>(&key, User::SET_ROLE).filter(),
        ScopeFilter::Everything
    );
    assert_eq!(
        code(permit_new::<User>(&key, User::SET_ROLE, id(2), Some(id(2)))),
        Some(Code::Forbidden)
    );
}
