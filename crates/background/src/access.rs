//! Hears what other processes changed about who may do what, and which keys sign.

use crate::chore::{Chore, Turn};
use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;
use mainstay_services::Services;
use std::time::Duration;

/// How old the signing keys in memory may be.
const KEYS: Duration = Duration::from_secs(5);

/// Reads what is news. After a failure the next look reaches back to the last one that worked, so an outage, however
/// long, hides nothing.
pub(crate) struct Access {
    services: Services,
    last: Option<Timestamp>,
}

impl Access {
    pub(crate) fn new(services: Services) -> Self {
        Self { services, last: None }
    }
}

impl Chore for Access {
    const NAME: &'static str = "access";
    const REST: Duration = Duration::from_millis(500);

    async fn turn(&mut self) -> Result<Turn> {
        let looked_at = match self.last {
            Some(last) => self.services.hear_access(last).await?,
            None => self.services.load_access().await?,
        };
        self.last = Some(looked_at);
        Ok(Turn::Rest)
    }
}

/// Reads the signing keys anew. A loop of its own: a key that cannot be opened must not make anybody deaf to the news.
pub(crate) struct SigningKeys(Services);

impl SigningKeys {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }
}

impl Chore for SigningKeys {
    const NAME: &'static str = "signing keys";
    /// Often, because a change that this node made itself is read at the next turn, however young the others are.
    const REST: Duration = Duration::from_secs(1);

    async fn turn(&mut self) -> Result<Turn> {
        self.0.refresh_keys(KEYS).await?;
        Ok(Turn::Rest)
    }
}
