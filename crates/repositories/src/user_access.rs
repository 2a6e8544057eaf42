//! Permissions granted to single accounts, and the data that decides an account's access.

use crate::access_changes::NEXT;
use crate::outcome::rows;
use crate::read::{Read, word};
use crate::row_filter::{RowFilter, owned};
use crate::sized_statements::SizedStatements;
use crate::users::Users;
use mainstay_domain::Result;
use mainstay_domain::access::{Grant, Permit, Scope};
use mainstay_domain::email::Email;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::{AccessFacts, User};
use mainstay_platform::database::{Change, DatabaseError, FromRow, Param, Row, Select};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

statements! {
    FACTS = "SELECT id, email, role, status, mfa_enabled, deletion_at, access_change FROM users WHERE id = $1";
    FACTS_SINCE = "SELECT id, email, role, status, mfa_enabled, deletion_at, access_change FROM users \
                   WHERE access_change > $1 ORDER BY id";
    GRANTS_SINCE = "SELECT g.user_id, g.permission, g.expires_at FROM user_permissions g \
                    JOIN users u ON u.id = g.user_id WHERE u.access_change > $1 ORDER BY g.user_id";
    GRANTS = "SELECT permission, expires_at, granted_by, created_at FROM user_permissions \
              WHERE user_id = $1 ORDER BY permission";
}

changes! {
    GRANT: Change<User>, "user_permissions", [User::GRANT] =
        "INSERT INTO user_permissions (user_id, permission, expires_at, granted_by, created_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, permission) DO UPDATE SET \
         expires_at = excluded.expires_at, granted_by = excluded.granted_by, created_at = excluded.created_at";
    REVOKE: Change<User>, "user_permissions", [User::REVOKE] =
        "DELETE FROM user_permissions WHERE user_id = $1 AND permission = $2";
    TOUCH: Change<User>, "users", [User::GRANT, User::REVOKE] =
        "UPDATE users SET access_changed_at = $2, \
         access_change = (SELECT value FROM counters WHERE name = 'access_changes') WHERE id = $1";
}

pub(crate) static GRANTS_OF: SizedStatements<Select> = SizedStatements::new(
    concat!(module_path!(), "::GRANTS_OF"),
    &[1, 5, 20, 100],
    |users| {
        let places: Vec<String> = (1..=users).map(|info| format!("${info}")).collect();
        format!(
            "SELECT user_id, permission, expires_at FROM user_permissions WHERE user_id IN ({}) \
             ORDER BY user_id, permission",
            places.join(", ")
        )
    },
    Select::new,
);

/// A permission granted to one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonalGrant {
    /// The permission, in the form `verb:resource`.
    pub permission: String,
    /// When the grant ends; `None` if it does not.
    pub expires_at: Option<Timestamp>,
    /// The user that granted it; `None` for Mainstay itself.
    pub granted_by: Option<UserId>,
    /// When it was granted.
    pub created_at: Timestamp,
}

impl FromRow for PersonalGrant {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            permission: row.next()?,
            expires_at: row.next()?,
            granted_by: row.next()?,
            created_at: row.next()?,
        })
    }
}

impl FromRow for Read<AccessFacts> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(AccessFacts {
            user_id: row.next()?,
            email: Email::stored(row.next()?),
            role: word(row)?,
            status: word(row)?,
            mfa_enabled: row.next()?,
            deletion_at: row.next()?,
            grants: Vec::new(),
            change: row.next()?,
        }))
    }
}

impl Users<'_> {
    /// The data that decides an account's access, including ended grants; `None` when the account is outside of the
    /// scope.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn access_facts(&mut self, scope: &Scope<User>, id: UserId) -> Result<Option<AccessFacts>> {
        if !sees(scope, id) {
            return Ok(None);
        }
        let Some(Read(mut facts)) = self.0.optional::<Read<AccessFacts>>(&FACTS, &[&id]).await? else {
            return Ok(None);
        };
        let grants: Vec<PersonalGrant> = self.0.all(&GRANTS, &[&id]).await?;
        let bare = |grant: PersonalGrant| Grant {
            permission: grant.permission,
            until: grant.expires_at,
        };
        facts.grants = grants.into_iter().map(bare).collect();
        Ok(Some(facts))
    }

    /// The same for all accounts whose last change has a greater number than the one given.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn access_facts_since(&mut self, scope: &Scope<User>, since: i64) -> Result<Vec<AccessFacts>> {
        if owned(scope) != RowFilter::All {
            return Ok(Vec::new());
        }
        let mut all: Vec<AccessFacts> = rows(self.0.all(&FACTS_SINCE, &[&since]).await?);
        let grants: Vec<(UserId, String, Option<Timestamp>)> = self.0.all(&GRANTS_SINCE, &[&since]).await?;
        for (user, permission, until) in grants {
            if let Ok(at) = all.binary_search_by_key(&user, |facts| facts.user_id) {
                all[at].grants.push(Grant { permission, until });
            }
        }
        Ok(all)
    }

    /// The permissions granted to one user, including ended ones, by name.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn grants(&mut self, scope: &Scope<User>, id: UserId) -> Result<Vec<PersonalGrant>> {
        if !sees(scope, id) {
            return Ok(Vec::new());
        }
        Ok(self.0.all(&GRANTS, &[&id]).await?)
    }

    /// The permissions granted to the given users, including ended ones; those of a whole page at once.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn grants_of(
        &mut self,
        scope: &Scope<User>,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, Vec<Grant>>> {
        let seen: Vec<UserId> = ids.iter().copied().filter(|id| sees(scope, *id)).collect();
        let mut all: HashMap<UserId, Vec<Grant>> = HashMap::new();
        for ids in seen.chunks(GRANTS_OF.most()) {
            let (size, sql) = GRANTS_OF.fitting(ids.len());
            let Some(last) = ids.last() else { continue };
            // The remaining placeholders of the statement repeat the last id, which returns no further rows.
            let mut ids: Vec<&dyn Param> = ids.iter().map(|id| id as &dyn Param).collect();
            ids.resize(size, last);
            let grants: Vec<(UserId, String, Option<Timestamp>)> = self.0.all(sql, &ids).await?;
            for (user, permission, until) in grants {
                all.entry(user).or_default().push(Grant { permission, until });
            }
        }
        Ok(all)
    }

    /// Grants a permission, or replaces the end of an existing grant.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn grant(&mut self, permit: &Permit<User>, user: &User, grant: &PersonalGrant) -> Result<()> {
        let (insert, touch) = (GRANT.authorize(permit, user)?, TOUCH.authorize(permit, user)?);
        let given: [&dyn Param; 5] = [
            &user.id,
            &grant.permission,
            &grant.expires_at,
            &grant.granted_by,
            &grant.created_at,
        ];
        self.0
            .batch(&[
                (NEXT.exempt(), &[]),
                (insert, &given),
                (touch, &[&user.id, &grant.created_at]),
            ])
            .await?;
        Ok(())
    }

    /// Revokes a permission; false when the user did not have it.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn revoke_grant(
        &mut self,
        permit: &Permit<User>,
        user: &User,
        permission: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (delete, touch) = (REVOKE.authorize(permit, user)?, TOUCH.authorize(permit, user)?);
        if permission.contains('\0') {
            return Ok(false);
        }
        let counts = self
            .0
            .batch(&[
                (NEXT.exempt(), &[]),
                (delete, &[&user.id, &permission]),
                (touch, &[&user.id, &now]),
            ])
            .await?;
        Ok(counts.get(1).is_some_and(|revoked| *revoked > 0))
    }
}

fn sees(scope: &Scope<User>, id: UserId) -> bool {
    match owned(scope) {
        RowFilter::All => true,
        RowFilter::Of(owner) => owner == id,
        RowFilter::None => false,
    }
}
