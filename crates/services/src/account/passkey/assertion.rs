//! The use of a passkey: verified before the transaction, recorded in it.

use super::challenge::{self, Challenge};
use super::site::{internal, site};
use crate::ShopRepositories;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::passkey::{CounterVerdict, Passkey};
use mainstay_domain::security::SecurityEventKind;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext};
use mainstay_platform::crypto::base64url;
use mainstay_platform::crypto::passkey::{
    AssertionResponse, MAX_CREDENTIAL_ID, PasskeyError, VerifiedAssertion,
};

/// A response whose signature was verified, before the transaction that uses its challenge.
#[derive(Debug, Clone)]
pub struct VerifiedPasskey {
    challenge: Challenge,
    passkey: Passkey,
    verified: VerifiedAssertion,
}

/// The refusal of a passkey. It is the same for whatever is wrong.
fn refused(purpose: TokenPurpose) -> Error {
    Error::Unauthenticated(match purpose {
        TokenPurpose::PasskeyFactor => Unauthenticated::PasskeyFactor,
        _ => Unauthenticated::Passkey,
    })
}

/// Verifies a browser's response to a challenge: by a passkey of `expected`, where the account is known; the challenge was
/// issued for no other account.
///
/// # Errors
/// `TOKEN_INVALID` when the challenge was used, has expired, or was issued for another use or account;
/// `INVALID_CREDENTIALS` or, for a second factor, `MFA_INVALID` when the passkey is not accepted.
pub(in crate::account) async fn verify_passkey(
    cx: &PrepareContext<'_>,
    purpose: TokenPurpose,
    response: &AssertionResponse,
    expected: Option<UserId>,
) -> Result<VerifiedPasskey> {
    let challenge = challenge::find(cx, purpose, response.digest()).await?;
    if expected.is_some() && challenge.user_id != expected {
        return Err(Error::Unauthenticated(Unauthenticated::Invalid));
    }
    if response.credential_id.len() > MAX_CREDENTIAL_ID {
        return Err(refused(purpose));
    }
    let id = base64url(&response.credential_id);
    let read = cx.read(move |cx| {
        Box::pin(async move {
            let scope = cx.scope_of(SystemCaller::SIGN_IN);
            cx.passkeys().find_by_credential(&scope, &id).await
        })
    });
    let stored = read.await?.ok_or_else(|| refused(purpose))?;
    let passkey = stored.passkey;
    cx.concerns(passkey.user_id);
    if !is_of_account(&passkey, challenge.user_id, response) {
        return Err(refused(purpose));
    }
    let verified = site(cx.components())?.finish_assertion(&challenge.state, response, &stored.credential);
    let verified = verified.map_err(|error| match error {
        PasskeyError::Refused(why) => {
            tracing::info!(why, passkey = %passkey.id, "a passkey is refused");
            refused(purpose)
        }
        error @ PasskeyError::Internal(_) => internal(error),
    })?;
    let verified = VerifiedPasskey {
        challenge,
        passkey,
        verified,
    };
    check_counter(&verified.passkey, &verified.verified)?;
    Ok(verified)
}

/// Whether a passkey belongs to the account of the challenge, or, where that names none, to the one that the response
/// names (WebAuthn level 3, 7.2, step 6).
fn is_of_account(passkey: &Passkey, challenged: Option<UserId>, response: &AssertionResponse) -> bool {
    let named = response.user_handle.as_deref();
    let names_owner = named.map(|handle| handle == passkey.user_id.uuid().as_bytes());
    match challenged {
        Some(user) => user == passkey.user_id && names_owner != Some(false),
        None => names_owner == Some(true),
    }
}

/// Refuses a copy.
fn check_counter(passkey: &Passkey, verified: &VerifiedAssertion) -> Result<CounterVerdict> {
    match passkey.judge(verified.counter) {
        CounterVerdict::Copied => Err(Error::Unauthenticated(Unauthenticated::PasskeyCopied)),
        verdict @ (CounterVerdict::Good | CounterVerdict::Suspicious) => Ok(verdict),
    }
}

/// Uses the challenge of a verified response, and records the use of its passkey; returns it as it is then. Of two uses of
/// one challenge, one succeeds.
///
/// # Errors
/// `TOKEN_INVALID` when the challenge was used meanwhile; as [`verify_passkey`] when the passkey was removed or used
/// with another counter meanwhile.
pub(in crate::account) async fn use_passkey(
    cx: &mut CommandContext<'_>,
    verified: &VerifiedPasskey,
    operation: &'static str,
) -> Result<Passkey> {
    challenge::consume(cx, &verified.challenge).await?;
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let found = cx
        .passkeys()
        .find_by_credential(&scope, &verified.passkey.credential_id)
        .await?;
    let before = found
        .map(|stored| stored.passkey)
        .filter(|found| found.id == verified.passkey.id)
        .ok_or_else(|| refused(verified.challenge.purpose))?;
    if check_counter(&before, &verified.verified)? == CounterVerdict::Suspicious {
        cx.suspected(SecurityEventKind::PasskeyCopied, before.user_id, operation);
    }
    let after = Passkey {
        counter: verified.verified.counter.into(),
        backed_up: verified.verified.backed_up,
        last_used_at: Some(cx.now()),
        ..before.clone()
    };
    let permit = cx.permit_of(SystemCaller::SIGN_IN, Passkey::USE, &before)?;
    cx.passkeys().used(&permit, &after, before.counter).await?;
    cx.act_for(before.user_id);
    cx.record(permit, DomainEvent::acted("passkey.used", "USE", &before, &after));
    Ok(after)
}
