//! Who may do what. Pure, and the only maker of scopes and permits.
//!
//! - [`Access`] is declared by every use case: who may knock at all.
//! - [`Policy`] is declared by every noun: who sees it, who does what to it. All of ours are on one
//!   page, [`policy`].
//! - [`Scope`] is what a caller may see of a noun; every finder asks for one.
//! - [`Permit`] says that a caller may do one thing to one row; every writer asks for one.
//!
//! Nothing else makes the last two, so a read without a scope and a write without a permit do not compile:
//!
//! ```compile_fail,E0451
//! use mainstay_domain::{access::Scope, order::Order};
//! let everything: Scope<Order> = Scope { reach: mainstay_domain::access::Reach::Everything, noun: std::marker::PhantomData };
//! ```
//!
//! ```compile_fail,E0451
//! use mainstay_domain::{access::Permit, order::Order};
//! let forged: Permit<Order> = Permit { id: uuid::Uuid::nil(), action: mainstay_domain::access::Action::CANCEL, noun: std::marker::PhantomData };
//! ```

mod caller;
mod knock;
mod permission;
mod permit;
pub mod policy;
mod role;
mod scope;
#[cfg(test)]
mod tests;

pub use caller::{Caller, Principal, SystemCaller};
pub use knock::{Access, Rate};
pub use permission::{Grant, Permission, PermissionSet};
pub use permit::{Action, Permit, permit, permit_new};
pub use policy::{Guarded, Policy, Rule, See};
pub use role::RoleName;
pub use scope::{Reach, Scope, scope, scope_to};
