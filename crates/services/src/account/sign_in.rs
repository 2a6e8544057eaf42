//! The end of every way to sign in: a session, or the request for a second factor.

use super::one_time::{NewToken, issue};
use super::opening::open_session;
use super::second_factor::second_factors;
use super::spelled;
use super::tokens::{OpenedSession, Tokens};
use mainstay_domain::access::SystemCaller;
use mainstay_domain::error::{Denied, Unauthenticated};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::factor::SecondFactor;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::time::Timestamp;
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
    /// The account is to be deleted, as its owner requested, and can be restored.
    Restore(RestoreOffer),
}

/// What a client needs to restore an account that is to be deleted. Its `Debug` output hides the token; dropping wipes it.
#[derive(Clone, Serialize, Deserialize)]
pub struct RestoreOffer {
    /// Proves the sign-in; valid for [`TokenPurpose::RestoreAccount`]'s time.
    #[serde(with = "spelled")]
    pub token: Secret<String>,
    /// When the account is deleted unless it is restored.
    pub deletion_at: Timestamp,
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
    /// The account can be restored.
    Restore(RestoreOffer),
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
            Self::Restore(offer) => Ok(SignIn::Restore(offer)),
        }
    }
}

impl fmt::Debug for FactorRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FactorRequest({:?})", self.methods)
    }
}

impl fmt::Debug for RestoreOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RestoreOffer(until {})", self.deletion_at)
    }
}

/// Ends a sign-in for an account whose first factor was verified: opens a session, or asks for the second factor, or offers
/// to restore the account.
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
        return open_or_offer(cx, user, method).await;
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

/// Ends a sign-in by a passkey whose authenticator verified its user: as with all the factors that the account
/// needs.
///
/// # Errors
/// As [`complete_sign_in`].
pub(super) async fn complete_with_both_factors(
    cx: &mut CommandContext<'_>,
    user: User,
    method: SignInMethod,
) -> Result<WrittenSignIn> {
    check_may_sign_in(cx, &user)?;
    open_or_offer(cx, user, method).await
}

fn check_may_sign_in(cx: &CommandContext<'_>, user: &User) -> Result<()> {
    user.check_usable()?;
    if cx.components().policies.confirm_email_first && !user.email_verified {
        return Err(Error::Denied(Denied::EmailUnverified));
    }
    Ok(())
}

/// The end of a sign-in with all the factors that it needs: opens a session. For an account that is to be deleted there is
/// none: the client is offered to restore it. Once its time has come, it is answered as one that is gone, even if its row
/// is still there.
///
/// # Errors
/// `ACCOUNT_DISABLED`; `INVALID_CREDENTIALS` for an account whose time has come.
pub(super) async fn open_or_offer(
    cx: &mut CommandContext<'_>,
    user: User,
    method: SignInMethod,
) -> Result<WrittenSignIn> {
    let Some(deletion_at) = user.deletion_at else {
        let opened = open_session(cx, user, method).await?;
        return Ok(WrittenSignIn::Opened(Box::new(opened)));
    };
    user.check_usable()?;
    if deletion_at <= cx.now() {
        return Err(Error::Unauthenticated(Unauthenticated::Credentials));
    }
    cx.act_for(user.id);
    let new = NewToken {
        payload: Some(method.as_str().to_owned()),
        ..NewToken::of(TokenPurpose::RestoreAccount, user.id)
    };
    let token = issue(cx, new).await?;
    // For the audit trail: the client proved that it is the owner.
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::RESTORE, &user)?;
    let facts = json!({"method": method});
    let event = DomainEvent::noted("user.restoration-offered", "RESTORATION_OFFERED", &facts);
    cx.record(permit, event);
    Ok(WrittenSignIn::Restore(RestoreOffer {
        token: Secret::new(token.text().to_owned()),
        deletion_at,
    }))
}
