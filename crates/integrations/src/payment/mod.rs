//! Payment gateways, which collect and refund payments.

mod ledger;
mod none;
mod test_gateway;

pub use none::NoGateway;
pub use test_gateway::TestGateway;

use mainstay_platform::config::{Gateway, Settings};
use mainstay_services::ports::PaymentGateway;
use std::sync::Arc;

/// The gateway that the settings select (`PAYMENT_GATEWAY`).
pub fn gateway(settings: &Settings) -> Arc<dyn PaymentGateway> {
    match settings.payments.gateway {
        Gateway::None => Arc::new(NoGateway),
        Gateway::Test => Arc::new(TestGateway::new(settings.data_dir.join("test-gateway.jsonl"))),
    }
}
