//! Mainstay as a library, for applications that add domain types of their own.
//!
//! An application composes itself with [`App::builder`] and hands the builder to [`run`], which is the whole command
//! line. `docs/adding-a-noun.md` explains a complete one, `examples/reviews`; the crate `mainstay-testkit` tests one on
//! both database engines.
//!
//! ```no_run
//! #[global_allocator]
//! static ALLOCATOR: mainstay::Allocator = mainstay::Allocator;
//!
//! fn main() -> std::process::ExitCode {
//!     mainstay::run(mainstay::App::builder().name("shop").version("1.0.0"))
//! }
//! ```
//!
//! - [`domain`]: ids, values, the access policy; a resource of your own implements [`domain::access::Resource`], and
//!   its id is [`domain::id::Id`] of its type.
//! - [`engine`]: the traits of use cases and the one function that runs them; a use case reaches rows through
//!   [`engine::Repositories::tx`], and ports and settings of its application through [`engine::Extensions`].
//! - [`services`]: the use cases of the product.
//! - [`database`]: the database API that repositories use, and [`sql!`]; below, how a table of your own is written.
//! - [`edge`]: routes, operations, strict parsing of input, rendering of answers.
//! - [`views`]: what clients see of each noun of Mainstay.
//! - [`app`]: the composition root.
//!
//! A table of your own is changed as Mainstay's are: the statement declares the actions that it serves, and is executed
//! with a permit for one of them and for that row.
//!
//! ```
//! use mainstay::database::{Change, Select, Tx};
//! use mainstay::domain::Result;
//! use mainstay::domain::access::{Action, Permit, Policy, Resource, Rule, Visibility};
//! use mainstay::domain::id::{Id, UserId};
//! use mainstay::sql;
//!
//! /// A note that a user keeps.
//! pub struct Note { pub id: Id<Note>, pub user_id: UserId, pub text: String }
//!
//! pub const WRITE: Action = Action::new("write");
//!
//! impl Resource for Note {
//!     const NAME: &'static str = "note";
//!     const POLICY: Policy = Policy { visible: &[Visibility::Owner], actions: &[(WRITE, Rule::Owner)] };
//!     fn id(&self) -> Id<Self> { self.id }
//!     fn owner(&self) -> Option<UserId> { Some(self.user_id) }
//! }
//!
//! static INSERT: Change<Note> =
//!     Change::new("notes", &[WRITE], sql!("INSERT INTO notes (id, user_id, text) VALUES ($1, $2, $3)"));
//! static TEXT: Select = Select::new(sql!("SELECT text FROM notes WHERE id = $1 AND user_id = $2"));
//!
//! async fn insert(tx: &mut Tx, permit: &Permit<Note>, note: &Note) -> Result<()> {
//!     let insert = INSERT.authorize(permit, note)?;
//!     tx.execute(insert, &[&note.id, &note.user_id, &note.text]).await?;
//!     Ok(())
//! }
//! ```

pub use mainstay_app as app;
pub use mainstay_background as background;
pub use mainstay_domain as domain;
pub use mainstay_edge as edge;
pub use mainstay_engine as engine;
pub use mainstay_platform::{config, database, telemetry};
pub use mainstay_repositories::{Migration, Migrations};
pub use mainstay_rest as rest;
pub use mainstay_services as services;
pub use mainstay_views as views;
pub use utoipa;

pub use mainstay_app::{App, AppBuilder};
pub use mainstay_cli::{Allocator, run};
pub use mainstay_domain::string_enum;
pub use mainstay_platform::sql;

pub mod prelude;
