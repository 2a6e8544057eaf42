//! Arbitrary input is parsed or refused; it never panics.

use super::lists::paged;
use super::*;
use crate::answer::ApiError;
use crate::input::cursor::PageParams;
use http::{HeaderMap, Method};
use mainstay_domain::id::OrderId;
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_body_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = body::parse::<Basket>(&bytes);
    }

    #[test]
    fn no_json_panics_and_each_refusal_has_a_reason(text in r#"(\{|\[|\}|\]|,|:|"items"|"quantity"|"price"|"x"|1|-1|1e9|null|true){0,24}"#) {
        if let Err(api_error) = body::parse::<Basket>(text.as_bytes()) {
            let api_error: ApiError = api_error;
            prop_assert!(!api_error.public().message.is_empty());
        }
    }

    #[test]
    fn no_query_panics(text in ".{0,200}") {
        let _ = query::read::<TestParams>(&text);
        let _ = paged(PageParams { page: Some(&text), limit: Some(&text), cursor: None });
        let _ = paged(PageParams { page: None, limit: None, cursor: Some(&text) });
    }

    #[test]
    fn no_header_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
            let headers: HeaderMap = ["if-match", "idempotency-key", "authorization", "cookie", "x-forwarded-for", "accept"]
                .map(|name| (http::HeaderName::from_static(name), value.clone())).into_iter().collect();
            let _ = IfMatch::read(&headers);
            let _ = key(&Method::POST, &headers);
            let _ = crate::credential::find(&headers, true);
            let _ = crate::answer::render::Form::accepted(&headers);
        }
    }

    #[test]
    fn no_path_panics(text in "[ -~]{0,50}") {
        let _ = text.parse::<OrderId>();
    }
}
