//! The representation of accounts.

use mainstay_domain::access::RoleName;
use mainstay_domain::email::Email;
use mainstay_domain::id::UserId;
use mainstay_domain::locale::Locale;
use mainstay_domain::name::PersonName;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::UserStatus;
use mainstay_services::account::Profile;
use serde::Serialize;
use utoipa::ToSchema;

/// A user account, with its current permissions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserView {
    #[schema(value_type = String, format = Uuid)]
    id: UserId,
    #[schema(value_type = String, format = Email)]
    email: Email,
    #[schema(value_type = String)]
    name: PersonName,
    #[schema(value_type = String, example = "customer")]
    role: RoleName,
    /// The permissions of the role and those of the account.
    permissions: Vec<String>,
    #[schema(value_type = StatusShape)]
    status: UserStatus,
    email_verified: bool,
    /// The language of the mails to the user (BCP 47).
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    mfa_enabled: bool,
    /// Whether the role requires a second factor that the account does not have. Until it has one, every other operation
    /// than its enrolment is `FORBIDDEN`.
    mfa_setup_required: bool,
    /// When the account is deleted, because its owner requested it; null unless they did. Until then it can be restored.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    deletion_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Whether an account may be used.
#[derive(ToSchema)]
#[schema(as = UserStatus, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum StatusShape {
    Active,
    Disabled,
    Invited,
}

impl From<Profile> for UserView {
    fn from(profile: Profile) -> Self {
        let user = profile.user;
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            permissions: profile.permissions,
            status: user.status,
            email_verified: user.email_verified,
            locale: user.locale,
            mfa_enabled: user.mfa_enabled,
            mfa_setup_required: profile.mfa_setup_required,
            deletion_at: user.deletion_at,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}
