//! Tests of what every list declares.

use super::*;
use crate::account::ListSessions;
use crate::audit::{ListAudit, ListSecurityEvents};
use crate::job::ListJobs;
use crate::order::ListOrders;
use crate::product::ListProducts;
use crate::user::ListUsers;
use mainstay_domain::page;

/// Checks that a list reads what it documents, and that its names do not collide.
fn check<L: ListQuery>() {
    let paging = ["page", "limit", "cursor", "sort"];
    for (at, filter) in L::FILTERS.iter().enumerate() {
        let is_known = |text: &str| (filter.read)(&mut L::Filter::default(), text).is_ok();
        assert!(!paging.contains(&filter.name), "{} of {}", filter.name, L::NAME);
        let before = L::FILTERS[..at].iter().map(|other| other.name);
        assert!(
            !before.into_iter().any(|name| name == filter.name),
            "{}",
            filter.name
        );
        match filter.shape {
            FilterShape::Words(words) => {
                assert!(words.iter().all(|word| is_known(word)), "{words:?}");
                assert!(!is_known("x") && !is_known(""), "{}", filter.name);
            }
            FilterShape::Text => {
                let longest = "x".repeat(FilterShape::MAX_TEXT);
                assert!(is_known(&longest) && !is_known(&format!("{longest}x")) && !is_known(""));
            }
            FilterShape::Id => {
                assert!(is_known("01890000-0000-7000-8000-000000000001") && !is_known("x"));
            }
            FilterShape::Instant => assert!(is_known("2026-11-22T10:00:00Z") && !is_known("today")),
            FilterShape::Pattern(_) => assert!(is_known("abc-1") && !is_known("A B")),
        }
    }
    let names: Vec<&str> = L::Sort::NAMES.iter().map(|(name, _)| *name).collect();
    let mut distinct = names.clone();
    distinct.dedup();
    assert_eq!(names, distinct);
    assert!((1..=page::MAX_LIMIT).contains(&L::DEFAULT_LIMIT));
}

#[test]
fn each_list_reads_what_it_documents() {
    check::<ListProducts>();
    check::<ListOrders>();
    check::<ListUsers>();
    check::<ListAudit>();
    check::<ListJobs>();
    check::<ListSecurityEvents>();
    check::<ListSessions>();
}
