//! The repository of devices that have signed in to accounts.

use crate::read::Read;
use crate::record;
use crate::row_filter::{RowFilter, owned};
use mainstay_domain::Result;
use mainstay_domain::access::{BulkPermit, Permit, Scope};
use mainstay_domain::device::Device;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{BulkChange, Change, Param};
use uuid::Uuid;

record! {
    Device as columns { id, user_id, browser, fingerprint, first_seen_at, last_seen_at }
}

statements! {
    // A browser is recognised by its cookie wherever it is.
    FIND_KNOWN = concat!(
        "SELECT ", columns!(), " FROM devices WHERE user_id = $1 AND (browser = $2 OR fingerprint = $3) \
         ORDER BY CASE WHEN browser = $2 THEN 0 ELSE 1 END, last_seen_at DESC, id LIMIT 1"
    );
    COUNT_OF = "SELECT count(*) FROM devices WHERE user_id = $1";
}

changes! {
    // Two sign-ins at once from one new device add it once.
    INSERT: Change<Device>, "devices", [Device::ADD] =
        "INSERT INTO devices (id, user_id, browser, fingerprint, first_seen_at, last_seen_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id, browser) DO NOTHING";
    SEEN: Change<Device>, "devices", [Device::SEEN] =
        "UPDATE devices SET fingerprint = $2, last_seen_at = $3 WHERE id = $1";
    PRUNE: BulkChange<Device>, "devices", [Device::PRUNE] =
        "DELETE FROM devices WHERE last_seen_at < $1";
}

repository! {
    /// The table of devices.
    Devices
}

impl Devices<'_> {
    /// The device of an account that the browser's id or, failing that, the fingerprint names.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find_known(
        &mut self,
        scope: &Scope<Device>,
        user: UserId,
        browser: Option<Uuid>,
        fingerprint: &[u8; 32],
    ) -> Result<Option<Device>> {
        if !includes(scope, user) {
            return Ok(None);
        }
        // The nil id names no browser.
        let (browser, fingerprint) = (browser.unwrap_or(Uuid::nil()), fingerprint.as_slice());
        let found: Option<Read<Device>> = self
            .0
            .optional(&FIND_KNOWN, &[&user, &browser, &fingerprint])
            .await?;
        Ok(found.map(|Read(device)| device))
    }

    /// Whether an account has signed in from any device.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn has_any(&mut self, scope: &Scope<Device>, user: UserId) -> Result<bool> {
        Ok(includes(scope, user) && self.0.one::<i64>(&COUNT_OF, &[&user]).await? > 0)
    }

    /// Adds a device, unless the account has one of this browser.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(&mut self, permit: &Permit<Device>, device: &Device) -> Result<()> {
        let values: [&dyn Param; 6] = [
            &device.id,
            &device.user_id,
            &device.browser,
            &device.fingerprint,
            &device.first_seen_at,
            &device.last_seen_at,
        ];
        self.0.execute(INSERT.authorize(permit, device)?, &values).await?;
        Ok(())
    }

    /// Stores the fingerprint that a device has now, and when it was seen.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn seen(&mut self, permit: &Permit<Device>, device: &Device) -> Result<()> {
        let seen = SEEN.authorize(permit, device)?;
        let values: [&dyn Param; 3] = [&device.id, &device.fingerprint, &device.last_seen_at];
        self.0.execute(seen, &values).await?;
        Ok(())
    }

    /// Removes devices that were last seen before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, permit: &BulkPermit<Device>, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.authorize(permit)?, &[&before]).await?)
    }
}

fn includes(scope: &Scope<Device>, user: UserId) -> bool {
    match owned(scope) {
        RowFilter::All => true,
        RowFilter::Of(owner) => owner == user,
        RowFilter::None => false,
    }
}
