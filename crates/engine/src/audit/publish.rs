//! Sends the head of the chain to a receiver outside of this machine, so that an attacker who controls the database
//! and the data folder cannot restore both undetected.

use super::head_receiver::{HeadReceiver, SignedHead};
use super::{anchor, chain};
use crate::node::Node;
use mainstay_domain::Result;
use mainstay_domain::id::uuid_v7;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::database::ReadMode;
use mainstay_repositories::Audit;
use std::sync::Arc;
use std::time::Duration;

/// Sends heads of the chain to a receiver.
pub struct HeadPublisher {
    node: Node,
    sealer: Arc<Sealer>,
    receiver: Option<Arc<dyn HeadReceiver>>,
    /// How often the head is to be sent.
    every: Duration,
}

impl HeadPublisher {
    /// A publisher to the configured receiver, if there is one.
    pub fn new(
        node: Node,
        sealer: Arc<Sealer>,
        receiver: Option<Arc<dyn HeadReceiver>>,
        every: Duration,
    ) -> Self {
        Self {
            node,
            sealer,
            receiver,
            every,
        }
    }

    /// Whether there is a receiver.
    pub fn is_configured(&self) -> bool {
        self.receiver.is_some()
    }

    /// How often the head is to be sent (`AUDIT_WITNESS_EVERY`).
    pub fn interval(&self) -> Duration {
        self.every
    }

    /// Sends the head to the configured receiver (`AUDIT_WITNESS_URL`). False when there is no receiver or no entry
    /// yet, or when Mainstay did not seal the head in the database.
    ///
    /// # Errors
    /// The database is unavailable, or the receiver did not accept the head.
    pub async fn publish(&self) -> Result<bool> {
        let Some(receiver) = &self.receiver else {
            return Ok(false);
        };
        let end = self.node.read(ReadMode::InPlace, |tx| {
            Box::pin(async move { Audit::new(tx).end().await })
        });
        let sealer = &self.sealer;
        let genuine = end
            .await?
            .filter(|end| chain::is_state_sealed(sealer, &end.head, &end.writers, &end.seal));
        let Some(end) = genuine else {
            return Ok(false);
        };
        let at = self.node.now();
        let head = SignedHead {
            id: format!("msg_{}", uuid_v7(at, &*self.node.random).simple()),
            at,
            seq: end.head.seq,
            hash: anchor::hex(&end.head.hash),
            seal: anchor::hex(&chain::seal(sealer, &end.head)),
        };
        let sent = receiver.receive(&head).await;
        if sent.is_err() {
            self.node.metrics.audit_head_not_sent();
        }
        sent.map(|()| true)
    }
}
