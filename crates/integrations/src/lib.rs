//! The outside world: the real ones of the ports that `mainstay_services::ports` declares.
//!
//! [`mail::mailer`] and [`payment::gateway`] choose by the settings; nothing above needs to know which they chose.

pub mod mail;
pub mod payment;
