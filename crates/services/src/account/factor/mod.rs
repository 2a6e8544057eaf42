//! Second factors: authenticator apps and recovery codes, and sign-in by a second factor of any kind.

mod code;
mod disable_totp;
mod enable_totp;
mod recovery_codes;
mod reset;
mod set_up_totp;
mod verify;

pub use code::FactorCode;
pub(super) use code::{MatchedCode, match_code, use_code, wrong_code};
pub use disable_totp::DisableTotp;
pub use enable_totp::EnableTotp;
pub(super) use recovery_codes::renew;
pub use recovery_codes::{RecoveryCodeList, RenewRecoveryCodes};
pub use reset::reset_factors;
pub use set_up_totp::{SetUpTotp, TotpSetup};
pub use verify::{FactorProof, VerifyFactor};

use mainstay_domain::error::Unauthenticated;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Repositories};

/// The account of the caller.
pub(super) async fn own_account(cx: &mut CommandContext<'_>) -> Result<User> {
    let missing = Error::Unauthenticated(Unauthenticated::Missing);
    let id = cx.caller().user_id().ok_or(missing)?;
    let scope = cx.scope::<User>();
    cx.users().find(&scope, id).await
}
