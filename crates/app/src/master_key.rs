//! The master key of a process, checked against the key that sealed the secrets in the database.
//!
//! The first start makes a random root secret, seals it and stores it in the database. Every later start, and every
//! command that opens the application, has to open it: a node with another key would fail at the first secret it needs,
//! long after it started to serve. It opens under any key the [`Sealer`] holds, so a key may be replaced as long as the
//! old one is still configured (`MASTER_KEY_PREVIOUS`); `mainstay keys reseal` seals it again as the last of all secrets.

use crate::dependencies::Dependencies;
use crate::error::StartError;
use mainstay_domain::random;
use mainstay_domain::time::Timestamp;
use mainstay_platform::config::Settings;
use mainstay_platform::crypto::master_key::MasterKey;
use mainstay_platform::crypto::seal::{SealError, Sealer};
use mainstay_platform::database::{Database, DatabaseError, Isolation, ReadMode};
use mainstay_repositories::master_key_check::{self, CONTEXT, ROW};
use std::path::PathBuf;
use std::sync::Arc;

/// The path of the generated key when `MASTER_KEY` is not set.
pub(crate) fn file(settings: &Settings) -> PathBuf {
    settings.data_dir.join("master.key")
}

/// The key that is configured, or that an earlier start generated; `None` before the first start.
pub(crate) fn existing(settings: &Settings) -> Result<Option<MasterKey>, StartError> {
    if let Some(key) = &settings.master_key {
        return Ok(Some(MasterKey::from_bytes(*key.expose())));
    }
    let path = file(settings);
    // A dangling link does not count as missing: reading it fails.
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    MasterKey::load(&path).map(Some).map_err(StartError::MasterKey)
}

/// A sealer under the configured key, or under one generated now if the database has no secrets yet. The first process
/// to store its check value decides which key the database uses.
pub(crate) async fn open(
    database: &Database,
    settings: &Settings,
    dependencies: &Dependencies,
    existing: Option<MasterKey>,
) -> Result<Sealer, StartError> {
    let stored = find(database).await?;
    let key = match (existing, &stored) {
        (Some(key), _) => key,
        // Another process may have created both since the check.
        (None, Some(_)) => self::existing(settings)?.ok_or_else(|| missing(settings))?,
        (None, None) => {
            let made = MasterKey::load_or_create(&file(settings), &*dependencies.random);
            made.map_err(StartError::MasterKey)?
        }
    };
    let sealer = Sealer::new(key, previous(settings));
    let stored = match stored {
        Some(stored) => stored,
        None => {
            let random = &*dependencies.random;
            let root = random::bytes::<32>(random);
            let sealed = sealer.seal(CONTEXT, ROW, &root, random);
            insert(database, sealed, dependencies.clock.now()).await?
        }
    };
    with_root(sealer, &stored, settings)
}

/// The keys that are only accepted for opening.
fn previous(settings: &Settings) -> Vec<MasterKey> {
    let key = settings.master_key_previous.as_ref();
    key.map(|key| MasterKey::from_bytes(*key.expose()))
        .into_iter()
        .collect()
}

/// The same without creating or writing anything. Where nothing was ever sealed and no key is configured, the sealer
/// opens nothing.
pub(crate) async fn read(
    database: &Database,
    settings: &Settings,
    dependencies: &Dependencies,
) -> Result<Sealer, StartError> {
    let key = match (existing(settings)?, find(database).await?) {
        (Some(key), Some(stored)) => {
            return with_root(Sealer::new(key, previous(settings)), &stored, settings);
        }
        (Some(key), None) => key,
        (None, Some(_)) => return Err(missing(settings)),
        (None, None) => MasterKey::generate(&*dependencies.random),
    };
    Ok(Sealer::new(key, Vec::new()))
}

/// The sealer with the root secret, which it has to open.
fn with_root(sealer: Sealer, stored: &[u8], settings: &Settings) -> Result<Sealer, StartError> {
    let error = match sealer.open(CONTEXT, ROW, stored) {
        Ok(root) => match <[u8; 32]>::try_from(root.as_slice()) {
            Ok(root) => return Ok(sealer.with_root(root)),
            Err(_) => SealError::Tampered,
        },
        Err(error) => error,
    };
    let configured = match settings.master_key {
        Some(_) => "MASTER_KEY".to_owned(),
        None => file(settings).display().to_string(),
    };
    let why = match error {
        SealError::UnknownKey(id) => format!("theirs is {:08x}", u32::from_be_bytes(id)),
        SealError::Tampered => "or the value they are checked by was changed".to_owned(),
    };
    Err(StartError::Setting(format!(
        "{configured} holds another master key than the one that the secrets in this database are sealed under ({why}): \
         use that key, or another database"
    )))
}

fn missing(settings: &Settings) -> StartError {
    StartError::Setting(format!(
        "the secrets in this database are sealed under a master key that is not here: set MASTER_KEY, or put {} back",
        file(settings).display()
    ))
}

async fn find(database: &Database) -> Result<Option<Vec<u8>>, StartError> {
    let found =
        database.read::<_, DatabaseError, _>(ReadMode::Thread, |tx| Box::pin(master_key_check::find(tx)));
    found.await.map_err(StartError::Database)
}

/// Stores a check value unless there is one; returns the stored one.
async fn insert(database: &Database, sealed: Vec<u8>, at: Timestamp) -> Result<Vec<u8>, StartError> {
    let sealed = Arc::new(sealed);
    let inserted = database.write::<_, DatabaseError, _>(Isolation::ReadCommitted, move |tx| {
        let sealed = Arc::clone(&sealed);
        Box::pin(async move { master_key_check::insert(tx, &sealed, at).await })
    });
    inserted.await.map_err(StartError::Database)
}
