//! Verifies the password of an account, for a change that requires it.

use super::password::{Password, hashing};
use super::tries::{self, TakenTry};
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::id::UserId;
use mainstay_domain::tries::TryKind;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, PrepareContext, Repositories};

/// A password of an account that was verified outside of the transaction.
#[derive(Debug, Clone)]
pub struct VerifiedPassword {
    /// The hash that it was verified against.
    hash: String,
    taken: TakenTry,
}

impl VerifiedPassword {
    /// Confirms in the transaction that the password is still the account's, and gives the try back.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` when it has changed since it was verified.
    pub(super) async fn confirm(&self, cx: &mut CommandContext<'_>, user: &User) -> Result<()> {
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        if cx.credentials().find(&scope, user.id).await?.as_ref() != Some(&self.hash) {
            return Err(Error::Unauthenticated(Unauthenticated::Credentials));
        }
        self.taken.give_back(cx).await
    }
}

/// Verifies a password against the hash of an account. Wrong ones are counted for the account.
///
/// # Errors
/// `INVALID_CREDENTIALS`, also without a hash; `LOCKED_OUT` after too many wrong ones.
pub(super) async fn verify_for(
    cx: &PrepareContext<'_>,
    (user, hash): (UserId, Option<String>),
    password: &Password,
) -> Result<VerifiedPassword> {
    let refused = || Error::Unauthenticated(Unauthenticated::Credentials);
    let hash = hash.filter(|_| password.is_possible()).ok_or_else(refused)?;
    cx.concerns(user);
    let taken = tries::take(cx, TryKind::StepUp, &user.to_string()).await?;
    let verdict = cx.components().hasher.verify(password.text(), &hash).await;
    match verdict.map_err(hashing)?.ok {
        true => Ok(VerifiedPassword { hash, taken }),
        false => Err(refused()),
    }
}

/// Verifies the password of the caller's account; returns the account, too.
///
/// # Errors
/// As [`verify_for`]; `INVALID_STATE` when the account has no password.
pub(super) async fn verify_own(
    cx: &PrepareContext<'_>,
    password: &Password,
) -> Result<(User, VerifiedPassword)> {
    let missing = || Error::Unauthenticated(Unauthenticated::Missing);
    let id = cx.context().caller.user_id().ok_or_else(missing)?;
    let read = cx.read(move |cx| {
        Box::pin(async move {
            let scope = cx.scope::<User>();
            let user = cx.users().find(&scope, id).await?;
            let hash = cx.credentials().find(&scope, id).await?;
            Ok((user, hash))
        })
    });
    let (user, hash) = read.await?;
    let none = || Error::InvalidState("the account has no password: request a link that sets one".to_owned());
    let hash = hash.ok_or_else(none)?;
    let verified = verify_for(cx, (id, Some(hash)), password).await?;
    Ok((user, verified))
}
