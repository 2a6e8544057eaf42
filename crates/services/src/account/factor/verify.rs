//! Finishes a sign-in with a second factor.

use super::super::one_time::{consume, peek};
use super::super::passkey::{AssertionResponse, VerifiedPasskey, use_passkey, verify_passkey};
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

/// Finishes a sign-in whose first factor was verified, with a second one. The token of the first factor outlives wrong
/// proofs, whose number is limited, and works once.
#[derive(Debug, Clone)]
pub struct VerifyFactor {
    token: Secret<String>,
    proof: FactorProof,
}

/// What proves a second factor.
#[derive(Debug, Clone)]
pub enum FactorProof {
    /// A code; `None` for a text that is no code.
    Code(Option<FactorCode>),
    /// A browser's response by a passkey.
    Passkey(AssertionResponse),
}

/// A proof that was found to be right, before the transaction that uses it.
#[derive(Debug, Clone)]
enum MatchedProof {
    Code(MatchedCode),
    Passkey(Box<VerifiedPasskey>),
}

impl VerifyFactor {
    /// The token of the first factor, and the proof of a second one.
    pub fn new(token: Secret<String>, proof: FactorProof) -> Self {
        Self { token, proof }
    }
}

/// An account whose second factor was found to be right.
#[derive(Debug, Clone)]
pub struct VerifiedFactor {
    user: UserId,
    matched: MatchedProof,
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
        let (taken, matched) = match &self.proof {
            FactorProof::Code(code) => {
                let taken = tries::take(cx, TryKind::SecondFactor, &user.to_string()).await?;
                let matched = match_code(cx, user, code.as_ref()).await?;
                (taken, MatchedProof::Code(matched))
            }
            FactorProof::Passkey(response) => {
                let taken = tries::take(cx, TryKind::Passkey, "").await?;
                let purpose = TokenPurpose::PasskeyFactor;
                let verified = verify_passkey(cx, purpose, response, Some(user)).await?;
                (taken, MatchedProof::Passkey(Box::new(verified)))
            }
        };
        Ok(VerifiedFactor { user, matched, taken })
    }

    async fn run(self, verified: VerifiedFactor, cx: &mut CommandContext<'_>) -> Result<WrittenSignIn> {
        let token = consume(cx, TokenPurpose::SecondFactor, self.token.expose()).await?;
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        let user = cx.users().find(&scope, verified.user).await?;
        cx.act_for(user.id);
        match &verified.matched {
            MatchedProof::Code(matched) => {
                let permit = cx.permit_of(SystemCaller::SIGN_IN, User::USE_FACTOR, &user)?;
                use_code(cx, permit, &user, matched).await?;
            }
            MatchedProof::Passkey(verified) => {
                use_passkey(cx, verified, Self::NAME).await?;
            }
        }
        verified.taken.give_back(cx).await?;
        let method = token.payload.as_deref().and_then(SignInMethod::find);
        let method = method.ok_or_else(|| Error::bug("the token of a first factor does not name it"))?;
        open_or_offer(cx, user, method).await
    }

    fn finish(written: WrittenSignIn, components: &Components) -> Result<SignIn> {
        written.sign(components)
    }
}
