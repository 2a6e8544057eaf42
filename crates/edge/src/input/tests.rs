//! Requests that are wrong in every way.

use super::*;
use crate::answer::{Refusal, Tag};
use http::{HeaderMap, Method};
use mainstay_domain::fault::Faults;
use mainstay_domain::id::OrderId;
use mainstay_domain::page::{Cursor, CursorKey, Page};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Basket {
    items: Vec<Object<Line>>,
    note: Option<String>,
    kind: Option<Kind>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Line {
    product_id: String,
    quantity: u32,
    price: Object<Price>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Price {
    amount: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Gift,
    Own,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read counts")]
struct Which {
    status: Option<String>,
    user_id: Option<String>,
}

/// Everything that is told of a body: `path CODE`, or the code alone when it is not even JSON.
fn told(text: &str) -> Vec<String> {
    match body::parse::<Basket>(text.as_bytes()) {
        Ok(_) => vec![],
        Err(refusal) if refusal.details().is_empty() => vec![refusal.code().as_str().to_owned()],
        Err(refusal) => refusal
            .details()
            .iter()
            .map(|fault| format!("{} {}", fault.path, fault.code))
            .collect(),
    }
}

#[test]
fn what_is_no_json_is_unreadable() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for bad in [
        "",
        "  ",
        "{",
        "{\"items\":[]",
        "{items:[]}",
        "{\"items\":[]} x",
        "\u{feff}{}",
        "{\"note\":\"\u{1}\"}",
        &deep,
    ] {
        assert_eq!(told(bad), ["BAD_REQUEST"], "{bad}");
    }
    assert!(body::parse::<Basket>(b"{\"note\":\"\xff\"}").is_err());
}

#[test]
fn every_fault_is_told_with_its_place() {
    for (text, faults) in [
        (r#"{"items":[]}"#, &[][..]),
        (r"{}", &["items REQUIRED"]),
        (r"[]", &[" TYPE"]),
        (r#"[[], null, null]"#, &[" TYPE"]),
        (r#"{"items":[["p",1,{"amount":1}]]}"#, &["items[0] TYPE"]),
        (r"7", &[" TYPE"]),
        (r#"{"items":{}}"#, &["items TYPE"]),
        (
            r#"{"items":[],"nite":"x","noote":1}"#,
            &["nite UNKNOWN_FIELD", "noote UNKNOWN_FIELD"],
        ),
        (r#"{"items":[],"note":7}"#, &["note TYPE"]),
        (r#"{"items":[],"kind":"loan"}"#, &["kind FORMAT"]),
        (r#"{"items":[],"items":[]}"#, &["items DUPLICATE"]),
        (
            r#"{"items":[{"productId":1,"quantity":-1,"price":{}},{"quantity":1.5,"price":{"amount":1e3,"x":1}}],"kind":1}"#,
            &[
                "items[0].productId TYPE",
                "items[0].quantity RANGE",
                "items[0].price.amount REQUIRED",
                "items[1].quantity TYPE",
                "items[1].price.amount TYPE",
                "items[1].price.x UNKNOWN_FIELD",
                "items[1].productId REQUIRED",
                "kind TYPE",
            ],
        ),
        (
            r#"{"items":[{}]}"#,
            &[
                "items[0].productId REQUIRED",
                "items[0].quantity REQUIRED",
                "items[0].price REQUIRED",
            ],
        ),
    ] {
        assert_eq!(told(text), faults, "{text}");
    }
}

#[test]
fn nobody_is_told_the_names_of_our_types() {
    let Err(refusal) = body::parse::<Basket>(br#"{"items":[7,{"quantity":"x"}],"kind":"loan"}"#) else {
        panic!()
    };
    let messages: Vec<&str> = refusal.details().iter().map(|fault| &*fault.message).collect();
    assert_eq!(messages[0], "must be an object");
    assert!(messages.contains(&"must be one of gift, own"), "{messages:?}");
    assert!(
        messages.contains(&"must be a whole number in range"),
        "{messages:?}"
    );
}

#[test]
fn queries_are_strict() {
    let told = |text: &str| match query::read::<Which>(text) {
        Ok(_) => vec![],
        Err(faults) => faults
            .list()
            .iter()
            .map(|fault| format!("{} {}", fault.path, fault.code))
            .collect(),
    };
    for good in ["", "status=paid", "status=&userId=%C3%A4", "status=a%26b=c"] {
        assert!(told(good).is_empty(), "{good}");
    }
    assert_eq!(
        told("statsu=paid&x=1"),
        ["statsu UNKNOWN_FIELD", "x UNKNOWN_FIELD"]
    );
    assert_eq!(told("status=paid&status=paid"), ["status DUPLICATE"]);
    assert_eq!(
        told("status=a&status=b&y"),
        ["status DUPLICATE", "y UNKNOWN_FIELD"]
    );
}

fn paged(asked: Asked<'_>) -> Result<Page, Vec<String>> {
    let mut faults = Faults::new();
    let page = page(&mut faults, asked, 20);
    faults.finish(page).map_err(|faults| {
        faults
            .list()
            .iter()
            .map(|fault| format!("{} {}", fault.path, fault.code))
            .collect()
    })
}

#[test]
fn pages_are_bounded() {
    let asked = |page, limit, cursor| paged(Asked { page, limit, cursor });
    assert_eq!(asked(None, None, None), Ok(Page::Numbered { page: 1, limit: 20 }));
    assert_eq!(
        asked(Some("3"), Some("100"), None),
        Ok(Page::Numbered { page: 3, limit: 100 })
    );
    assert_eq!(
        asked(None, None, Some("")),
        Ok(Page::From {
            cursor: None,
            limit: 20
        })
    );
    let cursor = Cursor {
        key: CursorKey::Number(7),
        id: uuid::Uuid::from_u128(9),
    };
    let text = cursor.encode();
    assert_eq!(
        asked(None, Some("5"), Some(&text)),
        Ok(Page::From {
            cursor: Some(cursor),
            limit: 5
        })
    );
    for bad in ["0", "101", "-1", "+1", "1.5", "1e2", "", " 1", "99999999999"] {
        assert_eq!(
            asked(None, Some(bad), None),
            Err(vec!["limit RANGE".to_owned()]),
            "{bad}"
        );
    }
    for bad in ["0", "1000001", "x"] {
        assert_eq!(
            asked(Some(bad), None, None),
            Err(vec!["page RANGE".to_owned()]),
            "{bad}"
        );
    }
    assert_eq!(
        asked(Some("1"), None, Some("")),
        Err(vec!["cursor CONFLICT".to_owned()])
    );
    assert_eq!(
        asked(None, Some("x"), Some("zz")),
        Err(vec!["limit RANGE".to_owned(), "cursor FORMAT".to_owned()])
    );
}

#[test]
fn only_named_fields_sort() {
    let asked = |text: Option<&str>| {
        let mut faults = Faults::new();
        let sort = sort(&mut faults, text, &[("name", 1), ("price", 2)], (1, true));
        faults.finish(sort).ok()
    };
    assert_eq!(asked(None), Some((1, true)));
    assert_eq!(
        (asked(Some("price")), asked(Some("-price"))),
        (Some((2, false)), Some((2, true)))
    );
    for bad in ["", "-", "--price", "Price", "price desc", "id; DROP TABLE users"] {
        assert_eq!(asked(Some(bad)), None, "{bad}");
    }
}

fn header(name: &'static str, lines: &[&str]) -> HeaderMap {
    lines
        .iter()
        .map(|line| (http::HeaderName::from_static(name), line.parse().unwrap()))
        .collect()
}

#[test]
fn conditions_name_one_strong_tag_of_ours() {
    let read = |lines: &[&str]| Expected::read(&header("if-match", lines)).map(|expected| expected.0);
    assert_eq!(read(&[]), Some(None));
    assert_eq!(read(&["*"]), Some(None));
    assert_eq!(read(&["\"v7\""]), Some(Some(7)));
    assert_eq!(
        read(&[Tag::with(7, ["a"]).header().to_str().unwrap()]),
        Some(Some(7))
    );
    for bad in [
        "W/\"v7\"",
        "v7",
        "\"7\"",
        "\"v\"",
        "\"v-7\"",
        "\"v7\", \"v8\"",
        "\"v99999999999999999999\"",
        "\"v7.x\"",
        "",
    ] {
        assert_eq!(read(&[bad]), None, "{bad}");
    }
    assert_eq!(read(&["\"v7\"", "\"v8\""]), None);
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    use axum::extract::FromRequestParts;
    let status = async |lines: &[&str], tag: Tag| {
        let mut request = http::Request::new(());
        *request.headers_mut() = header("if-none-match", lines);
        let known = Known::from_request_parts(&mut request.into_parts().0, &())
            .await
            .unwrap();
        let response = tag.answer(&known, &7).unwrap();
        assert_eq!(response.headers()["etag"], tag.header());
        response.status().as_u16()
    };
    assert_eq!(status(&[], Tag::of(7)).await, 200);
    for same in [
        &["\"v7\""][..],
        &["W/\"v7\""],
        &["\"v6\", \"v7\""],
        &["\"v6\"", "\"v7\""],
        &["*"],
    ] {
        assert_eq!(status(same, Tag::of(7)).await, 304, "{same:?}");
    }
    assert_eq!(status(&["\"v7\""], Tag::of(8)).await, 200);
    assert_eq!(status(&["\"v7\""], Tag::with(7, ["read:order"])).await, 200);
    assert_ne!(Tag::with(7, ["a", "b"]), Tag::with(7, ["ab"]));
}

#[test]
fn idempotency_keys_are_visible_and_short() {
    let read = |lines: &[&str]| {
        key(&Method::POST, &header("idempotency-key", lines)).map_err(|refusal| refusal.code().as_str())
    };
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(read(&["k-1!"]), Ok(Some("k-1!".into())));
    assert!(read(&[&"x".repeat(255)]).is_ok());
    for bad in ["", "a b", "ä", &"x".repeat(256)] {
        assert_eq!(read(&[bad]), Err("BAD_REQUEST"), "{bad}");
    }
    assert_eq!(read(&["a", "a"]), Err("BAD_REQUEST"));
    assert!(matches!(
        key(&Method::GET, &header("idempotency-key", &["a b"])),
        Ok(None)
    ));
}

proptest! {
    #[test]
    fn no_body_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = body::parse::<Basket>(&bytes);
    }

    #[test]
    fn no_json_panics_and_each_refusal_has_a_reason(text in r#"(\{|\[|\}|\]|,|:|"items"|"quantity"|"price"|"x"|1|-1|1e9|null|true){0,24}"#) {
        if let Err(refusal) = body::parse::<Basket>(text.as_bytes()) {
            let refusal: Refusal = refusal;
            prop_assert!(!refusal.message().is_empty());
        }
    }

    #[test]
    fn no_query_panics(text in ".{0,200}") {
        let _ = query::read::<Which>(&text);
        let _ = paged(Asked { page: Some(&text), limit: Some(&text), cursor: None });
        let _ = paged(Asked { page: None, limit: None, cursor: Some(&text) });
    }

    #[test]
    fn no_header_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
            let headers: HeaderMap = ["if-match", "idempotency-key", "authorization", "cookie", "x-forwarded-for", "accept"]
                .map(|name| (http::HeaderName::from_static(name), value.clone())).into_iter().collect();
            let _ = Expected::read(&headers);
            let _ = key(&Method::POST, &headers);
            let _ = crate::credential::find(&headers);
            let _ = crate::answer::dress::Form::accepted(&headers);
        }
    }

    #[test]
    fn no_path_panics(text in "[ -~]{0,50}") {
        let _ = text.parse::<OrderId>();
    }
}
