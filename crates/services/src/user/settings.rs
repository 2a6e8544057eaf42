//! The settings of accounts.

use std::time::Duration;

/// The rules about accounts that a deployment chooses; an extension of the engine.
#[derive(Debug, Clone)]
pub struct AccountSettings {
    /// How long an account can be restored whose owner requested its deletion; zero: it is deleted at once.
    pub deletion_grace: Duration,
}
