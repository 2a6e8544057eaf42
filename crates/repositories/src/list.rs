//! Queries for lists, composed of fixed fragments, so that no input is ever part of a statement.

mod digest;

use crate::outcome;
use crate::read::Read;
use mainstay_domain::page::{self, Cursor, CursorKey, Page, PageInfo, PageRequest, Position};
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{FromRow, Param, Select, Sql, Tx, Value};
use std::fmt::Write as _;
use std::sync::OnceLock;

/// Maximum number of filters of a list.
const MAX_FILTERS: usize = 8;

/// A sort key of a list; the id orders equal keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    /// A column of numbers.
    Number(&'static str),
    /// A text, as an indexed expression.
    Text(&'static str),
    /// The id alone, which sorts by creation time.
    Id,
}

/// Declares a list: its filters and sort keys. Each combination's statement is composed once, at its first use.
#[derive(Debug)]
pub(crate) struct List {
    name: &'static str,
    columns: &'static str,
    table: &'static str,
    filters: &'static [&'static str],
    keys: &'static [Key],
    made: OnceLock<Box<[OnceLock<Select>]>>,
}

/// The purpose of a statement.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Count,
    Numbered,
    After,
}

impl List {
    /// A filter is a condition; `{}` in it is replaced by the placeholder of its value, as often as it occurs.
    pub(crate) const fn new(
        name: &'static str,
        (columns, table): (&'static str, &'static str),
        filters: &'static [&'static str],
        keys: &'static [Key],
    ) -> Self {
        assert!(filters.len() <= MAX_FILTERS, "a list has at most eight filters");
        Self {
            name,
            columns,
            table,
            filters,
            keys,
            made: OnceLock::new(),
        }
    }

    /// Starts a query, sorted by the key of the given index.
    pub(crate) fn by<'p>(&'static self, key: usize, descending: bool) -> ListParams<'p> {
        ListParams {
            list: self,
            chosen: 0,
            values: [None; MAX_FILTERS],
            key,
            descending,
            hopeless: false,
        }
    }

    /// Every statement of the list, for the test that prepares them.
    pub(crate) fn all(&'static self) -> Vec<(&'static str, &'static Select)> {
        let mut all = Vec::new();
        for chosen in 0..1usize << self.filters.len() {
            all.push(self.select(chosen, 0, false, Kind::Count));
            for key in 0..self.keys.len() {
                for descending in [false, true] {
                    all.push(self.select(chosen, key, descending, Kind::Numbered));
                    all.push(self.select(chosen, key, descending, Kind::After));
                }
            }
        }
        all.into_iter().map(|select| (self.name, select)).collect()
    }

    fn select(&self, chosen: usize, key: usize, descending: bool, kind: Kind) -> &Select {
        let variants = self.keys.len() * 6;
        let made = self
            .made
            .get_or_init(|| vec![OnceLock::new(); variants << self.filters.len()].into());
        let at = chosen * variants + key * 6 + usize::from(descending) * 3 + kind as usize;
        made[at].get_or_init(|| {
            let text = self.compose(chosen, self.keys[key], descending, kind);
            Select::new(Sql::owned(text))
        })
    }

    fn compose(&self, chosen: usize, key: Key, descending: bool, kind: Kind) -> String {
        let columns = if matches!(kind, Kind::Count) {
            "count(*)"
        } else {
            self.columns
        };
        let mut text = format!("SELECT {columns} FROM {}", self.table);
        let (mut info, mut joint) = (1, " WHERE ");
        for (_, filter) in self
            .filters
            .iter()
            .enumerate()
            .filter(|(at, _)| chosen >> at & 1 == 1)
        {
            let _ = write!(text, "{joint}{}", filter.replace("{}", &format!("${info}")));
            info += usize::from(filter.contains("{}"));
            joint = " AND ";
        }
        let (order, beyond) = if descending { (" DESC", '<') } else { ("", '>') };
        let (sorted, after, values) = match key {
            Key::Number(key) | Key::Text(key) => (
                format!("{key}{order}, id{order}"),
                format!("({key}, id) {beyond} (${info}, ${})", info + 1),
                2,
            ),
            Key::Id => (format!("id{order}"), format!("id {beyond} ${info}"), 1),
        };
        let _ = match kind {
            Kind::Count => Ok(()),
            Kind::Numbered => write!(text, " ORDER BY {sorted} LIMIT ${info} OFFSET ${}", info + 1),
            Kind::After => write!(text, "{joint}{after} ORDER BY {sorted} LIMIT ${}", info + values),
        };
        text
    }
}

/// A list with the filters and the sort order of one request.
pub(crate) struct ListParams<'p> {
    list: &'static List,
    chosen: usize,
    values: [Option<&'p dyn Param>; MAX_FILTERS],
    key: usize,
    descending: bool,
    hopeless: bool,
}

impl<'p> ListParams<'p> {
    /// Applies a filter that has no value.
    pub(crate) fn only(mut self, filter: usize) -> Self {
        self.chosen |= 1 << filter;
        self
    }

    /// Applies a filter with its value, if there is one.
    pub(crate) fn with<P: Param>(mut self, filter: usize, value: Option<&'p P>) -> Self {
        if let Some(value) = value {
            // PostgreSQL cannot store NUL and rejects it; so no row contains it, and none matches.
            self.hopeless |= matches!(value.value(), Value::Text(text) if text.contains('\0'));
            self.values[filter] = Some(value);
            return self.only(filter);
        }
        self
    }

    /// Makes the list empty.
    pub(crate) fn nothing(mut self) -> Self {
        self.hopeless = true;
        self
    }

    /// Reads the requested page. `position` returns the position of an item in this list.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list, or of this one with another sort, direction or filter.
    pub(crate) async fn page<T>(
        self,
        tx: &mut Tx,
        page: &PageRequest,
        position: impl Fn(&T) -> Position + Send,
    ) -> Result<Page<T>>
    where
        T: Send,
        Read<T>: FromRow,
    {
        let limit = page.limit().min(page::MAX_LIMIT);
        match page {
            PageRequest::Numbered { page, .. } => self.numbered(tx, *page, limit).await,
            PageRequest::From { cursor: after, .. } => self.from(tx, after.as_ref(), limit, position).await,
        }
    }

    async fn numbered<T>(self, tx: &mut Tx, page: u32, limit: u32) -> Result<Page<T>>
    where
        T: Send,
        Read<T>: FromRow,
    {
        let info = |total| PageInfo::Numbered { page, limit, total };
        if self.hopeless {
            return Ok(Page {
                items: Vec::new(),
                info: info(0),
            });
        }
        let skipped = i64::from(page.saturating_sub(1)) * i64::from(limit);
        let mut values: Vec<&dyn Param> = self.values.iter().copied().flatten().collect();
        values.extend([&limit as &dyn Param, &skipped]);
        let items = outcome::rows(tx.all(self.select(Kind::Numbered), &values).await?);
        let shown = items.len() as u64;
        let total = if shown < u64::from(limit) && (shown > 0 || skipped == 0) {
            // The list ends on this page, so the total is known without a count.
            u64::try_from(skipped).unwrap_or(0) + shown
        } else {
            values.truncate(values.len() - 2);
            u64::try_from(tx.one::<i64>(self.select(Kind::Count), &values).await?).unwrap_or(0)
        };
        Ok(Page {
            items,
            info: info(total),
        })
    }

    async fn from<T>(
        self,
        tx: &mut Tx,
        after: Option<&Cursor>,
        limit: u32,
        position: impl Fn(&T) -> Position + Send,
    ) -> Result<Page<T>>
    where
        T: Send,
        Read<T>: FromRow,
    {
        let key = after.map(|after| self.bound(after)).transpose()?;
        if self.hopeless {
            return Ok(Page {
                items: Vec::new(),
                info: PageInfo::From { limit, next: None },
            });
        }
        // One row more than the page holds shows whether there is a next page.
        let (limit_and_one, none) = (i64::from(limit) + 1, 0i64);
        let mut values: Vec<&dyn Param> = self.values.iter().copied().flatten().collect();
        let kind = match (after, key) {
            (Some(after), Some(key)) => {
                values.extend(key);
                values.extend([&after.position.id as &dyn Param, &limit_and_one]);
                Kind::After
            }
            _ => {
                values.extend([&limit_and_one as &dyn Param, &none]);
                Kind::Numbered
            }
        };
        let mut items: Vec<T> = outcome::rows(tx.all(self.select(kind), &values).await?);
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(|last| Cursor {
            list: self.digest(),
            position: position(last),
        });
        Ok(Page {
            items,
            info: PageInfo::From { limit, next },
        })
    }

    fn select(&self, kind: Kind) -> &'static Select {
        self.list.select(self.chosen, self.key, self.descending, kind)
    }

    /// The cursor's key as this list sorts by it, if the cursor belongs to this list.
    fn bound<'c>(&self, cursor: &'c Cursor) -> Result<Option<&'c dyn Param>> {
        let key = (cursor.list == self.digest()).then_some(&cursor.position.key);
        match (self.list.keys[self.key], key) {
            (Key::Number(_), Some(CursorKey::Number(number))) => Ok(Some(number)),
            (Key::Text(_), Some(CursorKey::Text(text))) if !text.contains('\0') => Ok(Some(text)),
            (Key::Id, Some(CursorKey::Number(_))) => Ok(None),
            _ => Err(Error::Invalid(ValidationErrors::one(
                "cursor",
                "FORMAT",
                "is not a cursor of this list with this sort and these filters: begin again without one",
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROWS: List = List::new(
        "things",
        ("id, name", "things"),
        &["status = 'active'", "owner = {}", "(a LIKE {} OR b LIKE {})"],
        &[Key::Number("created_at"), Key::Text("lower(name)"), Key::Id],
    );

    #[test]
    fn values_are_numbered_in_the_order_of_the_filters() {
        assert_eq!(
            ROWS.select(0b111, 0, true, Kind::After).sql().postgres(),
            "SELECT id, name FROM things WHERE status = 'active' AND owner = $1 AND (a LIKE $2 OR b LIKE $2) \
             AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5"
        );
        assert_eq!(
            ROWS.select(0b001, 1, false, Kind::Numbered).sql().postgres(),
            "SELECT id, name FROM things WHERE status = 'active' ORDER BY lower(name), id LIMIT $1 OFFSET $2"
        );
        assert_eq!(
            ROWS.select(0, 2, true, Kind::After).sql().postgres(),
            "SELECT id, name FROM things WHERE id < $1 ORDER BY id DESC LIMIT $2"
        );
        assert_eq!(
            ROWS.select(0b010, 0, false, Kind::Count).sql().postgres(),
            "SELECT count(*) FROM things WHERE owner = $1"
        );
    }

    #[test]
    fn every_combination_is_another_statement() {
        let mut texts: Vec<String> = ROWS
            .all()
            .iter()
            .map(|(_, select)| select.sql().postgres().to_owned())
            .collect();
        let all = texts.len();
        assert_eq!(all, 8 * (1 + 3 * 2 * 2));
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all);
    }
}
