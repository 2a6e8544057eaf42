//! The repository of user accounts.

use crate::access_changes::NEXT;
use crate::credentials;
use crate::dialect;
use crate::list::{Key, List};
use crate::outcome::{expect_one_row, found, unique_violation};
use crate::read::{Read, word};
use crate::row_filter::{RowFilter, owned};
use mainstay_domain::access::{BulkPermit, Permit, RoleName, Scope};
use mainstay_domain::email::Email;
use mainstay_domain::id::UserId;
use mainstay_domain::name::PersonName;
use mainstay_domain::page::{CursorKey, Page, PageRequest, Position};
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::{User, UserStatus};
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{AsText, BulkChange, Change, DatabaseError, FromRow, Param, Row};

/// The columns that are read, in their order.
macro_rules! columns {
    () => {
        "id, email, name, role, status, email_verified, mfa_enabled, created_at, updated_at, version, locale, \
         deletion_at"
    };
}

macro_rules! find {
    ($condition:literal) => {
        concat!("SELECT ", columns!(), " FROM users WHERE ", $condition)
    };
}

statements! {
    FIND = find!("id = $1 AND deleted_at IS NULL");
    FIND_OWNED = find!("id = $1 AND id = $2 AND deleted_at IS NULL");
    FIND_BY_EMAIL = find!("email = $1 AND deleted_at IS NULL");
    FIND_BY_EMAIL_OWNED = find!("email = $1 AND id = $2 AND deleted_at IS NULL");
    DELETIONS_DUE = "SELECT id FROM users WHERE deletion_at <= $1 AND deleted_at IS NULL ORDER BY deletion_at, id LIMIT $2";
}

changes! {
    INSERT: Change<User>, "users", [User::REGISTER, User::CREATE] =
        "INSERT INTO users (id, email, name, role, status, email_verified, mfa_enabled, created_at, updated_at, \
         version, access_changed_at, access_change, search_text, locale, deletion_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, 0, $11, $12, $13)";
    SAVE: Change<User>, "users", [
        User::UPDATE, User::SET_ROLE, User::CONFIRM_EMAIL, User::ACCEPT_INVITATION, User::DELETE, User::ENABLE_FACTOR,
        User::DISABLE_FACTOR, User::RESET_FACTORS, User::REQUEST_DELETION, User::RESTORE
    ] =
        "UPDATE users SET email = $2, name = $3, role = $4, status = $5, email_verified = $6, mfa_enabled = $7, \
         updated_at = $8, access_changed_at = $8, \
         access_change = (SELECT value FROM counters WHERE name = 'access_changes'), version = $9, \
         search_text = $11, locale = $12, deletion_at = $13 WHERE id = $1 AND version = $10";
    MARK_DELETED: Change<User>, "users", [User::DELETE] =
        "UPDATE users SET deleted_at = $2 WHERE id = $1";
    REMOVE_GRANTS: Change<User>, "user_permissions", [User::DELETE] =
        "DELETE FROM user_permissions WHERE user_id = $1";
    PURGE: BulkChange<User>, "users", [User::PURGE] =
        "DELETE FROM users WHERE deleted_at < $1";
}

const OWNED: usize = 0;
const ROLE: usize = 1;
const STATUS: usize = 2;
const SEARCH: usize = 3;
const EXISTING: usize = 4;

pub(crate) static LIST: List = List::new(
    concat!(module_path!(), "::LIST"),
    (columns!(), "users"),
    &[
        "id = {}",
        "role = {}",
        "status = {}",
        "search_text LIKE {} ESCAPE '!'",
        "deleted_at IS NULL",
    ],
    &[
        Key::Number("created_at"),
        Key::Text("lower(name)"),
        Key::Text("email"),
    ],
);

/// Which accounts to list.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Part of the address or of the name, in whatever spelling.
    pub q: Option<String>,
    /// With this role.
    pub role: Option<RoleName>,
    /// With this status.
    pub status: Option<UserStatus>,
}

/// The sort order of a list of accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UserSort {
    /// By the time they were created.
    #[default]
    CreatedAt,
    /// By name; case-insensitive in ASCII.
    Name,
    /// By e-mail address.
    Email,
}

impl FromRow for Read<User> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(User {
            id: row.next()?,
            email: Email::stored(row.next()?),
            name: PersonName::stored(row.next()?),
            role: word(row)?,
            status: word(row)?,
            email_verified: row.next()?,
            mfa_enabled: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
            version: row.next()?,
            locale: word(row)?,
            deletion_at: row.next()?,
        }))
    }
}

repository! {
    /// The tables of accounts and of permissions granted to single accounts.
    Users
}

impl Users<'_> {
    /// Finds an account by its id.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for an account outside of the scope.
    pub async fn find(&mut self, scope: &Scope<User>, id: UserId) -> Result<User> {
        match owned(scope) {
            RowFilter::All => found(self.0.optional(&FIND, &[&id]).await?),
            RowFilter::Of(owner) => found(self.0.optional(&FIND_OWNED, &[&id, &owner]).await?),
            RowFilter::None => Err(Error::NotFound),
        }
    }

    /// Finds the account of an e-mail address within the scope.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn find_by_email(&mut self, scope: &Scope<User>, email: &Email) -> Result<Option<User>> {
        let email = email.as_str();
        let row = match owned(scope) {
            RowFilter::All => self.0.optional(&FIND_BY_EMAIL, &[&email]).await?,
            RowFilter::Of(owner) => self.0.optional(&FIND_BY_EMAIL_OWNED, &[&email, &owner]).await?,
            RowFilter::None => None,
        };
        Ok(row.map(|Read(user)| user))
    }

    /// A page of the accounts within the scope, sorted, optionally descending.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list.
    pub async fn list(
        &mut self,
        scope: &Scope<User>,
        filter: &UserFilter,
        (sort, descending): (UserSort, bool),
        page: &PageRequest,
    ) -> Result<Page<User>> {
        let role = filter.role.as_ref().map(RoleName::as_str);
        let status = filter.status.map(UserStatus::as_str);
        let words = filter.q.as_deref().map(dialect::anywhere);
        let mut query = LIST.by(sort as usize, descending).only(EXISTING);
        let row_filter = owned(scope);
        query = match &row_filter {
            RowFilter::All => query,
            RowFilter::Of(owner) => query.with(OWNED, Some(owner)),
            RowFilter::None => query.nothing(),
        };
        let query = query
            .with(ROLE, role.as_ref())
            .with(STATUS, status.as_ref())
            .with(SEARCH, words.as_ref());
        query.page(self.0, page, |user: &User| position(user, sort)).await
    }

    /// Inserts a new account.
    ///
    /// # Errors
    /// `CONFLICT` when the address is taken.
    pub async fn insert(&mut self, permit: &Permit<User>, user: &User) -> Result<()> {
        let insert = INSERT.authorize(permit, user)?;
        let done = self
            .0
            .execute(
                insert,
                &[
                    &user.id,
                    &user.email.as_str(),
                    &user.name.as_str(),
                    &user.role.as_str(),
                    &user.status.as_str(),
                    &user.email_verified,
                    &user.mfa_enabled,
                    &user.created_at,
                    &user.updated_at,
                    &user.version,
                    &user.search_text(),
                    &AsText(user.locale),
                    &user.deletion_at,
                ],
            )
            .await;
        done.map(drop).map_err(address_taken)
    }

    /// Updates an account, and records the change time of its access.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when it was changed meanwhile; `CONFLICT` when the address is taken.
    pub async fn save(&mut self, permit: &Permit<User>, user: &User) -> Result<()> {
        let save = SAVE.authorize(permit, user)?;
        let row: [&dyn Param; 13] = [
            &user.id,
            &user.email.as_str(),
            &user.name.as_str(),
            &user.role.as_str(),
            &user.status.as_str(),
            &user.email_verified,
            &user.mfa_enabled,
            &user.updated_at,
            &user.version,
            &(user.version - 1),
            &user.search_text(),
            &AsText(user.locale),
            &user.deletion_at,
        ];
        let done = self.0.batch(&[(NEXT.exempt(), &[]), (save, &row)]).await;
        let counts = done.map_err(address_taken)?;
        expect_one_row(counts.last().copied().unwrap_or(0))
    }

    /// Deletes an account: stores it as [`User::erased`] left it, with the change time of its access, and removes its
    /// password and grants. From now on no finder returns it; [`purge`](Self::purge) removes the row later. Its orders
    /// and audit entries stay.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when it was changed meanwhile.
    pub async fn delete(&mut self, permit: &Permit<User>, erased: &User) -> Result<()> {
        let mark = MARK_DELETED.authorize(permit, erased)?;
        let password = credentials::REMOVE.authorize(permit, erased)?;
        let grants = REMOVE_GRANTS.authorize(permit, erased)?;
        self.save(permit, erased).await?;
        let id: [&dyn Param; 1] = [&erased.id];
        let deleted_at: [&dyn Param; 2] = [&erased.id, &erased.updated_at];
        let changes = [(mark, &deleted_at[..]), (password, &id[..]), (grants, &id[..])];
        self.0.batch(&changes).await?;
        Ok(())
    }

    /// Removes the rows of accounts that were deleted before an instant, with all that belongs to them; returns how
    /// many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn purge(&mut self, permit: &BulkPermit<User>, before: Timestamp) -> Result<u64> {
        let purge = PURGE.authorize(permit)?;
        Ok(self.0.execute(purge, &[&before]).await?)
    }

    /// The accounts that are to be deleted by now, those that are due longest first, at most `limit`.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn deletions_due(
        &mut self,
        scope: &Scope<User>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<UserId>> {
        match owned(scope) {
            RowFilter::All => Ok(self.0.all(&DELETIONS_DUE, &[&now, &limit]).await?),
            RowFilter::Of(_) | RowFilter::None => Ok(Vec::new()),
        }
    }

    /// The number of active administrators. No other transaction can change it before this one has ended, so this
    /// must be called in a command, never in a query.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn active_admins(&mut self, scope: &Scope<User>) -> Result<i64> {
        match owned(scope) {
            RowFilter::All => Ok(self.0.one(&dialect::ACTIVE_ADMINS, &[]).await?),
            RowFilter::Of(_) | RowFilter::None => Ok(0),
        }
    }
}

fn address_taken(error: DatabaseError) -> Error {
    unique_violation(error, "this e-mail address is taken")
}

fn position(user: &User, sort: UserSort) -> Position {
    let key = match sort {
        UserSort::CreatedAt => CursorKey::Number(user.created_at.micros()),
        UserSort::Name => CursorKey::Text(user.name.as_str().to_ascii_lowercase()),
        UserSort::Email => CursorKey::Text(user.email.as_str().to_owned()),
    };
    Position {
        key,
        id: user.id.uuid(),
    }
}
