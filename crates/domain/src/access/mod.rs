//! Access control. Pure, and the only module that can construct scopes and permits.
//!
//! - [`Access`] is declared by every use case: which callers may call it at all.
//! - [`Policy`] is declared by every resource: which callers may see it, and which actions they may perform on it.
//!   Each resource declares its own beside its type; [`Resources`] is the list of all of them.
//! - [`Scope`] is the set of rows of a resource that a caller may see; every finder requires one.
//! - [`Permit`] authorises a caller to perform one action on one row; every statement that changes rows of a resource
//!   requires one, and checks both. [`BulkPermit`] is for the few that change rows by their age.
//!
//! [`explain()`] answers why an account may, or may not, do something, by the functions that decide it.
//!
//! Nothing else constructs them, so a read without a scope and a write without a permit do not compile:
//!
//! ```compile_fail,E0451
//! use mainstay_domain::{access::Scope, order::Order};
//! let everything: Scope<Order> = Scope { filter: mainstay_domain::access::ScopeFilter::Everything, resource: std::marker::PhantomData };
//! ```
//!
//! ```compile_fail,E0451
//! use mainstay_domain::{access::Permit, order::Order};
//! let forged: Permit<Order> = Permit { id: uuid::Uuid::nil(), action: Order::CANCEL, resource: std::marker::PhantomData };
//! ```

mod caller;
mod explain;
mod permission;
mod permit;
mod policy;
mod requirement;
mod resources;
mod role;
mod scope;
#[cfg(test)]
mod tests;

pub use caller::{Caller, Credential, Principal, SystemCaller};
pub use explain::{Explanation, Holder, Target, explain};
pub use permission::{Grant, Permission, PermissionSet};
pub use permit::{Action, BulkPermit, Permit, permit, permit_all, permit_new};
pub use policy::{Policy, Resource, Rule, Visibility};
pub use requirement::{Access, Rate};
pub use resources::{PolicyError, Resources};
pub use role::RoleName;
pub use scope::{Scope, ScopeFilter, scope, scope_to};
