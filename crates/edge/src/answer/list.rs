//! Lists.

use super::{Answer, sized_json};
use http::StatusCode;
use mainstay_domain::page::{MAX_LIMIT, Page, PageInfo};
use serde::Serialize;
use utoipa::ToSchema;

/// One resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct Data<T> {
    /// The resource.
    pub data: T,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// The items of this page.
    pub data: Vec<T>,
    /// The pagination of this page.
    pub pagination: Pagination,
}

/// The pagination of a page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Pagination {
    /// For requests with `page`, or with neither.
    PagePagination(PagePagination),
    /// For requests with `cursor`.
    CursorPagination(CursorPagination),
}

/// The pagination of a page requested by number.
#[derive(Debug, Serialize, ToSchema)]
pub struct PagePagination {
    /// Page number, from 1.
    pub page: u32,
    /// Maximum number of items on the page.
    pub limit: u32,
    /// Number of items in the whole list.
    pub total: u64,
    /// Number of pages.
    pub pages: u64,
}

/// The pagination of a page requested by cursor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CursorPagination {
    /// Maximum number of items on the page.
    pub limit: u32,
    /// The cursor of the next page; `null` on the last one.
    pub next_cursor: Option<String>,
    /// Whether another page follows.
    pub has_more: bool,
}

impl From<PageInfo> for Pagination {
    fn from(info: PageInfo) -> Self {
        match info {
            PageInfo::Numbered { page, limit, total } => Self::PagePagination(PagePagination {
                page,
                limit,
                total,
                pages: total.div_ceil(u64::from(limit.max(1))),
            }),
            PageInfo::From { limit, next } => Self::CursorPagination(CursorPagination {
                limit,
                has_more: next.is_some(),
                next_cursor: next.map(|cursor| cursor.encode()),
            }),
        }
    }
}

/// 200 and a list, each thing shown as `view` says.
///
/// # Errors
/// When a thing has no JSON form.
pub fn list<T, V: Serialize>(listing: Page<T>, view: impl FnMut(T) -> V) -> Answer {
    let Page { items, info } = listing.map(view);
    let capacity = 512 * (items.len() + 1);
    sized_json(
        StatusCode::OK,
        &Listed {
            data: items,
            pagination: info.into(),
        },
        capacity,
    )
}

/// A list that is bounded by its nature, such as that of roles: one page has all of it.
///
/// # Errors
/// As [`json`](super::json).
pub fn whole_list<T, V: Serialize>(items: Vec<T>, view: impl Fn(T) -> V) -> Answer {
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let info = PageInfo::Numbered {
        page: 1,
        limit: count.max(MAX_LIMIT),
        total: count.into(),
    };
    list(Page { items, info }, view)
}
