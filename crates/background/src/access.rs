//! Loads the access changes and signing keys that other processes wrote to the database.

use crate::chore::{Chore, Turn};
use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;
use mainstay_services::Services;
use std::time::Duration;

/// Maximum age of the signing keys in memory.
const MAX_KEY_AGE: Duration = Duration::from_secs(5);

/// Reads the access changes (sessions, roles, permissions) since the last successful read. After a failure the next
/// read starts there again, so no change is missed, however long the database was unavailable.
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
        let read_at = match self.last {
            Some(last) => self.services.hear_access(last).await?,
            None => self.services.load_access().await?,
        };
        self.last = Some(read_at);
        Ok(Turn::Rest)
    }
}

/// Reloads the signing keys. A task of its own, so that a key that cannot be decrypted does not stop the reading of
/// access changes.
pub(crate) struct SigningKeys(Services);

impl SigningKeys {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }
}

impl Chore for SigningKeys {
    const NAME: &'static str = "signing keys";
    /// Short, because a key change made by this node is loaded at the next run, regardless of the age of the other
    /// keys.
    const REST: Duration = Duration::from_secs(1);

    async fn turn(&mut self) -> Result<Turn> {
        self.0.refresh_keys(MAX_KEY_AGE).await?;
        Ok(Turn::Rest)
    }
}
