//! Sends the head of the chain to a receiver outside of this machine, so that an attacker who controls the database
//! and the data folder cannot restore both undetected.

use super::{anchor, chain};
use crate::context::Repositories;
use crate::ports::SignedHead;
use crate::request_context::RequestContext;
use crate::services::Services;
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::id::uuid_v7;
use mainstay_platform::database::ReadMode;

impl Services {
    /// Sends the head to the configured receiver (`AUDIT_WITNESS_URL`). False when there is no receiver or no entry
    /// yet, or when Mainstay did not seal the head in the database.
    ///
    /// # Errors
    /// The database is unavailable, or the receiver did not accept the head.
    pub async fn publish_audit_head(&self) -> Result<bool> {
        let Some(receiver) = &self.parts().head_receiver else {
            return Ok(false);
        };
        let cx = RequestContext::system(SystemCaller::SEALER);
        let end = self.read(&cx, ReadMode::InPlace, |cx| {
            Box::pin(async move { cx.audit().end().await })
        });
        let sealer = &self.parts().sealer;
        let genuine = end
            .await?
            .filter(|end| chain::is_state_sealed(sealer, &end.head, &end.writers, &end.seal));
        let Some(end) = genuine else {
            return Ok(false);
        };
        let at = self.now();
        let head = SignedHead {
            id: format!("msg_{}", uuid_v7(at, &*self.parts().random).simple()),
            at,
            seq: end.head.seq,
            hash: anchor::hex(&end.head.hash),
            seal: anchor::hex(&chain::seal(sealer, &end.head)),
        };
        let sent = receiver.receive(&head).await;
        if sent.is_err() {
            self.parts().metrics.audit_head_not_sent();
        }
        sent.map(|()| true)
    }
}
