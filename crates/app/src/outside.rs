//! What a process takes from the outside. Tests put their own in its place; everything else is always real.

use crate::fault::StartFault;
use mainstay_domain::random::Random;
use mainstay_domain::time::Clock;
use mainstay_platform::clock::{SystemClock, SystemRandom};
use mainstay_platform::config::Settings;
use mainstay_platform::crypto::password::Params;
use mainstay_platform::telemetry::access_log::AccessLog;
use mainstay_services::ports::{HeadReceiver, Mailer, PaymentGateway};
use std::sync::Arc;

/// What a process takes from the outside.
#[derive(Clone)]
pub struct Outside {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives randomness.
    pub random: Arc<dyn Random>,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Collects money.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Takes the head of the audit chain, where one is configured.
    pub head_receiver: Option<Arc<dyn HeadReceiver>>,
    /// How hard passwords are hashed.
    pub hashing: Params,
    /// Takes a line for each request.
    pub access_log: AccessLog,
}

impl Outside {
    /// The real one, as the settings say.
    ///
    /// # Errors
    /// The mail settings cannot be used, or there is no HTTP client.
    pub fn real(settings: &Settings, access_log: AccessLog) -> Result<Self, StartFault> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mailer = mainstay_integrations::mailer(settings, Arc::clone(&clock));
        let head_receiver = mainstay_integrations::head_receiver(settings);
        Ok(Self {
            head_receiver: head_receiver.map_err(|error| StartFault::Setting(error.to_string()))?,
            mailer: mailer.map_err(|error| StartFault::Setting(error.to_string()))?,
            gateway: mainstay_integrations::gateway(settings),
            clock,
            random: Arc::new(SystemRandom),
            hashing: Params::OWASP,
            access_log,
        })
    }
}
