//! The second factors that an account has.

use crate::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Permit, SystemCaller};
use mainstay_domain::factor::SecondFactor;
use mainstay_domain::user::User;
use mainstay_engine::access::AccessChange;
use mainstay_engine::{CommandContext, Repositories};

/// The second factors that an account can present; empty when sign-in asks for none.
pub(super) async fn second_factors(cx: &mut CommandContext<'_>, user: &User) -> Result<Vec<SecondFactor>> {
    if !user.mfa_enabled {
        return Ok(Vec::new());
    }
    let mut factors = confirmed_factors(cx, user).await?;
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    if !factors.is_empty() && cx.recovery_codes().unused(&scope, user.id).await? > 0 {
        factors.push(SecondFactor::RecoveryCode);
    }
    Ok(factors)
}

/// The factors that make sign-in ask for one. Recovery codes alone do not: they stand in for another factor.
async fn confirmed_factors(cx: &mut CommandContext<'_>, user: &User) -> Result<Vec<SecondFactor>> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let mut factors = Vec::new();
    let totp = cx.totp_factors().find(&scope, user.id).await?;
    if totp.is_some_and(|totp| totp.confirmed_at.is_some()) {
        factors.push(SecondFactor::Totp);
    }
    let passkeys = cx.scope_of(SystemCaller::SIGN_IN);
    if cx.passkeys().count_of(&passkeys, user.id).await? > 0 {
        factors.push(SecondFactor::Passkey);
    }
    Ok(factors)
}

/// Makes [`User::mfa_enabled`] follow a change of the account's factors, in force at once; ends the step-ups that were made without a factor when there
/// is one; deletes the recovery codes when no factor is left that they stand in for. Returns the account as it is then.
///
/// # Errors
/// Only the database's.
pub(crate) async fn follow_factors(
    cx: &mut CommandContext<'_>,
    permit: &Permit<User>,
    user: &User,
) -> Result<User> {
    let mfa_enabled = !confirmed_factors(cx, user).await?.is_empty();
    if !mfa_enabled {
        cx.recovery_codes().delete(permit, user).await?;
    }
    if mfa_enabled == user.mfa_enabled {
        return Ok(user.clone());
    }
    if mfa_enabled {
        cx.sessions().end_step_ups(permit, user).await?;
    }
    let mut after = user.clone().touched(cx.now());
    after.mfa_enabled = mfa_enabled;
    cx.users().save(permit, &after).await?;
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    if let Some(facts) = cx.users().access_facts(&scope, user.id).await? {
        cx.access_changed(AccessChange::User(facts));
    }
    Ok(after)
}
