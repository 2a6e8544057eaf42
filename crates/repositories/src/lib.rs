//! SQL, and only here: one file per resource, one text for SQLite and PostgreSQL.
//!
//! A repository borrows a transaction. A finder requires a [`Scope`](mainstay_domain::access::Scope) and filters by
//! it in the query itself. A writer requires a [`Permit`](mainstay_domain::access::Permit), because its statement is a
//! [`Change`](mainstay_platform::database::Change), which declares the actions that it serves and is not executed for
//! another action or another row; `contracts/changes.txt` lists all. A row that does not exist and a row outside of the scope are both
//! [`NotFound`](mainstay_domain::Error::NotFound); a row that has changed since it was read causes the transaction to
//! run again ([`Retry`](mainstay_platform::database::DatabaseError::Retry)).
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
//! Nor does it without a permit:
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
//! Nor with the scope or the permit of another resource:
//!
//! ```compile_fail,E0308
//! # use mainstay_domain::{access::{Permit, Scope}, id::OrderId, order::Order, product::Product, Result};
//! # use mainstay_repositories::Orders;
//! async fn touch(orders: &mut Orders<'_>, scope: &Scope<Product>, permit: &Permit<Order>, id: OrderId) -> Result<()> {
//!     let order = orders.find(scope, id).await?;
//!     orders.save(permit, &order).await
//! }
//! ```

#![warn(
    clippy::map_err_ignore,
    reason = "a failure of the database must not become the client's mistake: `map_err(|_| ...)` forgets which it was"
)]

#[macro_use]
mod macros;

mod access_changes;
mod api_keys;
mod audit;
mod audit_acceptances;
mod audit_chain;
mod audit_writers;
mod credentials;
mod data_exports;
mod deferred_writes;
mod devices;
mod dialect;
mod email_codes;
mod health;
mod idempotency;
mod identities;
mod jobs;
mod leases;
mod list;
pub mod master_key_check;
mod migrate;
mod one_time_tokens;
mod order_items;
mod orders;
mod outbox;
mod outbox_positions;
mod outcome;
mod passkeys;
mod payments;
mod personal_data;
mod products;
mod read;
mod recovery_codes;
mod roles;
mod row_filter;
mod rows;
mod sealed_columns;
mod security_events;
mod sessions;
mod signing_keys;
mod sized_statements;
pub mod statements;
mod step_up_codes;
mod stock;
mod totp_factors;
mod tries;
mod user_access;
mod users;
mod webhooks;

pub use access_changes::AccessChanges;
pub use api_keys::ApiKeys;
pub use audit::{Audit, AuditFilter};
pub use audit_chain::{ChainEnd, EntryKey, EntryMac, LinkedEntry, NewHead, UnlinkedEntry};
pub use audit_writers::WriterRecord;
pub use credentials::Credentials;
pub use data_exports::DataExports;
pub use deferred_writes::{DeferredWrites, FlushOutcome};
pub use devices::Devices;
pub use email_codes::EmailCodes;
pub use health::{database_clock, write_probe};
pub use idempotency::{Idempotency, NewStoredResult, StoredResult};
pub use identities::Identities;
pub use jobs::{JobFilter, Jobs, NewJob, SealedJob};
pub use migrate::{Condition, MigrateError, Migration, Migrations, Report, condition, migrate};
pub use one_time_tokens::OneTimeTokens;
pub use orders::{OrderFilter, OrderSort, Orders};
pub use outbox::{EventsOf, Outbox};
pub use outbox_positions::OutboxPositions;
pub use passkeys::{Passkeys, StoredPasskey};
pub use payments::Payments;
pub use personal_data::{
    NOT_EXPORTED, PersonalFile, PersonalPage, PersonalPosition, PersonalTable, personal_files,
    personal_tables,
};
pub use products::{ProductFilter, ProductSort, Products};
pub use recovery_codes::RecoveryCodes;
pub use roles::Roles;
pub use rows::{Filter, FilterKind, FilterValue, RowQuery, Rows, Sort, Table, Unique, record};
pub use sealed_columns::{
    EMAIL_CODE, IDENTITY_REFRESH_TOKEN, SEALED_COLUMNS, SESSION_SEED, STEP_UP_CODE, SealedColumn,
    SealedValue, TOTP_SECRET, WEBHOOK_SECRET,
};
pub use security_events::SecurityEvents;
pub use sessions::Sessions;
pub use signing_keys::SigningKeys;
pub use step_up_codes::StepUpCodes;
pub use stock::ReservedStock;
pub use totp_factors::{TotpFactor, TotpFactors};
pub use tries::Tries;
pub use user_access::PersonalGrant;
pub use users::{UserFilter, UserSort, Users};
pub use webhooks::{WebhookSecrets, Webhooks};
