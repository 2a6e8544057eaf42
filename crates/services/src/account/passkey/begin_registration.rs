//! Begins the registration of a passkey.

use super::challenge::{PasskeyOptions, remember};
use super::site::site;
use crate::ShopRepositories;
use crate::account::factor::own_account;
use crate::account::step_up::require_recent_proof;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::passkey::Passkey;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, UseCase};
use mainstay_platform::crypto::passkey::PasskeyUser;

/// Begins the registration of a passkey for the caller. Needs a step-up, or, where the account has no second factor, a
/// sign-in that is as recent: a passkey signs in by itself, and a client with a stolen session must not add one.
#[derive(Debug, Clone, Copy)]
pub struct BeginPasskeyRegistration;

impl UseCase for BeginPasskeyRegistration {
    const NAME: &'static str = "passkey.begin-registration";
    const ACCESS: Access = Access::enrolling();
    const RATE: Rate = Rate::per_minute(20);
    const IDEMPOTENT: bool = false;
    type Output = PasskeyOptions;
}

impl Command for BeginPasskeyRegistration {
    /// A challenge is the server's own note, and no account changes by it.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<PasskeyOptions> {
        let user = own_account(cx).await?;
        require_recent_proof(cx, &user).await?;
        let scope = cx.scope::<Passkey>();
        let existing = cx.passkeys().all_of(&scope, user.id).await?;
        check_count(existing.len())?;
        let existing: Vec<String> = existing.into_iter().map(|known| known.credential_id).collect();
        let shown = PasskeyUser {
            id: user.id.uuid(),
            name: user.email.as_str(),
            display_name: user.name.as_str(),
        };
        let purpose = TokenPurpose::PasskeyRegistration;
        let begun = site(cx.components())?.begin_registration(shown, &existing, purpose.ttl());
        remember(cx, purpose, Some(user.id), begun).await
    }
}

/// Checks that an account may have one more passkey.
pub(super) fn check_count(count: usize) -> Result<()> {
    match i64::try_from(count) {
        Ok(count) if count < Passkey::MAX_COUNT => Ok(()),
        _ => Err(Error::InvalidState(format!(
            "the account has {} passkeys already: remove one first",
            Passkey::MAX_COUNT
        ))),
    }
}
