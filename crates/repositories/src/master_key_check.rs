//! A value sealed under the master key by the first start, which every later start has to open.

use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{DatabaseError, Tx};

statements! {
    FIND = "SELECT sealed FROM master_key_check WHERE id = 1";
}

internal_changes! {
    INSERT: MasterKeyCheck =
        "INSERT INTO master_key_check (id, sealed, created_at) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING";
}

/// The sealed value; `None` before the first start.
///
/// # Errors
/// Only the database's.
pub async fn find(tx: &mut Tx) -> Result<Option<Vec<u8>>, DatabaseError> {
    tx.optional(&FIND, &[]).await
}

/// Stores a sealed value unless there is one, and returns the stored one: of processes that start at once, all get
/// the same.
///
/// # Errors
/// Only the database's.
pub async fn insert(tx: &mut Tx, sealed: &[u8], at: Timestamp) -> Result<Vec<u8>, DatabaseError> {
    tx.execute(INSERT.exempt(), &[&sealed, &at]).await?;
    tx.one(&FIND, &[]).await
}
