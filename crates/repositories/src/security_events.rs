//! Security events: attempts of one kind, counted per minute, so that a flood of them is one row.

use crate::read::{BoundValue, bound, params};
use crate::record;
use crate::rows::{RowQuery, Rows, Sort, Table};
use mainstay_domain::Result;
use mainstay_domain::access::Scope;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::security::SecurityEvent;
use mainstay_domain::time::Timestamp;
use mainstay_platform::crypto::sha256;
use mainstay_platform::database::{Authorized, Param};

record! {
    SecurityEvent {
        id, kind, user_id, ip, user_agent, operation, resource, resource_id, count, first_at, last_at,
    }
}

impl Table for SecurityEvent {
    const TABLE: &'static str = "security_events";
    const SORTS: &'static [Sort] = &[Sort::newest("last_at")];
}

internal_changes! {
    RECORD: SecurityEvents =
        "INSERT INTO security_events (id, digest, period, kind, user_id, ip, user_agent, operation, resource, \
         resource_id, count, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (digest, period) DO UPDATE SET count = security_events.count + excluded.count, \
         last_at = excluded.last_at, user_agent = excluded.user_agent";
    PRUNE: SecurityEvents =
        "DELETE FROM security_events WHERE last_at < $1";
}

/// The period in which equal attempts share one row, in seconds.
const PERIOD: i64 = 60;

repository! {
    /// The table of security events.
    SecurityEvents
}

impl SecurityEvents<'_> {
    /// Stores events. An event that differs from a stored one only in its id, count, times and user agent is added to
    /// its count if both started in the same minute. The last user agent is stored.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn record(&mut self, events: &[SecurityEvent]) -> Result<()> {
        let keys: Vec<([u8; 32], i64)> = events
            .iter()
            .map(|event| (digest(event), event.first_at.seconds().div_euclid(PERIOD)))
            .collect();
        let rows: Vec<[BoundValue<'_>; 13]> = events
            .iter()
            .zip(&keys)
            .map(|(event, key)| row(event, key))
            .collect();
        let values: Vec<Vec<&dyn Param>> = rows.iter().map(|row| params(row)).collect();
        let batch: Vec<(Authorized<'_>, &[&dyn Param])> = values
            .iter()
            .map(|values| (RECORD.exempt(), values.as_slice()))
            .collect();
        self.0.batch(&batch).await?;
        Ok(())
    }

    /// A page of the events within the scope, the most recent first.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list.
    pub async fn list(
        &mut self,
        scope: &Scope<SecurityEvent>,
        page: &PageRequest,
    ) -> Result<Page<SecurityEvent>> {
        Rows::new(self.0).list(scope, &RowQuery::new(), page).await
    }

    /// Removes events whose last attempt was before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.exempt(), &[&before]).await?)
    }
}

fn row<'e>(event: &'e SecurityEvent, (digest, period): &'e ([u8; 32], i64)) -> [BoundValue<'e>; 13] {
    [
        bound(&event.id),
        bound(digest),
        bound(period),
        bound(&event.kind),
        bound(&event.user_id),
        bound(&event.ip),
        bound(&event.user_agent),
        bound(&event.operation),
        bound(&event.resource),
        bound(&event.resource_id),
        bound(&event.count),
        bound(&event.first_at),
        bound(&event.last_at),
    ]
}

/// The digest of the fields that make two events equal: every field but the user agent, which an attacker can change
/// with every request; each prefixed with its length.
fn digest(event: &SecurityEvent) -> [u8; 32] {
    let user = event.user_id.map(|id| id.to_string());
    let fields = [
        Some(event.kind.as_str()),
        user.as_deref(),
        event.ip.as_deref(),
        Some(event.operation.as_str()),
        event.resource.as_deref(),
        event.resource_id.as_deref(),
    ];
    let mut bytes = Vec::with_capacity(256);
    for field in fields {
        let length = field.map_or(u64::MAX, |field| field.len() as u64);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field.unwrap_or_default().as_bytes());
    }
    sha256(&bytes)
}
