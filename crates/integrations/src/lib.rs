//! The outside world: the real ones of the ports that `mainstay_services::ports` declares.
//!
//! [`mailer`], [`gateway`] and [`head_receiver`] choose by the settings; nothing above needs to know which they chose.

pub mod mail;
pub mod payment;
pub mod witness;

pub use mail::mailer;
pub use payment::gateway;
pub use witness::head_receiver;
