//! Verifies the password of the caller's own account, for a change that requires it.

use super::password::{Password, hashing};
use mainstay_domain::Result;
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::user::User;
use mainstay_engine::{PrepareContext, Repositories};

/// Verifies the password of the caller's account; returns the account, and the hash that the password was verified
/// against.
///
/// # Errors
/// `INVALID_CREDENTIALS`; `INVALID_STATE` when the account has no password.
pub(super) async fn verify_own(cx: &PrepareContext<'_>, password: &Password) -> Result<(User, String)> {
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
    let is_right = password.is_possible() && {
        let verdict = cx.components().hasher.verify(password.text(), &hash).await;
        verdict.map_err(hashing)?.ok
    };
    match is_right {
        true => Ok((user, hash)),
        false => Err(Error::Unauthenticated(Unauthenticated::Credentials)),
    }
}
