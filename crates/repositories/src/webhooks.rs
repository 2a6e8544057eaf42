//! The repositories of webhook endpoints, their secrets, which are sealed, and the deliveries to them.

use crate::read::Read;
use crate::record;
use crate::record::{JsonColumn, TextColumn};
use crate::row_filter::all;
use crate::rows::{Rows, Table, Unique};
use mainstay_domain::Result;
use mainstay_domain::access::{Action, BulkPermit, Permit, Scope};
use mainstay_domain::time::Timestamp;
use mainstay_domain::webhook::{WebhookDelivery, WebhookEndpoint, WebhookEndpointId};
use mainstay_platform::database::{BulkChange, Change, DatabaseError, FromRow, Param, Row};

record! {
    WebhookEndpoint as endpoint_columns {
        id, user_id, url, description,
        kinds: JsonColumn,
        status: TextColumn,
        failing_since, created_at, updated_at,
    }
}

impl Table for WebhookEndpoint {
    const TABLE: &'static str = "webhook_endpoints";
    const INSERT: &'static [Action] = &[Self::CREATE];
    const UPDATE: &'static [Action] = &[Self::UPDATE, Self::NOTE, Self::GIVE_UP];
    const DELETE: &'static [Action] = &[Self::DELETE];
    const FIXED: &'static [&'static str] = &["user_id", "created_at"];
}

record! {
    WebhookDelivery as delivery_columns {
        id, endpoint_id, event_id, kind,
        status: TextColumn,
        attempts, next_at, response_status, response, error, duration_ms, body, created_at, finished_at,
    }
}

impl Table for WebhookDelivery {
    const TABLE: &'static str = "webhook_deliveries";
    const INSERT: &'static [Action] = &[Self::CREATE, Self::TEST];
    const UPDATE: &'static [Action] = &[Self::SEND, Self::REPLAY];
    const FIXED: &'static [&'static str] = &["endpoint_id", "event_id", "kind", "body", "created_at"];
    const FILTERS: &'static [crate::rows::Filter] = &[
        crate::rows::Filter::id("endpoint_id"),
        crate::rows::Filter::text("status"),
    ];
    const UNIQUE: &'static [Unique] = &[Unique::new(
        "endpoint_id,event_id",
        "the event is on its way to this endpoint already",
    )];
}

statements! {
    ENABLED = concat!("SELECT ", endpoint_columns!(), " FROM webhook_endpoints WHERE status = 'enabled' ORDER BY id");
    SECRETS = "SELECT secret, former, former_until FROM webhook_secrets WHERE endpoint_id = $1";
    DUE_ENDPOINTS = concat!(
        "SELECT ", endpoint_columns!(), " FROM webhook_endpoints WHERE status = 'enabled' AND id IN \
         (SELECT endpoint_id FROM webhook_deliveries WHERE next_at <= $1) ORDER BY id LIMIT $2"
    );
    DUE = concat!(
        "SELECT ", delivery_columns!(), " FROM webhook_deliveries WHERE endpoint_id = $1 AND next_at <= $2 \
         ORDER BY next_at, id LIMIT $3"
    );
    IS_DELIVERED_TO = "SELECT 1 FROM webhook_deliveries WHERE endpoint_id = $1 AND event_id = $2";
}

changes! {
    SET_SECRET: Change<WebhookEndpoint>, "webhook_secrets", [WebhookEndpoint::CREATE, WebhookEndpoint::ROTATE_SECRET] =
        "INSERT INTO webhook_secrets (endpoint_id, secret) VALUES ($1, $2) \
         ON CONFLICT (endpoint_id) DO UPDATE SET former = webhook_secrets.secret, former_until = $3, \
         secret = excluded.secret";
    CLAIM: Change<WebhookDelivery>, "webhook_deliveries", [WebhookDelivery::SEND] =
        "UPDATE webhook_deliveries SET attempts = $2, next_at = $3 WHERE id = $1 AND attempts = $4 AND next_at <= $5";
    PRUNE: BulkChange<WebhookDelivery>, "webhook_deliveries", [WebhookDelivery::PRUNE] =
        "DELETE FROM webhook_deliveries WHERE finished_at < $1";
}

/// The sealed secrets of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSecrets {
    /// The present one.
    pub secret: Vec<u8>,
    /// The former one, if there was one.
    pub former: Option<Vec<u8>>,
    /// Until when the former one signs, too.
    pub former_until: Option<Timestamp>,
}

impl FromRow for WebhookSecrets {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            secret: row.next()?,
            former: row.next()?,
            former_until: row.next()?,
        })
    }
}

repository! {
    /// The tables of webhooks.
    Webhooks
}

impl Webhooks<'_> {
    /// Every endpoint that is informed of events.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn enabled(&mut self, scope: &Scope<WebhookEndpoint>) -> Result<Vec<WebhookEndpoint>> {
        if !all(scope) {
            return Ok(Vec::new());
        }
        let rows: Vec<Read<_>> = self.0.all(&ENABLED, &[]).await?;
        Ok(rows.into_iter().map(|Read(endpoint)| endpoint).collect())
    }

    /// The secrets of an endpoint; `None` when it is gone, or the scope does not include every endpoint.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn secrets(
        &mut self,
        scope: &Scope<WebhookEndpoint>,
        endpoint: WebhookEndpointId,
    ) -> Result<Option<WebhookSecrets>> {
        if !all(scope) {
            return Ok(None);
        }
        Ok(self.0.optional(&SECRETS, &[&endpoint]).await?)
    }

    /// Stores the secret of an endpoint, sealed. An earlier one signs beside it until `former_until`.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn set_secret(
        &mut self,
        permit: &Permit<WebhookEndpoint>,
        endpoint: &WebhookEndpoint,
        sealed: &[u8],
        former_until: Timestamp,
    ) -> Result<()> {
        let set = SET_SECRET.authorize(permit, endpoint)?;
        let values: [&dyn Param; 3] = [&endpoint.id, &sealed, &former_until];
        self.0.execute(set, &values).await?;
        Ok(())
    }

    /// Endpoints with a delivery that is due, at most `limit`.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn due_endpoints(
        &mut self,
        scope: &Scope<WebhookEndpoint>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookEndpoint>> {
        if !all(scope) {
            return Ok(Vec::new());
        }
        let rows: Vec<Read<_>> = self.0.all(&DUE_ENDPOINTS, &[&now, &limit]).await?;
        Ok(rows.into_iter().map(|Read(endpoint)| endpoint).collect())
    }

    /// The deliveries to an endpoint that are due, the longest due first, at most `limit`.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn due(
        &mut self,
        scope: &Scope<WebhookDelivery>,
        endpoint: WebhookEndpointId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>> {
        if !all(scope) {
            return Ok(Vec::new());
        }
        let rows: Vec<Read<_>> = self.0.all(&DUE, &[&endpoint, &now, &limit]).await?;
        Ok(rows.into_iter().map(|Read(delivery)| delivery).collect())
    }

    /// Whether an event has a delivery to an endpoint.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn is_delivered_to(
        &mut self,
        scope: &Scope<WebhookDelivery>,
        delivery: &WebhookDelivery,
    ) -> Result<bool> {
        if !all(scope) {
            return Ok(false);
        }
        let values: [&dyn Param; 2] = [&delivery.endpoint_id, &delivery.event_id];
        let found: Option<i64> = self.0.optional(&IS_DELIVERED_TO, &values).await?;
        Ok(found.is_some())
    }

    /// Inserts a delivery.
    ///
    /// # Errors
    /// `CONFLICT` when the event has one to this endpoint.
    pub async fn insert(
        &mut self,
        permit: &Permit<WebhookDelivery>,
        delivery: &WebhookDelivery,
    ) -> Result<()> {
        Rows::new(self.0).insert(permit, delivery).await
    }

    /// Begins an attempt, for as long as the lease; false when another process has begun one.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn claim(
        &mut self,
        permit: &Permit<WebhookDelivery>,
        before: &WebhookDelivery,
        now: Timestamp,
    ) -> Result<bool> {
        let claim = CLAIM.authorize(permit, before)?;
        let claimed = before.clone().claimed(now);
        let values: [&dyn Param; 5] = [
            &claimed.id,
            &claimed.attempts,
            &claimed.next_at,
            &before.attempts,
            &now,
        ];
        Ok(self.0.execute(claim, &values).await? == 1)
    }

    /// Removes deliveries that were finished before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, permit: &BulkPermit<WebhookDelivery>, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.authorize(permit)?, &[&before]).await?)
    }
}
