//! The representation of a personal permission.

use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_services::list::PersonalGrant;
use serde::Serialize;
use utoipa::ToSchema;

/// A permission that an account has besides those of its role.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Grant)]
pub struct GrantView {
    #[schema(example = "read:order")]
    permission: String,
    /// When the permission expires; `null`: never.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    expires_at: Option<Timestamp>,
    /// The account that granted it.
    #[schema(value_type = Option<String>, format = Uuid, required)]
    granted_by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<PersonalGrant> for GrantView {
    fn from(grant: PersonalGrant) -> Self {
        Self {
            permission: grant.permission,
            expires_at: grant.expires_at,
            granted_by: grant.granted_by,
            created_at: grant.created_at,
        }
    }
}
