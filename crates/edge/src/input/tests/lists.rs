//! Tests of query strings, pagination and sorting.

use super::*;
use crate::input::cursor::{PageParams, page, sort};
use mainstay_domain::order::OrderStatus;
use mainstay_domain::page::{Cursor, CursorKey, PageRequest, Position};
use mainstay_domain::validation::ValidationErrors;
use mainstay_services::audit::ListAudit;
use mainstay_services::list::{ListQuery, OrderSort};
use mainstay_services::order::ListOrders;

#[test]
fn queries_are_strict() {
    let findings = |text: &str| match query::read::<TestParams>(text) {
        Ok(_) => vec![],
        Err(errors) => errors
            .list()
            .iter()
            .map(|fault| format!("{} {}", fault.path, fault.code))
            .collect(),
    };
    for good in ["", "status=paid", "status=&userId=%C3%A4", "status=a%26b=c"] {
        assert!(findings(good).is_empty(), "{good}");
    }
    assert_eq!(
        findings("statsu=paid&x=1"),
        ["statsu UNKNOWN_FIELD", "x UNKNOWN_FIELD"]
    );
    assert_eq!(findings("status=paid&status=paid"), ["status DUPLICATE"]);
    assert_eq!(
        findings("status=a&status=b&y"),
        ["status DUPLICATE", "y UNKNOWN_FIELD"]
    );
}

#[test]
fn a_parameter_given_a_thousand_times_is_reported_a_bounded_number_of_times() {
    let errors = query::read::<TestParams>(&"a&".repeat(16_000)).unwrap_err();
    assert_eq!(errors.list().len(), ValidationErrors::MAX_COUNT);
}

pub(super) fn paged(params: PageParams<'_>) -> Result<PageRequest, Vec<String>> {
    let mut errors = ValidationErrors::new();
    let page = page(&mut errors, params, 20);
    errors.finish(page).map_err(|errors| {
        errors
            .list()
            .iter()
            .map(|fault| format!("{} {}", fault.path, fault.code))
            .collect()
    })
}

#[test]
fn pages_are_bounded() {
    let read = |page, limit, cursor| paged(PageParams { page, limit, cursor });
    assert_eq!(
        read(None, None, None),
        Ok(PageRequest::Numbered { page: 1, limit: 20 })
    );
    assert_eq!(
        read(Some("3"), Some("100"), None),
        Ok(PageRequest::Numbered { page: 3, limit: 100 })
    );
    assert_eq!(
        read(None, None, Some("")),
        Ok(PageRequest::From {
            cursor: None,
            limit: 20
        })
    );
    let position = Position {
        key: CursorKey::Number(7),
        id: uuid::Uuid::from_u128(9),
    };
    let cursor = Cursor { list: 5, position };
    let text = cursor.encode();
    assert_eq!(
        read(None, Some("5"), Some(&text)),
        Ok(PageRequest::From {
            cursor: Some(cursor),
            limit: 5
        })
    );
    for bad in ["0", "101", "-1", "+1", "1.5", "1e2", "", " 1", "99999999999"] {
        assert_eq!(
            read(None, Some(bad), None),
            Err(vec!["limit RANGE".to_owned()]),
            "{bad}"
        );
    }
    for bad in ["0", "1000001", "x"] {
        assert_eq!(
            read(Some(bad), None, None),
            Err(vec!["page RANGE".to_owned()]),
            "{bad}"
        );
    }
    assert_eq!(
        read(Some("1"), None, Some("")),
        Err(vec!["cursor CONFLICT".to_owned()])
    );
    assert_eq!(
        read(None, Some("x"), Some("zz")),
        Err(vec!["limit RANGE".to_owned(), "cursor FORMAT".to_owned()])
    );
}

#[test]
fn only_named_fields_sort() {
    let read = |text: Option<&str>| {
        let mut errors = ValidationErrors::new();
        let sort = sort(&mut errors, text, &[("name", 1), ("price", 2)], (1, true));
        errors.finish(sort).ok()
    };
    assert_eq!(read(None), Some((1, true)));
    assert_eq!(
        (read(Some("price")), read(Some("-price"))),
        (Some((2, false)), Some((2, true)))
    );
    for bad in ["", "-", "--price", "Price", "price desc", "id; DROP TABLE users"] {
        assert_eq!(read(Some(bad)), None, "{bad}");
    }
}

/// What is wrong with a query of a list: `name CODE`.
fn refused<L: ListQuery>(query: &str) -> Vec<String> {
    let errors = list::parse::<L>(query).err().unwrap_or_default();
    let codes = errors
        .list()
        .iter()
        .map(|error| format!("{} {}", error.path, error.code));
    codes.collect()
}

#[test]
fn a_list_is_read_as_its_use_case() {
    let user = "01890000-0000-7000-8000-000000000001";
    let query = format!("status=paid&userId={user}&sort=createdAt&page=2&limit=5");
    let list = list::parse::<ListOrders>(&query).unwrap();
    assert_eq!(list.filter.status, Some(OrderStatus::Paid));
    assert_eq!(
        list.filter.user_id.map(|id| id.to_string()).as_deref(),
        Some(user)
    );
    assert_eq!(list.sort, (OrderSort::CreatedAt, false));
    assert_eq!(list.page, PageRequest::Numbered { page: 2, limit: 5 });
    let list = list::parse::<ListOrders>("").unwrap();
    assert_eq!((list.filter.status, list.filter.user_id), (None, None));
    assert_eq!(list.sort, (OrderSort::CreatedAt, true));
    assert_eq!(list.page, PageRequest::Numbered { page: 1, limit: 20 });
    let list = list::parse::<ListAudit>("cursor=&action=%43REATE").unwrap();
    let from_the_start = PageRequest::From {
        cursor: None,
        limit: 50,
    };
    assert_eq!(
        (list.filter.action.as_deref(), list.page),
        (Some("CREATE"), from_the_start)
    );
}

#[test]
fn everything_wrong_with_a_list_is_reported_at_once() {
    assert_eq!(
        refused::<ListOrders>("status=lost&userId=x&sort=total&page=x&limit=1000"),
        [
            "status FORMAT",
            "userId FORMAT",
            "sort FORMAT",
            "limit RANGE",
            "page RANGE"
        ]
    );
    assert_eq!(
        refused::<ListOrders>("x=1&status=paid&status=paid&category=a"),
        ["status DUPLICATE", "category UNKNOWN_FIELD", "x UNKNOWN_FIELD"]
    );
    assert_eq!(
        refused::<ListAudit>("sort=at"),
        ["sort UNKNOWN_FIELD"],
        "clients of this list may not choose the order"
    );
    assert_eq!(
        refused::<ListOrders>(&"a&".repeat(16_000)).len(),
        ValidationErrors::MAX_COUNT
    );
}
