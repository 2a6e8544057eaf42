//! Verifies the password of the caller's own account, for a change that requires it.

use super::password::{Password, hashing};
use super::tries::{self, TakenTry};
use mainstay_domain::Result;
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::tries::TryKind;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, PrepareContext, Repositories};

/// A password of the caller's own account that was verified.
#[derive(Debug, Clone)]
pub struct VerifiedPassword {
    hash: String,
    taken: TakenTry,
}

impl VerifiedPassword {
    /// Checks, in the transaction, that the password has not changed since it was verified, and gives the try back.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`.
    pub(super) async fn check_current(&self, cx: &mut CommandContext<'_>, user: &User) -> Result<()> {
        let scope = cx.scope::<User>();
        if cx.credentials().find(&scope, user.id).await?.as_ref() != Some(&self.hash) {
            return Err(Error::Unauthenticated(Unauthenticated::Credentials));
        }
        self.taken.give_back(cx).await
    }
}

/// Verifies the password of the caller's account; returns the account, too. A stolen session must not serve to guess
/// the password, so a try is taken before.
///
/// # Errors
/// `INVALID_CREDENTIALS`; `LOCKED_OUT`; `INVALID_STATE` when the account has no password.
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
    let taken = tries::take(cx, TryKind::StepUp, &id.to_string()).await?;
    let is_right = password.is_possible() && {
        let verdict = cx.components().hasher.verify(password.text(), &hash).await;
        verdict.map_err(hashing)?.ok
    };
    match is_right {
        true => Ok((user, VerifiedPassword { hash, taken })),
        false => Err(Error::Unauthenticated(Unauthenticated::Credentials)),
    }
}
