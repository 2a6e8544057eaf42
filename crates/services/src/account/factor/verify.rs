//! Finishes a sign-in with a second factor.

use super::super::one_time::{consume, peek};
use super::super::sign_in::{SignIn, WrittenSignIn, open_or_offer};
use super::super::tries::{self, TakenTry};
use super::code::{FactorCode, MatchedCode, match_code, use_code};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::id::UserId;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::tries::TryKind;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Components, PrepareContext, Repositories, StagedCommand, UseCase};
use mainstay_platform::config::Secret;

/// Finishes a sign-in whose first factor was verified, with a code of a second one. The token of the first factor outlives
/// wrong codes, whose number is limited, and works once.
#[derive(Debug, Clone)]
pub struct VerifyFactor {
    token: Secret<String>,
    code: Option<FactorCode>,
}

impl VerifyFactor {
    /// The token of the first factor, and a code; `None` for a text that is no code.
    pub fn new(token: Secret<String>, code: Option<FactorCode>) -> Self {
        Self { token, code }
    }
}

/// An account whose second factor was found to be right.
#[derive(Debug, Clone)]
pub struct VerifiedFactor {
    user: UserId,
    matched: MatchedCode,
    taken: TakenTry,
}

impl UseCase for VerifyFactor {
    const NAME: &'static str = "account.verify-factor";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(60);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = SignIn;
}

impl StagedCommand for VerifyFactor {
    type Prepared = VerifiedFactor;
    type Written = WrittenSignIn;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<VerifiedFactor> {
        let invalid = Error::Unauthenticated(Unauthenticated::Invalid);
        let token = peek(cx, TokenPurpose::SecondFactor, self.token.expose()).await?;
        let user = token.user_id.ok_or(invalid)?;
        cx.concerns(user);
        let taken = tries::take(cx, TryKind::SecondFactor, &user.to_string()).await?;
        let matched = match_code(cx, user, self.code.as_ref()).await?;
        Ok(VerifiedFactor { user, matched, taken })
    }

    async fn run(self, verified: VerifiedFactor, cx: &mut CommandContext<'_>) -> Result<WrittenSignIn> {
        let token = consume(cx, TokenPurpose::SecondFactor, self.token.expose()).await?;
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        let user = cx.users().find(&scope, verified.user).await?;
        let permit = cx.permit_of(SystemCaller::SIGN_IN, User::USE_FACTOR, &user)?;
        cx.act_for(user.id);
        use_code(cx, permit, &user, &verified.matched).await?;
        verified.taken.give_back(cx).await?;
        let method = token.payload.as_deref().and_then(SignInMethod::find);
        let method = method.ok_or_else(|| Error::bug("the token of a first factor does not name it"))?;
        open_or_offer(cx, user, method).await
    }

    fn finish(written: WrittenSignIn, components: &Components) -> Result<SignIn> {
        written.sign(components)
    }
}
