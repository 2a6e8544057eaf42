//! The representation of permissions, and of answers to who may do what.

use mainstay_domain::access::{Explanation, Permission};
use serde::Serialize;
use utoipa::ToSchema;

/// A permission that a role or an account can have.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Permission)]
pub struct PermissionView {
    #[schema(example = "read:order")]
    name: &'static str,
    /// What it permits, in English.
    description: &'static str,
}

impl From<Permission> for PermissionView {
    fn from(permission: Permission) -> Self {
        Self {
            name: permission.as_str(),
            description: permission.description(),
        }
    }
}

/// Whether an account may do something, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Explanation)]
pub struct ExplanationView {
    allowed: bool,
    /// The rule that decided, and what of it the account fulfils or lacks, in English.
    because: String,
}

impl From<Explanation> for ExplanationView {
    fn from(Explanation { allowed, because }: Explanation) -> Self {
        Self { allowed, because }
    }
}
