//! Whether the database answers.

use mainstay_domain::Result;
use mainstay_platform::database::Tx;

statements! {
    ONE = "SELECT 1";
}

/// Asks the database for the least it can answer.
///
/// # Errors
/// `UNAVAILABLE` when it does not.
pub async fn health(tx: &mut Tx) -> Result<()> {
    tx.one::<i64>(&ONE, &[]).await?;
    Ok(())
}
