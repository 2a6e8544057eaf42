//! Probes whether the database takes writes, and reads its clock.

use crate::dialect;
use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::Tx;

internal_changes! {
    PROBE: WriteProbe =
        "UPDATE write_probe SET written = written + 1, padding = $1 WHERE id = 1";
}

/// Rewrites the one row of the probe with this padding: a full disk that still takes one byte may refuse many.
///
/// # Errors
/// `UNAVAILABLE` when the storage refuses.
pub async fn write_probe(tx: &mut Tx, padding: &str) -> Result<()> {
    tx.execute(PROBE.exempt(), &[&padding]).await?;
    Ok(())
}

/// The time by the database's clock.
///
/// # Errors
/// Only the database's.
pub async fn database_clock(tx: &mut Tx) -> Result<Timestamp> {
    Ok(tx.one(&dialect::CLOCK, &[]).await?)
}
