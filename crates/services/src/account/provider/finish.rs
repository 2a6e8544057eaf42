//! Takes a browser back from an identity provider.

use super::attempt::{Attempt, LinkTarget};
use super::begin::redirect_uri;
use super::callback::CallbackParams;
use super::link;
use super::outcome::{Outcome, ProviderRefusal, ProviderSignIn, WrittenProviderSignIn};
use crate::account::browser_secret::BrowserSecret;
use crate::account::one_time::{consume, peek};
use crate::ports::{AuthorizationResponse, IdentityProviders, ProvidedIdentity};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Components, PrepareContext, Repositories, StagedCommand, UseCase};
use mainstay_platform::config::Secret;

/// Finishes what [`BeginProviderSignIn`](super::BeginProviderSignIn) began: verifies the provider's answer and signs the
/// account in, creates it, or links the identity.
#[derive(Debug, Clone)]
pub struct FinishProviderSignIn {
    /// The name of the provider.
    pub provider: String,
    /// The provider's answer.
    pub params: CallbackParams,
    /// The secret from the browser's cookie, if it has one.
    pub browser: Option<Secret<String>>,
}

/// The attempt, and the identity that the provider has proved, or why it did not.
#[derive(Debug, Clone)]
pub struct VerifiedAnswer {
    attempt: Attempt,
    identity: Result<ProvidedIdentity, ProviderRefusal>,
}

impl UseCase for FinishProviderSignIn {
    const NAME: &'static str = "account.provider.finish";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(30);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = ProviderSignIn;
}

fn invalid() -> Error {
    Error::Unauthenticated(Unauthenticated::Invalid)
}

impl FinishProviderSignIn {
    fn state(&self) -> Result<&str> {
        let state = self.params.state.as_ref().ok_or_else(invalid)?;
        Ok(state.expose())
    }

    /// The attempt that the state names, if this browser began it at this provider.
    async fn attempt(&self, cx: &PrepareContext<'_>) -> Result<Attempt> {
        let browser = BrowserSecret::presented(self.browser.as_ref())?;
        let token = peek(cx, TokenPurpose::ProviderSignIn, self.state()?).await?;
        if !browser.owns(&token) {
            return Err(invalid());
        }
        let payload = token
            .payload
            .ok_or_else(|| Error::bug("an attempt has no payload"))?;
        let attempt = Attempt::open(&payload, &browser.digest(), &cx.components().sealer)?;
        if attempt.provider != self.provider {
            return Err(invalid());
        }
        Ok(attempt)
    }

    /// Has the provider prove the identity.
    async fn identify(&self, attempt: &Attempt, cx: &PrepareContext<'_>) -> Result<ProvidedIdentity> {
        let code = self
            .params
            .code
            .clone()
            .ok_or(Error::Unauthenticated(Unauthenticated::Credentials))?;
        let response = AuthorizationResponse {
            code,
            issuer: self.params.issuer.clone(),
            redirect_uri: redirect_uri(&cx.components().policies.public_url, &attempt.provider),
            verifier: attempt.verifier.clone(),
            nonce: attempt.nonce.clone(),
        };
        let providers = cx.extension::<dyn IdentityProviders>()?;
        providers.identify(&attempt.provider, &response).await
    }
}

/// The refusal that an error of the provider is, or the error itself where it is none of the provider's.
fn refusal(error: Error) -> Result<ProviderRefusal> {
    match error {
        Error::Unauthenticated(_) => Ok(ProviderRefusal::Unproved),
        Error::Denied(_) => Ok(ProviderRefusal::OtherDomain),
        Error::Unavailable { .. } => Ok(ProviderRefusal::Unavailable),
        other => Err(other),
    }
}

/// What an error of the authorization endpoint means (RFC 6749, 4.1.2.1).
fn declined(error: &str) -> ProviderRefusal {
    match error {
        "access_denied" | "login_required" | "consent_required" | "interaction_required" => {
            ProviderRefusal::Declined
        }
        "server_error" | "temporarily_unavailable" => ProviderRefusal::Unavailable,
        _ => ProviderRefusal::Unproved,
    }
}

impl StagedCommand for FinishProviderSignIn {
    type Prepared = VerifiedAnswer;
    type Written = WrittenProviderSignIn;
    /// A refused answer uses up the attempt and changes nothing else; it is a security event.
    const RECORDS_NO_EVENT: bool = true;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<VerifiedAnswer> {
        let attempt = self.attempt(cx).await?;
        let identity = match &self.params.error {
            Some(error) => Err(declined(error)),
            None => match self.identify(&attempt, cx).await {
                Ok(identity) => Ok(identity),
                Err(error) => Err(refusal(error)?),
            },
        };
        Ok(VerifiedAnswer { attempt, identity })
    }

    async fn run(self, answer: VerifiedAnswer, cx: &mut CommandContext<'_>) -> Result<WrittenProviderSignIn> {
        // Of two requests with the same state, one gets further.
        consume(cx, TokenPurpose::ProviderSignIn, self.state()?).await?;
        let VerifiedAnswer { attempt, identity } = answer;
        let outcome = match identity {
            Ok(identity) => match attempt.link_to {
                Some(target) => link_to(cx, &attempt.provider, &identity, target).await?,
                None => link::sign_in(cx, &attempt.provider, &identity).await?,
            },
            Err(refusal) => Outcome::Refused(refusal),
        };
        if let Outcome::Refused(refusal) = &outcome {
            cx.refused(Self::NAME, refusal.error());
        }
        Ok(WrittenProviderSignIn {
            return_to: attempt.return_to,
            outcome,
        })
    }

    fn finish(written: WrittenProviderSignIn, components: &Components) -> Result<ProviderSignIn> {
        written.sign(components)
    }
}

/// Links the identity to the account that was signed in when it began, if the session that asked for it is still live.
async fn link_to(
    cx: &mut CommandContext<'_>,
    provider: &str,
    identity: &ProvidedIdentity,
    target: LinkTarget,
) -> Result<Outcome> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let session = cx.sessions().find(&scope, target.session).await;
    match session {
        Ok(session) if session.is_live(cx.now()) && session.user_id == target.user => {}
        Ok(_) | Err(Error::NotFound) => return Ok(Outcome::Refused(ProviderRefusal::SessionOver)),
        Err(error) => return Err(error),
    }
    link::link(cx, provider, identity, target.user).await
}
