//! Adapters to external systems: the implementations of the ports that `mainstay_engine` and `mainstay_services::ports` declare.
//!
//! [`mailer`], [`gateway`], [`identity_providers`], [`webhook_sender`] and [`head_receiver`] choose an adapter by the settings; callers see only the port.

mod addresses;
pub mod identity;
pub mod mail;
pub mod payment;
mod tls;
pub mod webhook;
pub mod witness;

pub use identity::identity_providers;
pub use mail::mailer;
pub use payment::gateway;
pub use webhook::webhook_sender;
pub use witness::head_receiver;
