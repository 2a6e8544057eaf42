//! Signs a user in with an e-mail address and a password.

use super::password::{Password, hashing};
use super::sign_in::{SignIn, WrittenSignIn, complete_sign_in};
use super::tries::{self, TakenTry};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::id::UserId;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::tries::TryKind;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Components, PrepareContext, Repositories, StagedCommand, UseCase};
use uuid::Uuid;

/// Signs a user in. A wrong address and a wrong password get the same answer, in the same time.
#[derive(Debug, Clone)]
pub struct Login {
    email: Email,
    password: Password,
}

/// An account whose password was verified, and the hash that it was verified against.
#[derive(Debug, Clone)]
pub struct VerifiedCredentials {
    user: UserId,
    hash: String,
    /// A hash by the current parameters, when the stored one was made by weaker ones.
    better: Option<String>,
    taken: TakenTry,
}

impl Login {
    /// A sign-in with the given credentials.
    pub fn new(email: Email, password: Password) -> Self {
        Self { email, password }
    }

    fn refused() -> Error {
        Error::Unauthenticated(Unauthenticated::Credentials)
    }
}

impl UseCase for Login {
    const NAME: &'static str = "account.login";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(60);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = SignIn;
}

impl StagedCommand for Login {
    type Prepared = VerifiedCredentials;
    type Written = WrittenSignIn;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<VerifiedCredentials> {
        let email = self.email.clone();
        let known = cx
            .read(move |cx| {
                Box::pin(async move {
                    let users = cx.scope_of(SystemCaller::SIGN_IN);
                    let user = cx.users().find_by_email(&users, &email).await?;
                    // Also without an account: an unknown address takes the same queries as a known one.
                    let id = user.map_or(UserId::from_uuid(Uuid::nil()), |user| user.id);
                    let hash = cx.credentials().find(&users, id).await?;
                    Ok(hash.map(|hash| (id, hash)))
                })
            })
            .await?;
        if let Some((user, _)) = &known {
            cx.concerns(*user);
        }
        let taken = tries::take(cx, TryKind::Password, self.email.as_str()).await?;
        let hasher = &cx.components().hasher;
        let password = self.password.text();
        let Some((user, hash)) = known.filter(|_| self.password.is_possible()) else {
            hasher.verify_nothing(password).await.map_err(hashing)?;
            return Err(Self::refused());
        };
        let verdict = hasher.verify(password, &hash).await.map_err(hashing)?;
        if !verdict.ok {
            return Err(Self::refused());
        }
        let better = match verdict.needs_rehash {
            true => Some(self.password.rehash(hasher).await?),
            false => None,
        };
        Ok(VerifiedCredentials {
            user,
            hash,
            better,
            taken,
        })
    }

    async fn run(self, verified: VerifiedCredentials, cx: &mut CommandContext<'_>) -> Result<WrittenSignIn> {
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        // The password may have changed, or the account may be gone, since the password was verified.
        let found = cx.users().find(&scope, verified.user).await;
        let user = found.map_err(|error| match error {
            Error::NotFound => Self::refused(),
            // An unavailable database proves nothing about the password.
            other => other,
        })?;
        if cx.credentials().find(&scope, user.id).await?.as_ref() != Some(&verified.hash) {
            return Err(Self::refused());
        }
        verified.taken.give_back(cx).await?;
        if let Some(better) = verified.better {
            let (permit, now) = (
                cx.permit_of(SystemCaller::SIGN_IN, User::REHASH, &user)?,
                cx.now(),
            );
            cx.credentials().set(&permit, &user, &better, now).await?;
        }
        complete_sign_in(cx, user, SignInMethod::Password).await
    }

    fn finish(written: WrittenSignIn, components: &Components) -> Result<SignIn> {
        written.sign(components)
    }
}
