//! The representation of roles.

use mainstay_domain::access::RoleName;
use mainstay_domain::id::Id;
use mainstay_domain::role::Role;
use mainstay_domain::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A role, with its permissions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Role)]
pub struct RoleView {
    #[schema(value_type = String, example = "auditor")]
    name: RoleName,
    /// The `resourceId` of its entries in the audit trail. It follows from the name.
    #[schema(value_type = String, format = Uuid)]
    id: Id<Role>,
    #[schema(value_type = Vec<String>)]
    permissions: BTreeSet<String>,
    /// Whether it is one of Mainstay's own roles, which cannot be deleted.
    built_in: bool,
    /// Whether its members need a second factor.
    mfa_required: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            id: Id::from_uuid(role.name.uuid()),
            name: role.name,
            permissions: role.permissions,
            built_in: role.built_in,
            mfa_required: role.mfa_required,
            created_at: role.created_at,
            updated_at: role.updated_at,
        }
    }
}
