//! Begins a sign-in by a passkey.

use super::challenge::{PasskeyOptions, remember};
use super::site::site;
use crate::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::id::UserId;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::crypto::passkey::{FAKE_KEY_LABEL, fake_credential_ids};
use uuid::Uuid;

/// Begins a sign-in by a passkey: by one of the account of an address, or by one that the authenticator finds itself. For
/// an address without passkeys the answer names invented ones, so that it does not reveal who has an account.
#[derive(Debug, Clone)]
pub struct BeginPasskeySignIn {
    /// The address of the account, if the client knows it.
    pub email: Option<Email>,
}

impl UseCase for BeginPasskeySignIn {
    const NAME: &'static str = "passkey.begin-sign-in";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(60);
    const IDEMPOTENT: bool = false;
    type Output = PasskeyOptions;
}

impl Command for BeginPasskeySignIn {
    /// A challenge is the server's own note, and no account changes by it.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<PasskeyOptions> {
        let purpose = TokenPurpose::PasskeySignIn;
        let (user, allowed) = match &self.email {
            Some(email) => known_passkeys(cx, email).await?,
            None => (None, Vec::new()),
        };
        let begun = site(cx.components())?.begin_assertion(&allowed, purpose.ttl());
        remember(cx, purpose, user, begun).await
    }
}

/// The account of an address and the ids of its passkeys, or no account and invented ids.
async fn known_passkeys(cx: &mut CommandContext<'_>, email: &Email) -> Result<(Option<UserId>, Vec<String>)> {
    let (users, passkeys) = (
        cx.scope_of(SystemCaller::SIGN_IN),
        cx.scope_of(SystemCaller::SIGN_IN),
    );
    let user = cx.users().find_by_email(&users, email).await?;
    // Also without an account: an unknown address takes the same queries as a known one.
    let id = user.map_or(UserId::from_uuid(Uuid::nil()), |user| user.id);
    let known = cx.passkeys().all_of(&passkeys, id).await?;
    let key = cx.components().sealer.derive(FAKE_KEY_LABEL);
    let fake = fake_credential_ids(&key, email.as_str());
    match known.is_empty() {
        true => Ok((None, fake)),
        false => {
            let ids = known.into_iter().map(|passkey| passkey.credential_id);
            Ok((Some(id), ids.collect()))
        }
    }
}
