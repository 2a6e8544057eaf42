//! Health check of the database.

use mainstay_domain::Result;
use mainstay_platform::database::Tx;

statements! {
    ONE = "SELECT 1";
}

/// Executes the cheapest possible query.
///
/// # Errors
/// `UNAVAILABLE` when the database does not respond.
pub async fn health(tx: &mut Tx) -> Result<()> {
    tx.one::<i64>(&ONE, &[]).await?;
    Ok(())
}
