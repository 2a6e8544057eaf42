//! Begins the use of a passkey as a second factor, and in a step-up.

use super::challenge::{PasskeyOptions, remember};
use super::site::site;
use crate::ShopRepositories;
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::id::UserId;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::opaque::OpaqueToken;

/// Begins the use of a passkey as the second factor of a sign-in, whose first factor was verified.
#[derive(Debug, Clone)]
pub struct BeginPasskeyFactor {
    /// The token of the first factor.
    pub token: Secret<String>,
}

impl UseCase for BeginPasskeyFactor {
    const NAME: &'static str = "passkey.begin-factor";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(60);
    const IDEMPOTENT: bool = false;
    type Output = PasskeyOptions;
}

impl Command for BeginPasskeyFactor {
    /// A challenge is the server's own note, and no account changes by it.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<PasskeyOptions> {
        let invalid = || Error::Unauthenticated(Unauthenticated::Invalid);
        let (purpose, now) = (TokenPurpose::SecondFactor, cx.now());
        let token = OpaqueToken::parse(purpose.prefix(), self.token.expose()).ok_or_else(invalid)?;
        let digest = token.digest();
        let found = cx.one_time_tokens().find(purpose, digest.as_bytes(), now).await?;
        let user = found.and_then(|token| token.user_id).ok_or_else(invalid)?;
        begin(cx, user).await
    }
}

/// Begins a step-up of the caller by a passkey.
#[derive(Debug, Clone, Copy)]
pub struct BeginPasskeyStepUp;

impl UseCase for BeginPasskeyStepUp {
    const NAME: &'static str = "passkey.begin-step-up";
    const ACCESS: Access = Access::enrolling();
    const RATE: Rate = Rate::per_minute(60);
    const IDEMPOTENT: bool = false;
    type Output = PasskeyOptions;
}

impl Command for BeginPasskeyStepUp {
    /// A challenge is the server's own note, and no account changes by it.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<PasskeyOptions> {
        let user = cx.user()?;
        begin(cx, user).await
    }
}

async fn begin(cx: &mut CommandContext<'_>, user: UserId) -> Result<PasskeyOptions> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let known = cx.passkeys().all_of(&scope, user).await?;
    if known.is_empty() {
        return Err(Error::InvalidState("the account has no passkey".to_owned()));
    }
    let allowed: Vec<String> = known.into_iter().map(|passkey| passkey.credential_id).collect();
    let purpose = TokenPurpose::PasskeyFactor;
    let begun = site(cx.components())?.begin_assertion(&allowed, purpose.ttl());
    remember(cx, purpose, Some(user), begun).await
}
