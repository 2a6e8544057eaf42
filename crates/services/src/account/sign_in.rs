//! The end of every way to sign in: a session, or the request for a second factor.

use super::one_time::{NewToken, issue};
use super::opening::open_session;
use super::second_factor::second_factors;
use super::spelled;
use super::tokens::{OpenedSession, Tokens};
use mainstay_domain::access::SystemCaller;
use mainstay_domain::error::Denied;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::factor::SecondFactor;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Components};
use mainstay_platform::config::Secret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;

/// The answer to a first factor.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// The account is signed in.
    Tokens(Box<Tokens>),
    /// The account has a second factor, which is asked for next.
    SecondFactor(FactorRequest),
}

/// What a client needs to present a second factor. Its `Debug` output hides the token; dropping wipes it.
#[derive(Clone, Serialize, Deserialize)]
pub struct FactorRequest {
    /// Proves the first factor; valid for [`TokenPurpose::SecondFactor`]'s time.
    #[serde(with = "spelled")]
    pub token: Secret<String>,
    /// The factors that the account has.
    pub methods: Vec<SecondFactor>,
}

/// A [`SignIn`] whose tokens are yet to be signed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum WrittenSignIn {
    /// A session was opened.
    Opened(Box<OpenedSession>),
    /// A second factor is asked for.
    SecondFactor(FactorRequest),
}

impl WrittenSignIn {
    /// Signs the tokens, where there are any.
    ///
    /// # Errors
    /// An internal error when the signing key cannot sign.
    pub(crate) fn sign(self, components: &Components) -> Result<SignIn> {
        match self {
            Self::Opened(session) => Ok(SignIn::Tokens(Box::new(session.sign(components)?))),
            Self::SecondFactor(request) => Ok(SignIn::SecondFactor(request)),
        }
    }
}

impl fmt::Debug for FactorRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FactorRequest({:?})", self.methods)
    }
}

/// Ends a sign-in for an account whose first factor was verified: opens a session, or asks for the second factor.
///
/// # Errors
/// `ACCOUNT_DISABLED`; `EMAIL_UNVERIFIED` where addresses have to be confirmed first. A first factor that proves the
/// address calls [`own_address`](super::own_address::own_address) before.
pub(crate) async fn complete_sign_in(
    cx: &mut CommandContext<'_>,
    user: User,
    method: SignInMethod,
) -> Result<WrittenSignIn> {
    check_may_sign_in(cx, &user)?;
    let methods = second_factors(cx, &user).await?;
    if methods.is_empty() {
        let opened = open_session(cx, user, method).await?;
        return Ok(WrittenSignIn::Opened(Box::new(opened)));
    }
    let new = NewToken {
        payload: Some(method.as_str().to_owned()),
        ..NewToken::of(TokenPurpose::SecondFactor, user.id)
    };
    let token = issue(cx, new).await?;
    // For the audit trail: a client that proves no second factor may have stolen the first.
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::USE_FACTOR, &user)?;
    let event = DomainEvent::noted(
        "user.first-factor-verified",
        "FIRST_FACTOR",
        &json!({"method": method}),
    );
    cx.record(permit, event);
    Ok(WrittenSignIn::SecondFactor(FactorRequest {
        token: Secret::new(token.text().to_owned()),
        methods,
    }))
}

/// Ends a sign-in by a passkey whose authenticator verified its user: opens a session, and asks for no second factor.
///
/// # Errors
/// As [`complete_sign_in`].
pub(super) async fn complete_with_both_factors(
    cx: &mut CommandContext<'_>,
    user: User,
    method: SignInMethod,
) -> Result<OpenedSession> {
    check_may_sign_in(cx, &user)?;
    open_session(cx, user, method).await
}

fn check_may_sign_in(cx: &CommandContext<'_>, user: &User) -> Result<()> {
    user.check_usable()?;
    if cx.components().policies.confirm_email_first && !user.email_verified {
        return Err(Error::Denied(Denied::EmailUnverified));
    }
    Ok(())
}
