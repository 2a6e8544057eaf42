//! Payments: the jobs that call the gateway.
//!
//! The outcome of a charge may stay unknown: its answer is lost, or its worker dies before it is stored. So a payment
//! that is still pending is never just abandoned. Either the charge is requested again, or [`VoidPayment`] has the
//! gateway void it and report the outcome.

mod charge;
mod read;
mod refund;
mod settle;
mod void;

pub use charge::ChargePayment;
pub use refund::RefundPayment;
pub use void::VoidPayment;
