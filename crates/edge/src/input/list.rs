//! Parameters of lists.

use super::cursor::{self, PageParams};
use super::query;
use crate::answer::ApiError;
use axum::extract::FromRequestParts;
use http::request::Parts;
use mainstay_domain::page::DEFAULT_LIMIT;
use mainstay_domain::validation::ValidationErrors;
use mainstay_engine::{List, Listed};
use mainstay_services::list::{self, ListQuery, SortKey};

/// Extracts the page, sort and filter parameters of any list, as the use case that they ask for. What a list accepts is
/// declared once, beside the use case: [`ListQuery`].
#[derive(Debug)]
pub struct ListParams<L>(pub L);

impl<L: ListQuery, S: Sync> FromRequestParts<S> for ListParams<L> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let list = parse(parts.uri.query().unwrap_or_default())?;
        Ok(Self(list))
    }
}

/// Extracts the parameters of a list of rows, as its use case. What it accepts is declared by the table.
#[derive(Debug)]
pub struct RowParams<T>(pub List<T>);

impl<T: Listed, S: Sync> FromRequestParts<S> for RowParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let list = parse_rows(parts.uri.query().unwrap_or_default())?;
        Ok(Self(list))
    }
}

fn parse_rows<T: Listed>(query: &str) -> Result<List<T>, ValidationErrors> {
    let (mut given, mut errors) = query::pairs(query);
    let [page, limit, cursor] = ["page", "limit", "cursor"].map(|name| given.remove(name));
    let params = PageParams {
        page: page.as_deref(),
        limit: limit.as_deref(),
        cursor: cursor.as_deref(),
    };
    let page = cursor::page(&mut errors, params, DEFAULT_LIMIT);
    let others = given.iter().map(|(name, text)| (&**name, &**text));
    List::parse(others, page, errors)
}

/// Reads a list's parameters from a query string.
///
/// # Errors
/// Parameters that are unknown or occur twice; if there are none, every invalid value.
pub(super) fn parse<L: ListQuery>(query: &str) -> Result<L, ValidationErrors> {
    let (given, mut errors) = query::pairs(query);
    for name in given.keys().filter(|name| !accepts::<L>(name)) {
        errors.add(&**name, "UNKNOWN_FIELD", "is not known here");
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let text = |name: &str| given.get(name).map(|text| &**text);
    let mut filter = L::Filter::default();
    for parameter in L::FILTERS {
        let read = text(parameter.name).map(|text| (parameter.read)(&mut filter, text));
        errors.take_optional(parameter.name, read);
    }
    let sort = cursor::sort(&mut errors, text("sort"), L::Sort::NAMES, L::Sort::DEFAULT);
    let params = PageParams {
        page: text("page"),
        limit: text("limit"),
        cursor: text("cursor"),
    };
    let page = cursor::page(&mut errors, params, L::DEFAULT_LIMIT);
    let chosen = sort.zip(page);
    let chosen = chosen.map(|(sort, page)| list::ListParams { filter, sort, page });
    errors.finish(chosen).map(L::list)
}

fn accepts<L: ListQuery>(name: &str) -> bool {
    match name {
        "page" | "limit" | "cursor" => true,
        "sort" => !L::Sort::NAMES.is_empty(),
        other => L::FILTERS.iter().any(|filter| filter.name == other),
    }
}
