//! The description of a table.

use super::record::Record;
use mainstay_domain::access::{Action, Resource, Visibility};
use std::marker::PhantomData;

/// Where the rows of a resource are, how they may be listed, and which actions change them.
pub trait Table: Resource + Record {
    /// The name of the table.
    const TABLE: &'static str;
    /// The column with the account that owns the row, where the policy shows owners their rows. It stores what
    /// [`Resource::owner`] returns.
    const OWNER: Option<&'static str> = None;
    /// The condition for a row that every caller may see, where the policy shows published rows:
    /// `status = 'active'`. It agrees with [`Resource::is_published`].
    const PUBLISHED: Option<&'static str> = None;
    /// The actions that insert a row; empty if nothing inserts one here.
    const INSERT: &'static [Action] = &[];
    /// The actions that update a row; empty if nothing updates one here.
    const UPDATE: &'static [Action] = &[];
    /// The actions that delete a row; empty if nothing deletes one here.
    const DELETE: &'static [Action] = &[];
    /// Columns that an update leaves as they are, besides the id. An index of a column that no update writes costs
    /// updates nothing.
    const FIXED: &'static [&'static str] = &[];
    /// How lists may be sorted; the first is the default.
    const SORTS: &'static [Sort] = &[Sort::newest("id")];
    /// What lists may be filtered by, at most six.
    const FILTERS: &'static [Filter] = &[];
    /// What clients receive when a unique index refuses a row.
    const UNIQUE: &'static [Unique] = &[];
    /// What clients receive when a row cannot be deleted because other rows refer to it.
    const REFERENCED: &'static str = "other records refer to it";
}

/// A way to sort a list. Equal rows are sorted by their ids, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub(super) name: &'static str,
    pub(super) column: &'static str,
    pub(super) order: Order,
    pub(super) descending: bool,
}

/// What a sort compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Number,
    Text,
    LowerText,
}

impl Sort {
    /// By a column of instants or of ids, the latest first unless the client asks otherwise. Ids sort by the time they
    /// were made.
    pub const fn newest(column: &'static str) -> Self {
        Self {
            descending: true,
            ..Self::number(column)
        }
    }

    /// By a column of numbers or instants that are never NULL, the lowest first.
    pub const fn number(column: &'static str) -> Self {
        Self {
            name: column,
            column,
            order: Order::Number,
            descending: false,
        }
    }

    /// By a column of texts that are never NULL, by bytes. The column is `TEXT COLLATE "C"`.
    pub const fn text(column: &'static str) -> Self {
        Self {
            order: Order::Text,
            ..Self::number(column)
        }
    }

    /// The same without regard to capitals in ASCII, along an index of `(lower(column), id)`.
    pub const fn lower(column: &'static str) -> Self {
        Self {
            order: Order::LowerText,
            ..Self::number(column)
        }
    }

    /// The same sort by another name than that of the column.
    pub const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The name: that of the column, unless it was given one.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the list descends unless the client asks otherwise.
    pub const fn descending(&self) -> bool {
        self.descending
    }
}

/// A condition that clients may put on a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    pub(super) column: &'static str,
    pub(super) operator: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: FilterKind,
}

/// The type of a filter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterKind {
    /// A UUID.
    Id,
    /// A text.
    Text,
    /// A number, or an instant in microseconds.
    Number,
    /// True or false.
    Boolean,
}

impl Filter {
    const fn new(column: &'static str, kind: FilterKind) -> Self {
        Self {
            column,
            operator: "=",
            name: column,
            kind,
        }
    }

    /// Rows with this id in the column.
    pub const fn id(column: &'static str) -> Self {
        Self::new(column, FilterKind::Id)
    }

    /// Rows with this text in the column.
    pub const fn text(column: &'static str) -> Self {
        Self::new(column, FilterKind::Text)
    }

    /// Rows with this number or instant in the column.
    pub const fn number(column: &'static str) -> Self {
        Self::new(column, FilterKind::Number)
    }

    /// Rows whose column is true, or false.
    pub const fn boolean(column: &'static str) -> Self {
        Self::new(column, FilterKind::Boolean)
    }

    /// Rows with this number or a higher one; `name` distinguishes it from other filters of the column.
    pub const fn at_least(column: &'static str, name: &'static str) -> Self {
        Self {
            operator: ">=",
            name,
            ..Self::number(column)
        }
    }

    /// Rows with a number below this one.
    pub const fn below(column: &'static str, name: &'static str) -> Self {
        Self {
            operator: "<",
            name,
            ..Self::number(column)
        }
    }

    /// The name: that of the column, unless it was given one.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The type of its value.
    pub const fn kind(&self) -> FilterKind {
        self.kind
    }
}

/// A unique index, by its columns, and the sentence for a row that it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unique {
    pub(super) columns: &'static str,
    pub(super) sentence: &'static str,
}

impl Unique {
    /// `columns` in the order of the index, as `"product_id,user_id"`. SQLite reports columns and no name. Of an index
    /// over expressions both engines report its name: `lower(name)` in `products_name_key` is `"name"`.
    pub const fn new(columns: &'static str, sentence: &'static str) -> Self {
        Self { columns, sentence }
    }
}

/// What the compiler checks of a table, wherever its rows are used.
pub(super) struct Checked<T>(PhantomData<T>);

impl<T: Table> Checked<T> {
    pub(super) const OK: () = {
        assert!(is(T::FIELDS[0], "id"), "the first field of a record is its id");
        let mut at = 0;
        while at < T::POLICY.visible.len() {
            match T::POLICY.visible[at] {
                Visibility::Owner => {
                    assert!(
                        T::OWNER.is_some(),
                        "the policy shows owners their rows, and OWNER names no column"
                    );
                }
                Visibility::Published => {
                    assert!(
                        T::PUBLISHED.is_some(),
                        "the policy shows published rows, and PUBLISHED has no condition"
                    );
                }
                Visibility::Holder(_) => {}
            }
            at += 1;
        }
        if let Some(owner) = T::OWNER {
            assert!(names::<T>(owner), "OWNER is a column of the record");
        }
        let mut at = 0;
        while at < T::SORTS.len() {
            assert!(
                names::<T>(T::SORTS[at].column),
                "every sort is by a column of the record"
            );
            let mut other = 0;
            while other < at {
                let same = equal(T::SORTS[at].name.as_bytes(), T::SORTS[other].name.as_bytes());
                assert!(!same, "two sorts of a table have different names");
                other += 1;
            }
            at += 1;
        }
        assert!(!T::SORTS.is_empty(), "a list has a default sort");
        assert!(T::FILTERS.len() <= 6, "a list has at most six filters");
        let mut at = 0;
        while at < T::FILTERS.len() {
            let mut other = 0;
            while other < at {
                let same = equal(T::FILTERS[at].name.as_bytes(), T::FILTERS[other].name.as_bytes());
                assert!(!same, "two filters of a table have different names");
                other += 1;
            }
            at += 1;
        }
        let mut at = 0;
        while at < T::FIXED.len() {
            assert!(names::<T>(T::FIXED[at]), "FIXED names columns of the record");
            at += 1;
        }
    };
}

/// Whether a record has the column.
const fn names<T: Record>(column: &str) -> bool {
    let mut at = 0;
    while at < T::FIELDS.len() {
        if is(T::FIELDS[at], column) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether a field has the column.
const fn is(columns: &[&str], column: &str) -> bool {
    let mut at = 0;
    while at < columns.len() {
        if equal(columns[at].as_bytes(), column.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}
