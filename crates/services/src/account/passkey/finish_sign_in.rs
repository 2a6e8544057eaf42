//! Signs a user in by a passkey.

use super::assertion::{VerifiedPasskey, use_passkey, verify_passkey};
use crate::account::sign_in::{SignIn, WrittenSignIn, complete_with_both_factors};
use crate::account::tries::{self, TakenTry};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::tries::TryKind;
use mainstay_engine::{CommandContext, Components, PrepareContext, Repositories, StagedCommand, UseCase};
use mainstay_platform::crypto::passkey::AssertionResponse;

/// Signs a user in by the passkey of a browser's response. The authenticator has verified its user, so no second factor is
/// asked for.
#[derive(Debug, Clone)]
pub struct FinishPasskeySignIn {
    /// The browser's response.
    pub response: AssertionResponse,
}

impl UseCase for FinishPasskeySignIn {
    const NAME: &'static str = "passkey.sign-in";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(60);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = SignIn;
}

impl StagedCommand for FinishPasskeySignIn {
    type Prepared = (VerifiedPasskey, TakenTry);
    type Written = WrittenSignIn;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<(VerifiedPasskey, TakenTry)> {
        let taken = tries::take(cx, TryKind::Passkey, "").await?;
        let verified = verify_passkey(cx, TokenPurpose::PasskeySignIn, &self.response, None).await?;
        Ok((verified, taken))
    }

    async fn run(
        self,
        (verified, taken): (VerifiedPasskey, TakenTry),
        cx: &mut CommandContext<'_>,
    ) -> Result<WrittenSignIn> {
        let passkey = use_passkey(cx, &verified, Self::NAME).await?;
        taken.give_back(cx).await?;
        let scope = cx.scope_of(SystemCaller::SIGN_IN);
        let user = cx.users().find(&scope, passkey.user_id).await?;
        complete_with_both_factors(cx, user, SignInMethod::Passkey).await
    }

    fn finish(written: WrittenSignIn, components: &Components) -> Result<SignIn> {
        written.sign(components)
    }
}
