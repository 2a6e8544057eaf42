//! Tests of conditional requests and idempotency keys.

use super::*;
use crate::answer::Tag;
use http::{HeaderMap, Method};
use mainstay_domain::state::{self, State};

fn header(name: &'static str, lines: &[&str]) -> HeaderMap {
    lines
        .iter()
        .map(|line| (http::HeaderName::from_static(name), line.parse().unwrap()))
        .collect()
}

#[test]
fn conditions_name_strong_tags_of_ours() {
    let read = |lines: &[&str]| IfMatch::read(&header("if-match", lines)).0;
    let of =
        |versions: &[i64]| state::ExpectedVersion::OneOf(versions.iter().copied().map(State::of).collect());
    assert_eq!(read(&[]), state::ExpectedVersion::Any);
    assert_eq!(read(&["*"]), state::ExpectedVersion::Any);
    assert_eq!(read(&["\"v7\""]), of(&[7]));
    let with = State::with(7, ["a"]);
    assert_eq!(
        read(&[Tag::from(with).header().to_str().unwrap()]),
        state::ExpectedVersion::OneOf(vec![with])
    );
    for list in [
        &["\"v7\", \"v8\""][..],
        &["\"v7\"", "\"v8\""],
        &["\"v7\",W/\"v1\" ,, \"theirs, too\",\"v8\""],
    ] {
        assert_eq!(read(list), of(&[7, 8]), "{list:?}");
    }
    for none in [
        "W/\"v7\"",
        "v7",
        "\"7\"",
        "\"v\"",
        "\"v-07\"",
        "\"v07\"",
        "\"v99999999999999999999\"",
        "\"v7.x\"",
        "\"v7.1\"",
        "\"v7\" \"v8\"",
        "\"v7",
        "*, \"v7\"",
        "",
    ] {
        assert_eq!(read(&[none]), of(&[]), "{none}");
    }
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    use axum::extract::FromRequestParts;
    let status = async |lines: &[&str], tag: Tag| {
        let mut request = http::Request::new(());
        *request.headers_mut() = header("if-none-match", lines);
        let known = IfNoneMatch::from_request_parts(&mut request.into_parts().0, &())
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
    assert_eq!(
        status(&["\"v7\""], State::with(7, ["read:order"]).into()).await,
        200
    );
}

#[test]
fn idempotency_keys_are_visible_and_short() {
    let read = |lines: &[&str]| {
        key(&Method::POST, &header("idempotency-key", lines)).map_err(|api_error| api_error.code().as_str())
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
