//! Lists.

use super::{Answer, sized_json};
use http::StatusCode;
use mainstay_domain::page::{Page, PageInfo};
use serde::Serialize;
use utoipa::ToSchema;

/// One thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Data<T> {
    /// The thing.
    pub data: T,
}

/// Many things.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// The things on this page.
    pub data: Vec<T>,
    /// What lies around it.
    pub pagination: Pagination,
}

/// What lies around a page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Pagination {
    /// For `page=`.
    PagePagination(PagePagination),
    /// For `cursor=`.
    CursorPagination(CursorPagination),
}

/// What lies around a numbered page.
#[derive(Debug, Serialize, ToSchema)]
pub struct PagePagination {
    /// The page, from 1.
    pub page: u32,
    /// Its size.
    pub limit: u32,
    /// How many things the whole list has.
    pub total: u64,
    /// How many pages.
    pub pages: u64,
}

/// What lies around a page from a cursor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CursorPagination {
    /// Its size.
    pub limit: u32,
    /// Where to go on.
    pub next_cursor: Option<String>,
    /// Whether there is more.
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
