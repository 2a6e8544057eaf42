//! Roles and their permissions.

use crate::read::word;
use mainstay_domain::Result;
use mainstay_domain::access::RoleName;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{DatabaseError, FromRow, Row};

statements! {
    ALL_ROLES = "SELECT r.name, r.built_in, r.mfa_required, r.changed_at, p.permission FROM roles r \
                 LEFT JOIN role_permissions p ON p.role = r.name ORDER BY r.name, p.permission";
    EXISTS = "SELECT 1 FROM roles WHERE name = $1";
}

/// A role and its permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRow {
    /// Unique, lower case.
    pub name: RoleName,
    /// Its permissions by name; empty for the administrator's role, which has every permission.
    pub permissions: Vec<String>,
    /// Whether it is one of Mainstay's own roles.
    pub built_in: bool,
    /// Whether its members need a second factor.
    pub mfa_required: bool,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// A role with one of its permissions, if it has any.
struct RoleWithPermission(RoleRow, Option<String>);

impl FromRow for RoleWithPermission {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let role = RoleRow {
            name: word(row)?,
            permissions: Vec::new(),
            built_in: row.next()?,
            mfa_required: row.next()?,
            changed_at: row.next()?,
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
    pub async fn all(&mut self) -> Result<Vec<RoleRow>> {
        let mut roles: Vec<RoleRow> = Vec::new();
        for RoleWithPermission(role, permission) in self.0.all(&ALL_ROLES, &[]).await? {
            if roles.last().is_none_or(|last| last.name != role.name) {
                roles.push(role);
            }
            if let Some(last) = roles.last_mut() {
                last.permissions.extend(permission);
            }
        }
        Ok(roles)
    }

    /// Whether a role of this name exists.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn exists(&mut self, name: &RoleName) -> Result<bool> {
        let name = name.as_str();
        Ok(self.0.optional::<i64>(&EXISTS, &[&name]).await?.is_some())
    }
}
