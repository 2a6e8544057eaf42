//! Pagination of lists, by page number or by cursor.

use crate::validation::Invalid;
use uuid::Uuid;

/// Maximum number of items on a page.
pub const MAX_LIMIT: u32 = 100;
/// Number of items on a page when the client gives none.
pub const DEFAULT_LIMIT: u32 = 20;

/// The requested part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageRequest {
    /// By page number, with a total: costs a count of the whole list.
    Numbered {
        /// Page number, from 1.
        page: u32,
        /// Items per page, 1 to [`MAX_LIMIT`].
        limit: u32,
    },
    /// By cursor, without a total: costs the same at any depth.
    From {
        /// Where to continue; `None` at the beginning.
        cursor: Option<Cursor>,
        /// Items per page, 1 to [`MAX_LIMIT`].
        limit: u32,
    },
}

/// The end of one page of a list. Opaque to clients.
///
/// It identifies the list that it belongs to, so that another list rejects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// A digest of the list, its sort, its direction and its filters.
    pub list: u64,
    /// The position of the last item on the page.
    pub position: Position,
}

/// The position of an item in a sorted list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The item's sort key.
    pub key: CursorKey,
    /// The item's id, which orders equal keys.
    pub id: Uuid,
}

/// A sort key in a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CursorKey {
    /// A number, or an instant in microseconds.
    Number(i64),
    /// A text.
    Text(String),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The page's number and total, or the next cursor.
    pub info: PageInfo,
}

/// The metadata of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageInfo {
    /// Of a page requested by number.
    Numbered {
        /// Page number, from 1.
        page: u32,
        /// Items per page, at most.
        limit: u32,
        /// Number of items in the whole list.
        total: u64,
    },
    /// Of a page requested by cursor.
    From {
        /// Items per page, at most.
        limit: u32,
        /// Where to continue; `None` on the last page.
        next: Option<Cursor>,
    },
}

impl<T> Page<T> {
    /// The same page with each item converted.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(each).collect(),
            info: self.info,
        }
    }
}

impl PageRequest {
    /// Items per page, at most.
    pub fn limit(&self) -> u32 {
        match self {
            Self::Numbered { limit, .. } | Self::From { limit, .. } => *limit,
        }
    }

    /// Checks a page number and a page size from untrusted numbers.
    ///
    /// # Errors
    /// `RANGE`.
    pub fn numbered(page: u32, limit: u32) -> Result<Self, Invalid> {
        if page == 0 || page > 1_000_000 {
            return Err(Invalid::new("RANGE", "must be from 1 to 1000000"));
        }
        Ok(Self::Numbered { page, limit })
    }
}

impl Cursor {
    /// The longest cursor, in characters: the version, the list, the longest name or address, the id.
    pub const MAX_LIMIT: usize = 4096;

    /// The form that clients receive: `1<list>n<number>.<id>` or `1<list>t<text>.<id>`, in hexadecimal so that it
    /// needs no escaping. The `1` is the version of the format.
    pub fn encode(&self) -> String {
        let (list, id) = (self.list, self.position.id.simple());
        let bare = match &self.position.key {
            CursorKey::Number(number) => format!("1{list:016x}n{number}.{id}"),
            CursorKey::Text(text) => format!("1{list:016x}t{text}.{id}"),
        };
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
        let digits = bare.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        digits.collect()
    }

    /// Parses the output of [`Cursor::encode`].
    ///
    /// # Errors
    /// `FORMAT` for anything else.
    pub fn decode(text: &str) -> Result<Self, Invalid> {
        Self::read(text).ok_or_else(|| Invalid::new("FORMAT", "is not a cursor of this list"))
    }

    fn read(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() > Self::MAX_LIMIT || !text.len().is_multiple_of(2) || !text.bytes().all(is_digit) {
            return None;
        }
        let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
        let bare = String::from_utf8(bytes?).ok()?;
        let (list, info) = bare.strip_prefix('1')?.split_at_checked(16)?;
        let list = u64::from_str_radix(list, 16).ok()?;
        let (key, id) = info.rsplit_once('.')?;
        let id = Uuid::try_parse(id).ok()?;
        let key = match key.split_at_checked(1)? {
            ("n", number) => CursorKey::Number(number.parse().ok()?),
            ("t", text) => CursorKey::Text(text.to_owned()),
            _ => return None,
        };
        let cursor = Self {
            list,
            position: Position { key, id },
        };
        // Each cursor has exactly one encoding.
        (cursor.encode() == text).then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for key in [
            CursorKey::Number(-5),
            CursorKey::Text("a.b 'c' ü".into()),
            CursorKey::Text(String::new()),
        ] {
            let cursor = Cursor {
                list: u64::MAX / 3,
                position: Position {
                    key,
                    id: Uuid::from_u128(7),
                },
            };
            assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for bad in [
            "",
            "zz",
            "6e",
            "ü",
            "+1",
            "6e312e",
            "6e312e3030303030303030303030303030303030303030303030303030303030303037",
            "6e782e3030303030303030303030303030303030303030303030303030303030303037",
        ] {
            assert!(Cursor::decode(bad).is_err(), "{bad}");
        }
    }
}
