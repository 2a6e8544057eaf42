//! The representation of a confirmed address.

use mainstay_domain::email::Email;
use mainstay_services::account::ConfirmedEmail;
use serde::Serialize;
use utoipa::ToSchema;

/// A confirmed address.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConfirmedEmail)]
pub struct ConfirmedEmailView {
    #[schema(value_type = String, format = Email)]
    email: Email,
    /// True when the account had a password that the client did not prove to know: it was removed, and a link for a new
    /// one was mailed.
    password_removed: bool,
}

impl From<ConfirmedEmail> for ConfirmedEmailView {
    fn from(confirmed: ConfirmedEmail) -> Self {
        Self {
            email: confirmed.email,
            password_removed: confirmed.password_removed,
        }
    }
}
