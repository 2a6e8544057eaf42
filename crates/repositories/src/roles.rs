//! Roles and their permissions.

use crate::access_changes::NEXT;
use crate::outcome::{expect_one_row, unique_violation};
use crate::read::word;
use mainstay_domain::access::{Permit, RoleName};
use mainstay_domain::role::Role;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Authorized, Change, DatabaseError, FromRow, Param, Row};
use std::collections::BTreeSet;

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT r.name, r.built_in, r.mfa_required, r.created_at, r.updated_at, r.version, p.permission FROM roles r \
             LEFT JOIN role_permissions p ON p.role = r.name ",
            $condition,
            "ORDER BY r.name, p.permission"
        )
    };
}

statements! {
    ALL_ROLES = select!("");
    FIND = select!("WHERE r.name = $1 ");
    EXISTS = "SELECT 1 FROM roles WHERE name = $1";
    COUNT = "SELECT count(*) FROM roles";
}

changes! {
    INSERT: Change<Role>, "roles", [Role::CREATE] =
        "INSERT INTO roles (name, built_in, mfa_required, created_at, updated_at, version) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    SAVE: Change<Role>, "roles", [Role::UPDATE] =
        "UPDATE roles SET mfa_required = $2, updated_at = $3, version = $4 WHERE name = $1 AND version = $5";
    DELETE: Change<Role>, "roles", [Role::DELETE] =
        "DELETE FROM roles WHERE name = $1 AND version = $2";
    ADD_PERMISSION: Change<Role>, "role_permissions", [Role::CREATE, Role::UPDATE] =
        "INSERT INTO role_permissions (role, permission) VALUES ($1, $2)";
    REMOVE_PERMISSIONS: Change<Role>, "role_permissions", [Role::UPDATE] =
        "DELETE FROM role_permissions WHERE role = $1";
}

/// A role with one of its permissions, if it has any.
struct RoleWithPermission(Role, Option<String>);

impl FromRow for RoleWithPermission {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let role = Role {
            name: word(row)?,
            permissions: BTreeSet::new(),
            built_in: row.next()?,
            mfa_required: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
            version: row.next()?,
        };
        Ok(Self(role, row.next()?))
    }
}

repository! {
    /// The table of roles. Their permissions are not confidential, so no scope is required.
    Roles
}

impl Roles<'_> {
    /// Every role, by name.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn all(&mut self) -> Result<Vec<Role>> {
        Ok(together(self.0.all(&ALL_ROLES, &[]).await?))
    }

    /// Finds a role by its name.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn find(&mut self, name: &RoleName) -> Result<Role> {
        let rows = self.0.all(&FIND, &[&name.as_str()]).await?;
        together(rows).pop().ok_or(Error::NotFound)
    }

    /// Whether a role of this name exists.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn exists(&mut self, name: &RoleName) -> Result<bool> {
        let name = name.as_str();
        Ok(self.0.optional::<i64>(&EXISTS, &[&name]).await?.is_some())
    }

    /// The number of roles.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn count(&mut self) -> Result<usize> {
        let count: i64 = self.0.one(&COUNT, &[]).await?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Inserts a new role with its permissions.
    ///
    /// # Errors
    /// `CONFLICT` when there is a role of this name.
    pub async fn insert(&mut self, permit: &Permit<Role>, role: &Role) -> Result<()> {
        let (name, insert) = (role.name.as_str(), INSERT.authorize(permit, role)?);
        let values: [&dyn Param; 6] = [
            &name,
            &role.built_in,
            &role.mfa_required,
            &role.created_at,
            &role.updated_at,
            &role.version,
        ];
        let done = self.0.batch(&[(NEXT.exempt(), &[]), (insert, &values)]).await;
        done.map_err(|error| unique_violation(error, "there is a role of this name already"))?;
        self.add_permissions(ADD_PERMISSION.authorize(permit, role)?, role)
            .await
    }

    /// Updates a role and replaces its permissions.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when it was changed meanwhile.
    pub async fn save(&mut self, permit: &Permit<Role>, role: &Role) -> Result<()> {
        let name = role.name.as_str();
        let save = SAVE.authorize(permit, role)?;
        let remove = REMOVE_PERMISSIONS.authorize(permit, role)?;
        let values: [&dyn Param; 5] = [
            &name,
            &role.mfa_required,
            &role.updated_at,
            &role.version,
            &(role.version - 1),
        ];
        let counts = self
            .0
            .batch(&[(NEXT.exempt(), &[]), (save, &values), (remove, &[&name])])
            .await?;
        expect_one_row(counts.get(1).copied().unwrap_or(0))?;
        self.add_permissions(ADD_PERMISSION.authorize(permit, role)?, role)
            .await
    }

    /// Deletes a role.
    ///
    /// # Errors
    /// `CONFLICT` when an account has it; [`DatabaseError::Retry`] when it was changed meanwhile.
    pub async fn delete(&mut self, permit: &Permit<Role>, role: &Role) -> Result<()> {
        let (name, delete) = (role.name.as_str(), DELETE.authorize(permit, role)?);
        let done = self
            .0
            .batch(&[(NEXT.exempt(), &[]), (delete, &[&name, &role.version])])
            .await;
        match done {
            Err(DatabaseError::ForeignKey { .. }) => Err(Error::Conflict(format!(
                "accounts have the role {name}; give them another one first"
            ))),
            done => expect_one_row(done?.last().copied().unwrap_or(0)),
        }
    }

    async fn add_permissions(&mut self, add: Authorized<'_>, role: &Role) -> Result<()> {
        let name = role.name.as_str();
        let rows: Vec<[&dyn Param; 2]> = role
            .permissions
            .iter()
            .map(|permission| [&name as &dyn Param, permission as &dyn Param])
            .collect();
        let batch: Vec<(Authorized<'_>, &[&dyn Param])> = rows.iter().map(|row| (add, &row[..])).collect();
        self.0.batch(&batch).await?;
        Ok(())
    }
}

/// The roles, each with the permissions of its rows, which follow each other.
fn together(rows: Vec<RoleWithPermission>) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::new();
    for RoleWithPermission(role, permission) in rows {
        if roles.last().is_none_or(|last| last.name != role.name) {
            roles.push(role);
        }
        if let Some(last) = roles.last_mut() {
            last.permissions.extend(permission);
        }
    }
    roles
}
