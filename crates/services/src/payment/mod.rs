//! Payments: the jobs that talk to the gateway.
//!
//! What a charge came to may stay unknown: its answer is lost, or its worker dies before it is written down. So a payment
//! that is still pending is never just put aside. Either the charge is asked for again, or [`VoidPayment`] has the gateway
//! call it off and tell what became of it.

mod charge;
mod refund;
mod settle;
mod void;

pub use charge::ChargePayment;
pub use refund::RefundPayment;
pub use void::VoidPayment;
