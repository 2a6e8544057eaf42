//! Payments: the jobs that talk to the gateway.

mod charge;
mod refund;

pub use charge::ChargePayment;
pub use refund::RefundPayment;
