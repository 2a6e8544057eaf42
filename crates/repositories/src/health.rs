//! Whether the database takes writes, and what time it has.

use crate::dialect;
use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::Tx;

statements! {
    PROBE = "UPDATE write_probe SET written = written + 1, padding = $1 WHERE id = 1";
}

/// Writes the one row of the probe anew, with so many bytes in it: what a full disk takes of one byte it may refuse of
/// many.
///
/// # Errors
/// `UNAVAILABLE` when the storage refuses.
pub async fn write_probe(tx: &mut Tx, padding: &str) -> Result<()> {
    tx.execute(&PROBE, &[&padding]).await?;
    Ok(())
}

/// The time by the database's clock.
///
/// # Errors
/// Only the database's.
pub async fn database_clock(tx: &mut Tx) -> Result<Timestamp> {
    Ok(tx.one(&dialect::CLOCK, &[]).await?)
}
