//! Lists, a page at a time.

use crate::validation::Invalid;
use uuid::Uuid;

/// How many things a page may hold.
pub const MAX_LIMIT: u32 = 100;
/// How many it holds when nobody says.
pub const DEFAULT_LIMIT: u32 = 20;

/// The part of a list that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageRequest {
    /// By number, counted: costs a count of the whole list.
    Numbered {
        /// From 1.
        page: u32,
        /// 1 to [`MAX_LIMIT`].
        limit: u32,
    },
    /// From a place on, not counted: costs the same at any depth.
    From {
        /// Where to go on; `None` at the beginning.
        cursor: Option<Cursor>,
        /// 1 to [`MAX_LIMIT`].
        limit: u32,
    },
}

/// Where a page of one list ended. Opaque to clients.
///
/// It names the list that it is of, so that it is not taken for a place in another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// A digest of the list, its sort, its direction and its filters.
    pub list: u64,
    /// The last thing seen.
    pub position: Position,
}

/// The place of a thing in a sorted list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Its sort key.
    pub key: CursorKey,
    /// Its id, which tells equal keys apart.
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
    /// What stands on it.
    pub items: Vec<T>,
    /// What lies around it.
    pub info: PageInfo,
}

/// What lies around a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageInfo {
    /// For a numbered page.
    Numbered {
        /// The page.
        page: u32,
        /// Its size.
        limit: u32,
        /// How many things the whole list has.
        total: u64,
    },
    /// For a page from a cursor.
    From {
        /// Its size.
        limit: u32,
        /// Where to go on, when there is more.
        next: Option<Cursor>,
    },
}

impl<T> Page<T> {
    /// The same page of other things.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(each).collect(),
            info: self.info,
        }
    }
}

impl PageRequest {
    /// Its size.
    pub fn limit(&self) -> u32 {
        match self {
            Self::Numbered { limit, .. } | Self::From { limit, .. } => *limit,
        }
    }

    /// Checks the size and the number of an outside page.
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

    /// As clients hold it: `1<list>n<number>.<id>` or `1<list>t<text>.<id>`, in hexadecimal so that it needs no escaping.
    /// The `1` is the version of the format.
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

    /// Reads what [`Cursor::encode`] wrote.
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
        // There is one way to write each.
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
