//! Creates the first signing key.

use super::store::KeyStore;
use crate::context::{CommandContext, Repositories};
use crate::pipeline::Pipeline;
use crate::request_context::RequestContext;
use crate::use_case::{Command, UseCase};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::key::SigningKey;
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

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope();
        let (keys, now) = (cx.signing_keys().all(&scope).await?, cx.now());
        if SigningKey::current(&keys, now).is_some() {
            return Ok(());
        }
        let algorithm = cx.components().policies.token_algorithm;
        let key = cx.components().keys.make_key(cx.make_id(), algorithm, now, now);
        let permit = cx.permit(SigningKey::CREATE, &key)?;
        cx.signing_keys().insert(&permit, &key).await?;
        cx.record(permit, DomainEvent::created("key.created", &key));
        cx.keys_changed();
        Ok(())
    }
}

/// Reads the signing keys; on the first start, creates the first one.
///
/// # Errors
/// The database is unavailable, or a key cannot be opened with the master key.
pub async fn load_or_create(keys: &KeyStore, pipeline: &Pipeline) -> Result<()> {
    if !keys.are_stored() {
        return Ok(());
    }
    if !keys.read().await? {
        pipeline
            .command(&RequestContext::system(SystemCaller::SETUP), CreateSigningKey)
            .await?;
        keys.read().await?;
    }
    Ok(())
}
