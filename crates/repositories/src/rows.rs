//! Ordinary rows: what every table of a resource needs, from one description of it.
//!
//! [`record!`](macro@crate::record) lists the fields of a resource once; [`Table`] says where its rows are, which column names
//! the owner, how they may be listed, and which actions change them. From these two, [`Rows`] finds, lists, inserts,
//! updates and deletes. It adds the condition of the scope itself, so that no statement can lack it, and no statement
//! changes a row without a permit for that row and for one of the declared actions.
//!
//! There are no relations and no query language here: a special statement is written by hand, in SQL.
//!
//! ```
//! use mainstay_domain::access::{Action, Permission, Policy, Resource, Rule, Visibility};
//! use mainstay_domain::id::{Id, UserId};
//! use mainstay_domain::time::Timestamp;
//! use mainstay_repositories::{Filter, Sort, Table, Unique, record};
//!
//! pub struct Note {
//!     pub id: Id<Note>,
//!     pub user_id: UserId,
//!     pub text: String,
//!     pub stars: i64,
//!     pub created_at: Timestamp,
//!     pub version: i64,
//! }
//!
//! const WRITE: Action = Action::new("write");
//! const EDIT: Action = Action::new("edit");
//! const REMOVE: Action = Action::new("remove");
//!
//! impl Resource for Note {
//!     const NAME: &'static str = "note";
//!     const POLICY: Policy = Policy {
//!         visible: &[Visibility::Owner],
//!         actions: &[(WRITE, Rule::Owner), (EDIT, Rule::Owner), (REMOVE, Rule::Owner)],
//!     };
//!     fn id(&self) -> Id<Self> {
//!         self.id
//!     }
//!     fn owner(&self) -> Option<UserId> {
//!         Some(self.user_id)
//!     }
//! }
//!
//! record! { Note { id, user_id, text, stars, created_at, version } }
//!
//! impl Table for Note {
//!     const TABLE: &'static str = "notes";
//!     const OWNER: Option<&'static str> = Some("user_id");
//!     const INSERT: &'static [Action] = &[WRITE];
//!     const UPDATE: &'static [Action] = &[EDIT];
//!     const DELETE: &'static [Action] = &[REMOVE];
//!     const SORTS: &'static [Sort] = &[Sort::newest("created_at"), Sort::number("stars"), Sort::lower("text")];
//!     const FILTERS: &'static [Filter] = &[Filter::number("stars")];
//!     const UNIQUE: &'static [Unique] = &[Unique::new("user_id,text", "you have this note already")];
//! }
//! ```
//!
//! A table without a column for the owner does not compile where the policy shows owners their rows:
//!
//! ```compile_fail,E0080
//! # use mainstay_domain::access::{Policy, Resource, Visibility};
//! # use mainstay_domain::id::{Id, UserId};
//! # use mainstay_platform::database::Tx;
//! # use mainstay_repositories::{Rows, Table, record};
//! struct Note { id: Id<Note>, user_id: UserId }
//! impl Resource for Note {
//!     const NAME: &'static str = "note";
//!     const POLICY: Policy = Policy { visible: &[Visibility::Owner], actions: &[] };
//!     fn id(&self) -> Id<Self> { self.id }
//!     fn owner(&self) -> Option<UserId> { Some(self.user_id) }
//! }
//! record! { Note { id, user_id } }
//! impl Table for Note {
//!     const TABLE: &'static str = "notes";
//! }
//! let rows: fn(&'static mut Tx) -> Rows<'static, Note> = Rows::new;
//! ```

mod list;
pub mod record;
mod repository;
mod statements;
mod table;

pub use list::{FilterValue, RowQuery};
pub use repository::Rows;
pub(crate) use statements::{ComposedTable, TableStatements};
pub use table::{Filter, FilterKind, Sort, Table, Unique};
