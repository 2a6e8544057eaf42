//! Loads the access changes and signing keys that other processes wrote to the database, and compares the clocks.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use std::time::Duration;

/// Maximum age of the signing keys in memory: a compromised key is refused by every node within a second.
const MAX_KEY_AGE: Duration = Duration::from_millis(400);

/// Reads the access changes (sessions, roles, permissions) since the last successful read. After a failure it reads
/// everything again: the database that is back may be another server, which does not have the last changes.
pub(crate) struct Access {
    engine: Engine,
    is_loaded: bool,
}

impl Access {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            is_loaded: false,
        }
    }
}

impl PeriodicTask for Access {
    const NAME: &'static str = "access";
    const INTERVAL: Duration = Duration::from_millis(500);

    async fn run_once(&mut self) -> Result<Progress> {
        if std::mem::take(&mut self.is_loaded) {
            self.engine.access().sync().await?;
        } else {
            self.engine.access().load().await?;
        }
        self.is_loaded = true;
        Ok(Progress::Rest)
    }
}

/// Compares this node's clock with the database's.
pub(crate) struct ClockSkew(Engine);

impl ClockSkew {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for ClockSkew {
    const NAME: &'static str = "clock";
    const INTERVAL: Duration = Duration::from_mins(1);

    async fn run_once(&mut self) -> Result<Progress> {
        self.0.clock().measure().await?;
        Ok(Progress::Rest)
    }
}

/// Reloads the signing keys. A task of its own, so that a key that cannot be decrypted does not stop the reading of
/// access changes.
pub(crate) struct SigningKeys(Engine);

impl SigningKeys {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for SigningKeys {
    const NAME: &'static str = "signing keys";
    const INTERVAL: Duration = Duration::from_millis(500);

    async fn run_once(&mut self) -> Result<Progress> {
        self.0.keys().refresh(MAX_KEY_AGE).await?;
        Ok(Progress::Rest)
    }
}
