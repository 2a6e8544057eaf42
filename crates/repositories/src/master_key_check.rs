//! The root secret: random, sealed under the master key by the first start, and opened by every later one. All keys that
//! are not sealed values' own are derived from it, so they outlive the master key; and a program that cannot open it has
//! another master key.

use mainstay_domain::access::BulkPermit;
use mainstay_domain::master_key::MasterKey;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{BulkChange, DatabaseError, Tx};

statements! {
    FIND = "SELECT sealed FROM master_key_check WHERE id = 1";
}

internal_changes! {
    INSERT: MasterKeyCheck =
        "INSERT INTO master_key_check (id, sealed, created_at) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING";
}

changes! {
    RESEAL: BulkChange<MasterKey>, "master_key_check", [MasterKey::RESEAL] =
        "UPDATE master_key_check SET sealed = $2 WHERE id = 1 AND sealed = $1";
}

/// What the sealed value is bound to.
pub const CONTEXT: &str = "master-key-check";
/// The row that it is bound to.
pub const ROW: &[u8] = b"1";

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

/// Replaces the value by the same one under another master key; false when it was replaced meanwhile.
///
/// # Errors
/// Only the database's; a permit for another action.
pub async fn replace(
    tx: &mut Tx,
    permit: &BulkPermit<MasterKey>,
    old: &[u8],
    new: &[u8],
) -> mainstay_domain::Result<bool> {
    Ok(tx.execute(RESEAL.authorize(permit)?, &[&old, &new]).await? == 1)
}
