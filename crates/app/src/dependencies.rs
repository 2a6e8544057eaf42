//! The dependencies of a process that tests replace; everything else is always real.

use crate::error::StartError;
use mainstay_domain::random::Random;
use mainstay_domain::time::Clock;
use mainstay_engine::audit::HeadReceiver;
use mainstay_engine::mail::Mailer;
use mainstay_platform::clock::{SystemClock, SystemRandom};
use mainstay_platform::config::Settings;
use mainstay_platform::crypto::password::Params;
use mainstay_platform::telemetry::access_log::AccessLog;
use mainstay_services::ports::PaymentGateway;
use std::sync::Arc;

/// The external dependencies of a process.
#[derive(Clone)]
pub struct Dependencies {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Collects and refunds payments.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Receives the head of the audit chain; `None` where no receiver is configured.
    pub head_receiver: Option<Arc<dyn HeadReceiver>>,
    /// The cost parameters of password hashing.
    pub hashing: Params,
    /// Receives one line per request.
    pub access_log: AccessLog,
}

impl Dependencies {
    /// The real dependencies, as the settings configure them.
    ///
    /// # Errors
    /// The mail settings are invalid, or the HTTP client cannot be built.
    pub fn real(settings: &Settings, access_log: AccessLog) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mailer = mainstay_integrations::mailer(settings, Arc::clone(&clock));
        let head_receiver = mainstay_integrations::head_receiver(settings);
        Ok(Self {
            head_receiver: head_receiver.map_err(|error| StartError::Setting(error.to_string()))?,
            mailer: mailer.map_err(|error| StartError::Setting(error.to_string()))?,
            gateway: mainstay_integrations::gateway(settings),
            clock,
            random: Arc::new(SystemRandom),
            hashing: Params::OWASP,
            access_log,
        })
    }
}
