//! Hears what other processes changed about who may do what, and which keys sign; and whether the clocks agree.

use crate::chore::{Chore, Turn};
use mainstay_domain::Result;
use mainstay_services::Services;
use std::time::Duration;

/// How old the signing keys in memory may be.
const KEYS: Duration = Duration::from_secs(5);

/// Reads what changed. After a failure it reads everything again: the database that is back may be another server, which
/// had not heard of the last changes.
pub(crate) struct Access {
    services: Services,
    is_loaded: bool,
}

impl Access {
    pub(crate) fn new(services: Services) -> Self {
        Self {
            services,
            is_loaded: false,
        }
    }
}

impl Chore for Access {
    const NAME: &'static str = "access";
    const REST: Duration = Duration::from_millis(500);

    async fn turn(&mut self) -> Result<Turn> {
        if std::mem::take(&mut self.is_loaded) {
            self.services.hear_access().await?;
        } else {
            self.services.load_access().await?;
        }
        self.is_loaded = true;
        Ok(Turn::Rest)
    }
}

/// Compares this node's clock with the database's.
pub(crate) struct ClockSkew(Services);

impl ClockSkew {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }
}

impl Chore for ClockSkew {
    const NAME: &'static str = "clock";
    const REST: Duration = Duration::from_mins(1);

    async fn turn(&mut self) -> Result<Turn> {
        self.0.measure_clock().await?;
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
