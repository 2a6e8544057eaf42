//! Changes the key that signs, and signs nobody out.

use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Action};
use mainstay_domain::event::Story;
use mainstay_platform::database::Isolation;
use std::time::Duration;

/// Makes a new key that signs from now on. The one before is believed until the last token it signed has
/// ended, a node that has not heard of the change yet included.
#[derive(Debug, Clone)]
pub struct RotateKeys;

/// How long a node may go on signing with the old key before it hears of the new one.
const HEARSAY: Duration = Duration::from_mins(5);

impl UseCase for RotateKeys {
    const NAME: &'static str = "key.rotate";
    const ACCESS: Access = Access::system();
    /// The names of the new key and of those that retire.
    type Output = (String, Vec<String>);
}

impl Command for RotateKeys {
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, work: &mut Work<'_>) -> Result<(String, Vec<String>)> {
        let until = work
            .now()
            .after(work.services().policies().access_ttl)
            .after(HEARSAY);
        let scope = work.scope();
        let mut retired = Vec::new();
        for key in work.signing_keys().all(&scope).await? {
            if key.retires_at.is_none() {
                let permit = work.permit(Action::ROTATE, &key)?;
                work.signing_keys().retire(&permit, &key, until).await?;
                retired.push(key.kid);
            }
        }
        let key = work.services().make_key(work.make_id(), work.now());
        let permit = work.permit(Action::CREATE, &key)?;
        work.signing_keys().insert(&permit, &key).await?;
        work.record(permit, Story::created("key.rotated", &key));
        work.keys_changed();
        Ok((key.kid, retired))
    }
}
