//! The settings of orders.

use std::time::Duration;

/// The rules about orders that a deployment chooses; an extension of the engine.
#[derive(Debug, Clone)]
pub struct OrderSettings {
    /// How long stock is held for an order that is not paid.
    pub reservation_ttl: Duration,
}
