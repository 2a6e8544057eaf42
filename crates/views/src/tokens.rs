//! The representation of tokens.

use super::UserView;
use mainstay_domain::factor::SecondFactor;
use mainstay_domain::time::Timestamp;
use mainstay_engine::Secret;
use mainstay_services::account::{FactorRequest, RestoreOffer, Tokens};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// The signed-in user and the tokens. With `"transport": "cookie"` the tokens come as cookies, not here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tokens)]
pub struct TokensView {
    user: UserView,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose")]
    #[schema(value_type = Option<String>)]
    access_token: Option<Secret<String>>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose")]
    #[schema(value_type = Option<String>)]
    refresh_token: Option<Secret<String>>,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// When the access token expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When the refresh token expires, and with it the session, unless it is used before. Refreshing extends it, but not
    /// beyond the absolute end of the session.
    #[schema(value_type = String, format = DateTime)]
    refresh_expires_at: Timestamp,
}

impl TokensView {
    /// The view with the tokens in the body, or without them when they travel as cookies.
    pub fn of(tokens: Tokens, in_body: bool) -> Self {
        Self {
            user: tokens.user.into(),
            access_token: in_body.then_some(tokens.access_token),
            refresh_token: in_body.then_some(tokens.refresh_token),
            token_type: "Bearer",
            expires_at: tokens.expires_at,
            refresh_expires_at: tokens.session_ends_at,
        }
    }
}

/// The second factor that sign-in requires, presented at `POST /api/auth/mfa/verify` with the token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecondFactorRequest)]
pub struct FactorRequestView {
    /// Always true: what distinguishes this answer from tokens.
    #[schema(example = true)]
    mfa_required: bool,
    #[serde(serialize_with = "expose_one")]
    #[schema(value_type = String)]
    mfa_token: Secret<String>,
    /// The factors that the account has.
    #[schema(value_type = Vec<String>)]
    methods: Vec<SecondFactor>,
}

impl From<FactorRequest> for FactorRequestView {
    fn from(request: FactorRequest) -> Self {
        Self {
            mfa_required: true,
            mfa_token: request.token,
            methods: request.methods,
        }
    }
}

/// The account is to be deleted, and can be restored at `POST /api/auth/restore` with the token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RestoreOffer)]
pub struct RestoreOfferView {
    /// Always true: what distinguishes this answer from tokens.
    #[schema(example = true)]
    deletion_pending: bool,
    /// When the account is deleted unless it is restored.
    #[schema(value_type = String, format = DateTime)]
    deletion_at: Timestamp,
    #[serde(serialize_with = "expose_one")]
    #[schema(value_type = String)]
    restore_token: Secret<String>,
}

impl From<RestoreOffer> for RestoreOfferView {
    fn from(offer: RestoreOffer) -> Self {
        Self {
            deletion_pending: true,
            deletion_at: offer.deletion_at,
            restore_token: offer.token,
        }
    }
}

/// The answer to a sign-in.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = SignIn)]
pub enum SignInView {
    /// The account is signed in.
    Tokens(TokensView),
    /// A second factor is required.
    SecondFactor(FactorRequestView),
    /// The account is to be deleted.
    Restore(RestoreOfferView),
}

pub(crate) fn expose_one<S: Serializer>(token: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    token.expose().serialize(serializer)
}

fn expose<S: Serializer>(token: &Option<Secret<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    token.as_ref().map(Secret::expose).serialize(serializer)
}
