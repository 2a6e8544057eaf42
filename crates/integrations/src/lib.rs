//! Adapters to external systems: the implementations of the ports that `mainstay_engine` and `mainstay_services::ports` declare.
//!
//! [`mailer`], [`gateway`] and [`head_receiver`] choose an adapter by the settings; callers see only the port.

pub mod mail;
pub mod payment;
pub mod witness;

pub use mail::mailer;
pub use payment::gateway;
pub use witness::head_receiver;
