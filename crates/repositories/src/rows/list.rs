//! What a list shows, and in which order.

use super::record::Values;
use super::statements::{FIRST_FILTER, OWNED, PUBLISHED, TableStatements};
use super::table::{Filter, FilterKind, Order, Sort, Table};
use crate::list::ListParams;
use mainstay_domain::access::{Scope, ScopeFilter};
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::page::{CursorKey, Page, PageRequest, Position};
use mainstay_domain::time::Timestamp;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Param, Tx, Value};
use std::marker::PhantomData;
use uuid::Uuid;

/// The sort and the filters of a list. Only what the [`Table`] declares can be chosen.
#[derive(Debug, Clone)]
pub struct RowQuery<T> {
    sort: usize,
    descending: bool,
    filters: Vec<(usize, FilterValue)>,
    table: PhantomData<fn() -> T>,
}

/// The value of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterValue {
    /// A UUID.
    Id(Uuid),
    /// A text.
    Text(String),
    /// A number, or an instant in microseconds.
    Number(i64),
    /// True or false.
    Boolean(bool),
}

impl FilterValue {
    fn kind(&self) -> FilterKind {
        match self {
            Self::Id(_) => FilterKind::Id,
            Self::Text(_) => FilterKind::Text,
            Self::Number(_) => FilterKind::Number,
            Self::Boolean(_) => FilterKind::Boolean,
        }
    }
}

impl Param for FilterValue {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Id(id) => Value::Uuid(*id),
            Self::Text(text) => Value::Text(text),
            Self::Number(number) => Value::Integer(*number),
            Self::Boolean(value) => Value::Bool(*value),
        }
    }
}

impl<T> From<Id<T>> for FilterValue {
    fn from(id: Id<T>) -> Self {
        Self::Id(id.uuid())
    }
}

impl From<&str> for FilterValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for FilterValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for FilterValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Timestamp> for FilterValue {
    fn from(instant: Timestamp) -> Self {
        Self::Number(instant.micros())
    }
}

impl From<bool> for FilterValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl<T: Table> Default for RowQuery<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Table> RowQuery<T> {
    /// All rows of the scope, by the table's first sort.
    pub fn new() -> Self {
        Self {
            sort: 0,
            descending: T::SORTS[0].descending,
            filters: Vec::new(),
            table: PhantomData,
        }
    }

    /// Sorts as declared under this name.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a sort that the table does not have.
    pub fn sort_by(mut self, name: &str, descending: bool) -> Result<Self> {
        let known = T::SORTS.iter().position(|sort| sort.name == name);
        self.sort = known.ok_or_else(|| {
            let known: Vec<&str> = T::SORTS.iter().map(Sort::name).collect();
            invalid("sort", &known)
        })?;
        self.descending = descending;
        Ok(self)
    }

    /// Shows only rows that a declared filter keeps.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a filter that the table does not have; `INTERNAL_ERROR` for a value of another type than
    /// the filter's.
    pub fn filter(mut self, name: &str, value: impl Into<FilterValue>) -> Result<Self> {
        let (known, value) = (
            T::FILTERS.iter().position(|filter| filter.name == name),
            value.into(),
        );
        let at = known.ok_or_else(|| {
            let known: Vec<&str> = T::FILTERS.iter().map(Filter::name).collect();
            invalid(name, &known)
        })?;
        if T::FILTERS[at].kind != value.kind() {
            return Err(Error::bug(format!(
                "the filter {name} of {} takes {:?}, not {:?}",
                T::TABLE,
                T::FILTERS[at].kind,
                value.kind()
            )));
        }
        self.filters.retain(|(other, _)| *other != at);
        self.filters.push((at, value));
        Ok(self)
    }

    /// The same if there is a value; otherwise the list is not filtered by it.
    ///
    /// # Errors
    /// As [`filter`](Self::filter).
    pub fn filter_if(self, name: &str, value: Option<impl Into<FilterValue>>) -> Result<Self> {
        match value {
            Some(value) => self.filter(name, value),
            None => Ok(self),
        }
    }

    pub(super) async fn page(
        &self,
        statements: &'static TableStatements<T>,
        tx: &mut Tx,
        scope: &Scope<T>,
        page: &PageRequest,
    ) -> Result<Page<T>> {
        let scope = scope.filter();
        let owner = match scope {
            ScopeFilter::Owned(owner) => Some(owner),
            ScopeFilter::Everything | ScopeFilter::Published | ScopeFilter::Nothing => None,
        };
        let mut params = statements.list.by(self.sort, self.descending);
        params = within(params, scope, owner.as_ref(), statements);
        for (at, value) in &self.filters {
            params = params.with(FIRST_FILTER + at, Some(value));
        }
        params.page(tx, page, |row| self.position(statements, row)).await
    }

    /// Where a row stands in the list.
    fn position(&self, statements: &TableStatements<T>, row: &T) -> Position {
        let sort = &T::SORTS[self.sort];
        let values = Values::of(row);
        let value = values.at(statements.place(sort.column).unwrap_or(0));
        let key = match (value, sort.order) {
            (Value::Integer(number), _) => CursorKey::Number(number),
            (Value::Text(text), Order::LowerText) => CursorKey::Text(text.to_ascii_lowercase()),
            (Value::Text(text), _) => CursorKey::Text(text.to_owned()),
            // The id alone: its place in the cursor is beside the key.
            _ => CursorKey::Number(0),
        };
        Position {
            key,
            id: row.id().uuid(),
        }
    }
}

/// Adds the condition of the scope.
fn within<'p, T: Table>(
    params: ListParams<'p>,
    scope: ScopeFilter,
    owner: Option<&'p UserId>,
    statements: &TableStatements<T>,
) -> ListParams<'p> {
    match scope {
        ScopeFilter::Everything => params,
        ScopeFilter::Owned(_) if statements.find_owned.is_some() => params.with(OWNED, owner),
        ScopeFilter::Published if statements.find_published.is_some() => params.only(PUBLISHED),
        ScopeFilter::Owned(_) | ScopeFilter::Published | ScopeFilter::Nothing => params.nothing(),
    }
}

fn invalid(field: &str, known: &[&str]) -> Error {
    let message = format!("must be one of {}", known.join(", "));
    Error::Invalid(ValidationErrors::one(field, "FORMAT", message))
}
