//! Sets up an authenticator app.

use super::super::spelled;
use super::super::step_up::require_recent_proof;
use super::super::totp_secret::seal_secret;
use super::own_account;
use crate::ShopRepositories;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, UseCase};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::totp::TotpSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Makes a secret for the caller's authenticator app. It is no factor before [`EnableTotp`](super::EnableTotp) confirms
/// it; until then, each call makes another one. Needs a step-up, or, where the account has no second factor, a
/// sign-in that is as recent: otherwise a client with a stolen session could lock the owner out.
#[derive(Debug, Clone)]
pub struct SetUpTotp;

/// What an authenticator app needs. Its `Debug` output hides it; dropping wipes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TotpSetup {
    /// The secret in base32, for users who type it.
    #[serde(with = "spelled")]
    pub secret: Secret<String>,
    /// The `otpauth:` URL that an app reads from a QR code.
    #[serde(with = "spelled")]
    pub otpauth_url: Secret<String>,
}

impl UseCase for SetUpTotp {
    const NAME: &'static str = "account.set-up-totp";
    const ACCESS: Access = Access::enrolling();
    const RATE: Rate = Rate::per_minute(20);
    const SECRET_ANSWER: bool = true;
    type Output = TotpSetup;
}

impl Command for SetUpTotp {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<TotpSetup> {
        let (user, now) = (own_account(cx).await?, cx.now());
        require_recent_proof(cx, &user).await?;
        let permit = cx.permit(User::SET_UP_FACTOR, &user)?;
        let secret = TotpSecret::generate(cx.random());
        let sealed = seal_secret(&cx.components().sealer, user.id, &secret, cx.random());
        if !cx.totp_factors().set_up(&permit, &user, &sealed, now).await? {
            return Err(Error::InvalidState(
                "an authenticator app is enabled already: disable it first".to_owned(),
            ));
        }
        cx.record(
            permit,
            DomainEvent::noted("user.totp-set-up", "SET_UP_TOTP", &json!({})),
        );
        let issuer = issuer(&cx.components().policies.public_url);
        let url = secret
            .otpauth_url(issuer, user.email.as_str())
            .map_err(Error::internal)?;
        Ok(TotpSetup {
            secret: Secret::new(secret.base32().to_string()),
            otpauth_url: Secret::new(url.to_string()),
        })
    }
}

/// The name under which apps show the account: the host of the public URL, as mails name the site.
fn issuer(public_url: &str) -> &str {
    let host = public_url.split_once("://").map_or(public_url, |(_, host)| host);
    host.split(['/', ':'])
        .next()
        .filter(|host| !host.is_empty())
        .unwrap_or("Mainstay")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_the_host() {
        for (url, name) in [
            ("https://shop.example", "shop.example"),
            ("https://shop.example/", "shop.example"),
            ("http://127.0.0.1:3000", "127.0.0.1"),
        ] {
            assert_eq!(issuer(url), name);
        }
    }
}
