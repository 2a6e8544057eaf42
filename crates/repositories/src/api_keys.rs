//! The repository of API keys. The digests of their secrets are stored here and returned by nothing.

use crate::access_changes::NEXT;
use crate::read::Read;
use crate::record;
use crate::record::{JsonColumn, TextColumn};
use crate::row_filter::all;
use crate::rows::{Filter, Rows, Table};
use mainstay_domain::access::{BulkPermit, Permit, Scope};
use mainstay_domain::api_key::{ApiKey, ApiKeyId};
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{AsText, BulkChange, Change, Json, Param};

record! {
    ApiKey as columns {
        id, user_id, name,
        status: TextColumn,
        scopes: JsonColumn,
        networks: JsonColumn,
        created_at, expires_at, last_used_at, revoked_at,
    }
}

impl Table for ApiKey {
    const TABLE: &'static str = "api_keys";
    const OWNER: Option<&'static str> = Some("user_id");
    const FILTERS: &'static [Filter] = &[Filter::text("status")];
}

statements! {
    FIND_BY_DIGEST = concat!("SELECT ", columns!(), " FROM api_keys WHERE digest = $1");
    REVOKED_SINCE = "SELECT id FROM api_keys WHERE revoke_change > $1 ORDER BY revoke_change, id";
}

changes! {
    INSERT: Change<ApiKey>, "api_keys", [ApiKey::CREATE] =
        "INSERT INTO api_keys (id, user_id, name, status, digest, scopes, networks, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    REVOKE: Change<ApiKey>, "api_keys", [ApiKey::REVOKE] =
        "UPDATE api_keys SET status = 'revoked', revoked_at = $2, \
         revoke_change = (SELECT value FROM counters WHERE name = 'access_changes') WHERE id = $1 AND status = 'active'";
    REVOKE_ALL: Change<User>, "api_keys", [User::REVOKE_API_KEYS] =
        "UPDATE api_keys SET status = 'revoked', revoked_at = $2, \
         revoke_change = (SELECT value FROM counters WHERE name = 'access_changes') \
         WHERE user_id = $1 AND status = 'active' RETURNING id";
    USED: Change<ApiKey>, "api_keys", [ApiKey::USE] =
        "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    PRUNE: BulkChange<ApiKey>, "api_keys", [ApiKey::PRUNE] =
        "DELETE FROM api_keys WHERE expires_at < $1 OR revoked_at < $1";
}

repository! {
    /// The table of API keys.
    ApiKeys
}

impl ApiKeys<'_> {
    /// Finds a key by its id, revoked or not.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for a key outside of the scope.
    pub async fn find(&mut self, scope: &Scope<ApiKey>, id: ApiKeyId) -> Result<ApiKey> {
        Rows::new(self.0).find(scope, id).await
    }

    /// Finds a key by the digest of its secret, revoked or not; `None` when there is none, or the scope does not
    /// include every key: a client that presents one is not known yet.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find_by_digest(&mut self, scope: &Scope<ApiKey>, digest: &[u8]) -> Result<Option<ApiKey>> {
        if !all(scope) {
            return Ok(None);
        }
        let row: Option<Read<_>> = self.0.optional(&FIND_BY_DIGEST, &[&digest]).await?;
        Ok(row.map(|Read(key)| key))
    }

    /// Inserts a new key with the digest of its secret.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(&mut self, permit: &Permit<ApiKey>, key: &ApiKey, digest: &[u8]) -> Result<()> {
        let insert = INSERT.authorize(permit, key)?;
        let json = |list: &[String]| serde_json::to_string(list).map(Json).map_err(Error::internal);
        let (scopes, networks) = (json(&key.scopes)?, json(&key.networks)?);
        let values: [&dyn Param; 9] = [
            &key.id,
            &key.user_id,
            &key.name,
            &AsText(key.status),
            &digest,
            &scopes,
            &networks,
            &key.created_at,
            &key.expires_at,
        ];
        self.0.execute(insert, &values).await?;
        Ok(())
    }

    /// Revokes a key; false when it was revoked before.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn revoke(&mut self, permit: &Permit<ApiKey>, key: &ApiKey, now: Timestamp) -> Result<bool> {
        let revoke = REVOKE.authorize(permit, key)?;
        let counts = self
            .0
            .batch(&[(NEXT.exempt(), &[]), (revoke, &[&key.id, &now])])
            .await?;
        Ok(counts.get(1).is_some_and(|revoked| *revoked > 0))
    }

    /// Revokes all keys of an account; returns those that were active.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn revoke_all(
        &mut self,
        permit: &Permit<User>,
        owner: &User,
        now: Timestamp,
    ) -> Result<Vec<ApiKeyId>> {
        let revoke_all = REVOKE_ALL.authorize(permit, owner)?;
        self.0.execute(NEXT.exempt(), &[]).await?;
        Ok(self
            .0
            .execute_returning_all(revoke_all, &[&owner.id, &now])
            .await?)
    }

    /// The keys whose revocation has a greater number than the one given, in the order of the numbers.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn revoked_since(&mut self, scope: &Scope<ApiKey>, since: i64) -> Result<Vec<ApiKeyId>> {
        if !all(scope) {
            return Ok(Vec::new());
        }
        Ok(self.0.all(&REVOKED_SINCE, &[&since]).await?)
    }

    /// Records when a key was last used. A later use stays.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn used(&mut self, permit: &Permit<ApiKey>, id: ApiKeyId, at: Timestamp) -> Result<()> {
        let used = USED.authorize_id(permit, id)?;
        self.0.execute(used, &[&id, &at]).await?;
        Ok(())
    }

    /// Removes keys that expired or were revoked before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, permit: &BulkPermit<ApiKey>, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.authorize(permit)?, &[&before]).await?)
    }
}
