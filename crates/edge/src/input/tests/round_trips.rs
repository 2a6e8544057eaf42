//! Properties: tags, tokens, keys and queries that a client sends are read as issued, and no other text passes for one.

use super::*;
use crate::answer::Tag;
use crate::cookies::{self, TokenPair};
use crate::credential;
use crate::entry::Credential;
use crate::input::cursor::sort;
use http::header::{AUTHORIZATION, COOKIE, IF_MATCH, IF_NONE_MATCH, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};
use mainstay_domain::state::{self, State};
use mainstay_domain::time::Timestamp;
use mainstay_domain::validation::ValidationErrors;
use proptest::prelude::*;
use std::collections::BTreeMap;
use url::form_urlencoded;

fn one(name: http::HeaderName, value: HeaderValue) -> HeaderMap {
    [(name, value)].into_iter().collect()
}

proptest! {
    #[test]
    fn a_tag_that_comes_back_is_its_state(version in 0..i64::MAX, facts in prop::collection::vec(".{0,20}", 0..4)) {
        for state in [State::of(version), State::with(version, facts.iter().map(String::as_str))] {
            let headers = one(IF_MATCH, Tag::from(state).header());
            prop_assert_eq!(IfMatch::read(&headers), IfMatch(state::ExpectedVersion::OneOf(vec![state])));
        }
    }

    #[test]
    fn a_condition_names_strong_tags_of_ours_or_is_any(text in "[ -~]{0,30}|(\"v[0-9]{1,20}\"|W/|,|\\*| ){0,5}") {
        let Ok(value) = HeaderValue::from_str(&text) else { return Ok(()) };
        match IfMatch::read(&one(IF_MATCH, value)).0 {
            state::ExpectedVersion::Any => prop_assert_eq!(text.trim(), "*"),
            state::ExpectedVersion::OneOf(states) => for state in states {
                let tag = Tag::from(state).header();
                prop_assert!(text.contains(tag.to_str().unwrap()), "{text:?}");
            },
        }
    }

    #[test]
    fn what_a_client_has_is_known_in_any_list(version in 0..i64::MAX, others in prop::collection::vec("\"[a-z]{0,9}\"", 0..5), weak: bool) {
        let tag = Tag::of(version).header();
        let own = format!("{}{}", if weak { "W/" } else { "" }, tag.to_str().unwrap());
        let without = HeaderValue::from_str(&others.join(", ")).unwrap();
        let with = HeaderValue::from_str(&[others, vec![own]].concat().join(" , ")).unwrap();
        let known = |value| IfNoneMatch::read(&one(IF_NONE_MATCH, value));
        prop_assert!(known(with).find(&tag).is_some());
        prop_assert!(known(without).find(&tag).is_none());
    }

    #[test]
    fn tokens_in_cookies_come_back(access in "[A-Za-z0-9_.-]{1,60}", refresh in "[A-Za-z0-9_.-]{1,60}", until in 0..4_000_000_000_i64) {
        let until = Timestamp::from_seconds(until);
        let mut headers = HeaderMap::new();
        cookies::set(&mut headers, TokenPair { access: (&access, until), refresh: (&refresh, until) }, true);
        let kept = headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap().split(';').next().unwrap());
        let sent = kept.collect::<Vec<_>>().join("; ");
        let headers = one(COOKIE, HeaderValue::from_str(&sent).unwrap());
        prop_assert_eq!(credential::find(&headers, true), Credential::Ambient(&access));
        prop_assert_eq!(cookies::cookie(&headers, "__Secure-refreshToken"), Some(&*refresh));
    }

    #[test]
    fn a_bearer_is_found_and_nothing_else_is_one(token in "[A-Za-z0-9_.-]{1,60}", other in "[A-Za-z]{1,12}") {
        let shown = |scheme: &str| one(AUTHORIZATION, HeaderValue::from_str(&format!("{scheme} {token}")).unwrap());
        let (ours, others) = (shown("Bearer"), shown(&other));
        prop_assert_eq!(credential::find(&ours, true), Credential::Explicit(&token));
        if !other.eq_ignore_ascii_case("bearer") {
            prop_assert_eq!(credential::find(&others, true), Credential::None);
        }
    }

    #[test]
    fn a_key_is_taken_as_it_is_or_refused(text in "[ -~]{0,300}") {
        let headers = one(http::HeaderName::from_static("idempotency-key"), HeaderValue::from_str(&text).unwrap());
        let good = (1..=255).contains(&text.len()) && !text.contains(' ');
        let taken = key(&Method::POST, &headers).ok().flatten();
        prop_assert_eq!(taken.as_deref(), good.then_some(&*text));
    }

    #[test]
    fn a_query_is_read_as_it_was_written(given in prop::collection::btree_map("status|userId", ".{0,40}", 0..3)) {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(&given);
        let TestParams { status, user_id } = query::read(&text.finish()).unwrap();
        let read: BTreeMap<String, String> = [("status", status), ("userId", user_id)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        prop_assert_eq!(read, given);
    }

    #[test]
    fn only_named_fields_sort(text in "-{0,2}(name|price)[a-z ]{0,3}|.{0,20}") {
        let names = [("name", 1), ("price", 2)];
        let mut errors = ValidationErrors::new();
        let sorted = sort(&mut errors, Some(&text), &names, (0, false));
        let written = sorted.map(|(field, last_first)| {
            let (name, _) = names.iter().find(|(_, known)| *known == field).unwrap();
            format!("{}{name}", if last_first { "-" } else { "" })
        });
        prop_assert_eq!(written.as_deref().unwrap_or(&text), &*text);
        prop_assert_eq!(sorted.is_none(), errors.check().is_err());
    }
}
