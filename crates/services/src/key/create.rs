//! Creates the first signing key.

use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Action};
use mainstay_domain::event::Story;
use mainstay_platform::database::Isolation;

/// Creates a signing key, unless one that signs exists.
#[derive(Debug, Clone)]
pub struct CreateSigningKey;

impl UseCase for CreateSigningKey {
    const NAME: &'static str = "key.create";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Command for CreateSigningKey {
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let scope = work.scope();
        let keys = work.signing_keys().all(&scope).await?;
        if keys.iter().any(|key| key.retires_at.is_none()) {
            return Ok(());
        }
        let key = work.services().make_key(work.make_id(), work.now());
        let permit = work.permit(Action::CREATE, &key)?;
        work.signing_keys().insert(&permit, &key).await?;
        work.record(permit, Story::created("key.created", &key));
        work.keys_changed();
        Ok(())
    }
}
