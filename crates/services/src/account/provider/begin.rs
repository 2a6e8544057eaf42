//! Sends a browser to an identity provider.

use super::attempt::{Attempt, LinkTarget};
use super::return_to::ReturnTo;
use super::settings::ProviderSettings;
use crate::account::browser_secret::{BrowserBinding, BrowserSecret};
use crate::account::one_time::{NewToken, issue};
use crate::account::step_up::require_recent_proof;
use crate::ports::IdentityProviders;
use crate::spelled;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::error::Denied;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::user::User;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext, PreparedCommand, Repositories, UseCase};
use mainstay_platform::config::Secret;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// Begins a sign-in by an identity provider, or, for a caller who is signed in, the linking of an identity, which
/// needs a step-up, or, where the account has no second factor, a sign-in that is as recent.
#[derive(Debug, Clone)]
pub struct BeginProviderSignIn {
    /// The name of the provider.
    pub provider: String,
    /// Where the browser goes afterwards: see [`ReturnTo::parse`].
    pub return_to: Option<String>,
    /// The secret from the browser's cookie, if it has one.
    pub browser: Option<Secret<String>>,
    /// Whether a page of another site sent the browser here.
    pub is_foreign: bool,
}

/// Where the browser goes, and the secret that its cookie keeps. Its `Debug` output hides both.
#[derive(Clone, Serialize, Deserialize)]
pub struct Redirection {
    /// The provider's authorization endpoint with all parameters; contains the `state`.
    #[serde(with = "spelled")]
    pub url: Secret<String>,
    /// For the cookie.
    pub browser: BrowserBinding,
}

impl fmt::Debug for Redirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redirection(…)")
    }
}

impl UseCase for BeginProviderSignIn {
    const NAME: &'static str = "account.provider.begin";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(30);
    const SECRET_ANSWER: bool = true;
    type Output = Redirection;
}

impl PreparedCommand for BeginProviderSignIn {
    /// The authorization endpoint, and where the browser goes afterwards.
    type Prepared = (String, ReturnTo);
    /// An attempt is the server's own note, and no account changes by it.
    const RECORDS_NO_EVENT: bool = true;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<(String, ReturnTo)> {
        // Another site could make a signed-in browser link an identity of the attacker's, who then signs in with it.
        if let Some(principal) = cx.context().caller.principal() {
            if self.is_foreign {
                return Err(Error::Denied(Denied::Csrf));
            }
            if principal.limited {
                return Err(Error::Denied(Denied::FactorRequired));
            }
        }
        let origins = &cx.extension::<ProviderSettings>()?.allowed_origins;
        let own = &cx.components().policies.public_url;
        let return_to = match &self.return_to {
            Some(text) => ReturnTo::parse(text, own, origins).map_err(|invalid| {
                Error::Invalid(ValidationErrors::one("returnTo", invalid.code, invalid.message))
            })?,
            None => ReturnTo::default(),
        };
        let providers = cx.extension::<dyn IdentityProviders>()?;
        let endpoint = providers.authorization_url(&self.provider).await?;
        Ok((endpoint, return_to))
    }

    async fn run(
        self,
        (endpoint, return_to): (String, ReturnTo),
        cx: &mut CommandContext<'_>,
    ) -> Result<Redirection> {
        let link_to = match cx.caller().principal() {
            Some(principal) => {
                let (user, session) = (principal.id, principal.session()?);
                let scope = cx.scope::<User>();
                let account = cx.users().find(&scope, user).await?;
                require_recent_proof(cx, &account).await?;
                Some(LinkTarget { user, session })
            }
            None => None,
        };
        let browser = BrowserSecret::of(self.browser.as_ref(), cx.random());
        let (digest, attempt) = (
            browser.digest(),
            Attempt::new(self.provider, return_to, link_to, cx.random()),
        );
        let new = NewToken {
            purpose: TokenPurpose::ProviderSignIn,
            ttl: TokenPurpose::ProviderSignIn.ttl(),
            user_id: link_to.map(|target| target.user),
            payload: Some(attempt.seal(&digest, &cx.components().sealer, cx.random())?),
            browser: Some(&digest),
        };
        let state = issue(cx, new).await?;
        let redirect_uri = redirect_uri(&cx.components().policies.public_url, &attempt.provider);
        let mut url = Url::parse(&endpoint).map_err(Error::internal)?;
        url.query_pairs_mut()
            .append_pair("redirect_uri", &redirect_uri)
            .append_pair("state", state.text())
            .append_pair("nonce", attempt.nonce.expose())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(Redirection {
            url: Secret::new(url.into()),
            browser: BrowserBinding {
                secret: browser.text(),
                until: cx.now().after(TokenPurpose::ProviderSignIn.ttl()),
            },
        })
    }
}

/// The address to which the provider sends the browser back. Each provider has its own, so that an answer of one is
/// never taken for another's (RFC 9700, 4.4.2.2).
pub(super) fn redirect_uri(public_url: &str, provider: &str) -> String {
    let base = public_url.trim_end_matches('/');
    format!("{base}/api/auth/oauth/{provider}/callback")
}
