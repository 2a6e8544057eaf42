//! SQL, and only here: one file a noun, one text for SQLite and PostgreSQL.
//!
//! A repository borrows a transaction. What finds asks for a [`Scope`](mainstay_domain::access::Scope) and filters by
//! it in the query itself; what writes asks for a [`Permit`](mainstay_domain::access::Permit) and refuses another row
//! than the one it names. A row that is not there and a row that may not be seen are both
//! [`NotFound`](mainstay_domain::Error::NotFound); a row that has changed since it was read asks for another run of the
//! transaction ([`Retry`](mainstay_platform::database::DatabaseError::Retry)).
//!
//! ```
//! # use mainstay_domain::{access::{Permit, Scope}, id::OrderId, order::Order, Result};
//! # use mainstay_repositories::Orders;
//! async fn touch(orders: &mut Orders<'_>, scope: &Scope<Order>, permit: &Permit<Order>, id: OrderId) -> Result<()> {
//!     let order = orders.find(scope, id).await?;
//!     orders.save(permit, &order).await
//! }
//! ```
//!
//! Without a scope it does not compile:
//!
//! ```compile_fail,E0061
//! # use mainstay_domain::{access::{Permit, Scope}, id::OrderId, order::Order, Result};
//! # use mainstay_repositories::Orders;
//! async fn touch(orders: &mut Orders<'_>, scope: &Scope<Order>, permit: &Permit<Order>, id: OrderId) -> Result<()> {
//!     let order = orders.find(id).await?;
//!     orders.save(permit, &order).await
//! }
//! ```
//!
//! Nor without a permit:
//!
//! ```compile_fail,E0061
//! # use mainstay_domain::{access::{Permit, Scope}, id::OrderId, order::Order, Result};
//! # use mainstay_repositories::Orders;
//! async fn touch(orders: &mut Orders<'_>, scope: &Scope<Order>, permit: &Permit<Order>, id: OrderId) -> Result<()> {
//!     let order = orders.find(scope, id).await?;
//!     orders.save(&order).await
//! }
//! ```
//!
//! Nor with the scope or the permit of another noun:
//!
//! ```compile_fail,E0308
//! # use mainstay_domain::{access::{Permit, Scope}, id::OrderId, order::Order, product::Product, Result};
//! # use mainstay_repositories::Orders;
//! async fn touch(orders: &mut Orders<'_>, scope: &Scope<Product>, permit: &Permit<Order>, id: OrderId) -> Result<()> {
//!     let order = orders.find(scope, id).await?;
//!     orders.save(permit, &order).await
//! }
//! ```

#[macro_use]
mod macros;

mod audit;
mod audit_acceptances;
mod audit_chain;
mod audit_writers;
mod credentials;
mod dialect;
mod family;
mod health;
mod idempotency;
mod jobs;
mod leases;
mod list;
mod migrate;
mod one_time_tokens;
mod order_items;
mod orders;
mod outbox;
mod outcome;
mod payments;
mod products;
mod read;
mod roles;
mod security_events;
mod sessions;
mod sight;
mod signing_keys;
pub mod statements;
mod stock;
mod tail;
mod user_access;
mod users;

pub use audit::{Audit, AuditFilter};
pub use audit_chain::{ChainEnd, EntryKey, EntryMac, LinkedEntry, NewHead, UnlinkedEntry};
pub use audit_writers::WriterRecord;
pub use credentials::Credentials;
pub use health::health;
pub use idempotency::{Idempotency, NewRemembered, Remembered};
pub use jobs::{JobFilter, Jobs, NewJob};
pub use migrate::{Condition, MigrateError, Report, condition, migrate};
pub use one_time_tokens::OneTimeTokens;
pub use orders::{OrderFilter, OrderSort, Orders};
pub use outbox::Outbox;
pub use payments::Payments;
pub use products::{ProductFilter, ProductSort, Products};
pub use roles::{RoleRow, Roles};
pub use security_events::SecurityEvents;
pub use sessions::Sessions;
pub use signing_keys::SigningKeys;
pub use stock::Taken;
pub use tail::{Tail, TailOutcome};
pub use user_access::PersonalGrant;
pub use users::{UserFilter, UserSort, Users};
