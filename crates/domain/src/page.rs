//! Lists, a page at a time.

use crate::fault::Flaw;
use uuid::Uuid;

/// How many things a page may hold.
pub const MOST: u32 = 100;
/// How many it holds when nobody says.
pub const USUAL: u32 = 20;

/// The part of a list that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// By number, counted: costs a count of the whole list.
    Numbered {
        /// From 1.
        page: u32,
        /// 1 to [`MOST`].
        limit: u32,
    },
    /// From a place on, not counted: costs the same at any depth.
    From {
        /// Where to go on; `None` at the beginning.
        cursor: Option<Cursor>,
        /// 1 to [`MOST`].
        limit: u32,
    },
}

/// A place in a list: the last thing seen, by its sort key and its id. Opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The sort key of the last thing seen.
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
pub struct Listing<T> {
    /// What stands on it.
    pub items: Vec<T>,
    /// What lies around it.
    pub place: Place,
}

/// What lies around a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
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

impl<T> Listing<T> {
    /// The same page of other things.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Listing<U> {
        Listing {
            items: self.items.into_iter().map(each).collect(),
            place: self.place,
        }
    }
}

impl Page {
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
    pub fn numbered(page: u32, limit: u32) -> Result<Self, Flaw> {
        if page == 0 || page > 1_000_000 {
            return Err(Flaw::new("RANGE", "must be from 1 to 1000000"));
        }
        Ok(Self::Numbered { page, limit })
    }
}

impl Cursor {
    /// As clients hold it: `n<number>.<id>` or `t<text>.<id>`, in hexadecimal so that it needs no escaping.
    pub fn encode(&self) -> String {
        let bare = match &self.key {
            CursorKey::Number(number) => format!("n{number}.{}", self.id.simple()),
            CursorKey::Text(text) => format!("t{text}.{}", self.id.simple()),
        };
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
        let digits = bare.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        digits.collect()
    }

    /// Reads what [`Cursor::encode`] wrote.
    ///
    /// # Errors
    /// `FORMAT` for anything else.
    pub fn decode(text: &str) -> Result<Self, Flaw> {
        Self::read(text).ok_or_else(|| Flaw::new("FORMAT", "is not a cursor of this list"))
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > 2048 || !text.len().is_multiple_of(2) || !text.is_ascii() {
            return None;
        }
        let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
        let bare = String::from_utf8(bytes?).ok()?;
        let (key, id) = bare.rsplit_once('.')?;
        let id = Uuid::try_parse(id).ok()?;
        let key = match key.split_at_checked(1)? {
            ("n", number) => CursorKey::Number(number.parse().ok()?),
            ("t", text) => CursorKey::Text(text.to_owned()),
            _ => return None,
        };
        Some(Self { key, id })
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
                key,
                id: Uuid::from_u128(7),
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
            "6e782e3030303030303030303030303030303030303030303030303030303030303037",
        ] {
            assert!(Cursor::decode(bad).is_err(), "{bad}");
        }
    }
}
