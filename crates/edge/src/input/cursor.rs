//! Pagination and sorting parameters of lists.

use mainstay_domain::page::{self, Cursor, PageRequest};
use mainstay_domain::validation::{Invalid, ValidationErrors};

/// The pagination parameters of a query string, not validated yet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PageParams<'q> {
    /// `page=`
    pub(super) page: Option<&'q str>,
    /// `limit=`
    pub(super) limit: Option<&'q str>,
    /// `cursor=`; an empty one starts a list that is paged by cursors and has no total count.
    pub(super) cursor: Option<&'q str>,
}

/// Validates the pagination parameters; `default` is the page size when the client names no `limit`.
pub(super) fn page(
    errors: &mut ValidationErrors,
    params: PageParams<'_>,
    default: u32,
) -> Option<PageRequest> {
    let bounds = format!("must be a whole number from 1 to {}", page::MAX_LIMIT);
    let limit = match params.limit {
        None => Ok(default),
        Some(text) => whole(text)
            .filter(|limit| (1..=page::MAX_LIMIT).contains(limit))
            .ok_or_else(|| Invalid::new("RANGE", bounds)),
    };
    let limit = errors.take("limit", limit);
    match (params.page, params.cursor) {
        (Some(_), Some(_)) => {
            errors.add("cursor", "CONFLICT", "cannot be asked for together with page");
            None
        }
        (_, Some(text)) => {
            let cursor = (!text.is_empty()).then(|| Cursor::decode(text));
            let cursor = errors.take_optional("cursor", cursor);
            Some(PageRequest::From {
                cursor,
                limit: limit?,
            })
        }
        (number, None) => {
            let number = number.map_or(Some(1), whole);
            let number =
                number.ok_or_else(|| Invalid::new("RANGE", "must be a whole number from 1 to 1000000"));
            let (number, limit) = (errors.take("page", number)?, limit?);
            errors.take("page", PageRequest::numbered(number, limit))
        }
    }
}

/// Validates `sort`: a field name, with a leading `-` for descending order. `true` means descending.
pub(super) fn sort<S: Copy>(
    errors: &mut ValidationErrors,
    text: Option<&str>,
    names: &[(&str, S)],
    default: (S, bool),
) -> Option<(S, bool)> {
    let Some(text) = text else { return Some(default) };
    let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    let found = names
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, sort)| (*sort, descending));
    let known = || names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    errors.take(
        "sort",
        found.ok_or_else(|| {
            Invalid::new(
                "FORMAT",
                format!("must be one of {}, perhaps with - before it", known()),
            )
        }),
    )
}

/// Parses digits only: no sign, no space.
fn whole(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}
