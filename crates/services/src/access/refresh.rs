//! Hears of changes that other processes made, by looking at the database.
//!
//! Every node does so twice a second. It looks a little further back than its last look, because a
//! transaction that began earlier may commit later; hearing twice does no harm.

use crate::access::directory::AccessChange;
use crate::context::Context;
use crate::services::Services;
use crate::work::Repositories;
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::ReadMode;
use std::time::Duration;

/// How far a look reaches back behind the last one: longer than any transaction and any two clocks' difference.
const OVERLAP: Duration = Duration::from_secs(60);

impl Services {
    /// Reads all news that a living token could contradict; at the start, and whenever the database was away.
    ///
    /// # Errors
    /// The database is away.
    pub async fn load_access(&self) -> Result<Timestamp> {
        let ttl = self.policies().access_ttl;
        self.hear_access_since(self.now().before(ttl).before(OVERLAP))
            .await
    }

    /// Reads the news since the instant that the last look returned.
    ///
    /// # Errors
    /// The database is away.
    pub async fn hear_access(&self, last: Timestamp) -> Result<Timestamp> {
        self.hear_access_since(last.before(OVERLAP)).await
    }

    async fn hear_access_since(&self, since: Timestamp) -> Result<Timestamp> {
        let looked_at = self.now();
        let cx = Context::system(SystemCaller::WORKER);
        let (roles, users, sessions) = self
            .look(&cx, ReadMode::Thread, move |view| {
                Box::pin(async move {
                    let roles = view.roles().all().await?;
                    let users = view.scope();
                    let users = view.users().access_facts_since(&users, since).await?;
                    let sessions = view.scope();
                    let sessions = view.sessions().ended_since(&sessions, since).await?;
                    Ok((roles, users, sessions))
                })
            })
            .await?;
        let roles = roles
            .into_iter()
            .map(|role| (role.name, role.permissions))
            .collect();
        self.tell(AccessChange::Roles(roles));
        users
            .into_iter()
            .for_each(|facts| self.tell(AccessChange::User(facts)));
        sessions
            .into_iter()
            .for_each(|(id, at)| self.tell(AccessChange::SessionEnded(id, at)));
        let ttl = self.policies().access_ttl;
        self.directory()
            .forget_before(looked_at.before(ttl).before(OVERLAP * 2));
        Ok(looked_at)
    }
}
