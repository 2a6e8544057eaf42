//! Rank: an account outranks another one when it holds every permission that the other holds. Only then may it change
//! the other, and it gives only what it holds itself (OWASP API5:2023; without both rules, one permission to change
//! accounts leads to all others).

use mainstay_domain::access::{Caller, Credential, Grant, PermissionSet, RoleName, SystemCaller};
use mainstay_domain::error::{Denied, Unauthenticated};
use mainstay_domain::id::UserId;
use mainstay_domain::user::{AccessFacts, User};
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Repositories};
use std::sync::Arc;

/// What an account holds, as it is in this transaction.
struct Holdings {
    /// Everything that it holds now.
    now: PermissionSet,
    /// What it holds without an end: by its role, and by grants that do not expire.
    lasting: PermissionSet,
}

impl Holdings {
    /// What an API key with these scopes permits of it. To outrank another account, what everyone holds who registers
    /// (`common`) counts, too: changing such an account leads to nothing that a key has to be kept from.
    fn limited_to(&self, mut scopes: Vec<String>, common: &PermissionSet) -> Self {
        let lasting = self.lasting.restricted_to(&scopes);
        scopes.extend(common.names());
        let now = self.now.restricted_to(&scopes);
        Self { now, lasting }
    }
}

/// Refuses a caller who does not hold every permission that the account holds now. Every use case by which one account
/// changes another one asks here. Mainstay itself may change each account. A caller who signed in may change their own; an
/// API key may not change its owner's, whatever its scopes are.
///
/// # Errors
/// `FORBIDDEN`.
pub(crate) async fn check_rank(cx: &mut CommandContext<'_>, target: &User) -> Result<()> {
    if let Some(principal) = cx.caller().principal()
        && principal.id == target.id
    {
        return principal.session().map(drop);
    }
    let holdings = holdings_of(cx, target.id).await?;
    check_outranks(cx, &holdings.now).await
}

/// Refuses a caller who does not hold all of these permissions now: those of a role that they would change.
///
/// # Errors
/// `FORBIDDEN`.
pub(crate) async fn check_outranks(cx: &mut CommandContext<'_>, held: &PermissionSet) -> Result<()> {
    match caller_holds(cx).await? {
        Some(caller) if !caller.now.covers(held) => Err(Error::Denied(Denied::Rank)),
        _ => Ok(()),
    }
}

/// Refuses a caller who would give permissions without an end that they do not hold without an end themselves:
/// otherwise the holder of a permission for a minute could give it to themselves permanently.
///
/// # Errors
/// `FORBIDDEN`.
pub(crate) async fn check_gives(cx: &mut CommandContext<'_>, given: &PermissionSet) -> Result<()> {
    match caller_holds(cx).await? {
        Some(caller) if !caller.lasting.covers(given) => Err(Error::Denied(Denied::NotHeld)),
        _ => Ok(()),
    }
}

/// What the caller holds as an account, and with an API key no more of it than its scopes; `None` for Mainstay itself.
async fn caller_holds(cx: &mut CommandContext<'_>) -> Result<Option<Holdings>> {
    match cx.caller() {
        Caller::System(_) => Ok(None),
        Caller::Anonymous => Err(Error::Unauthenticated(Unauthenticated::Missing)),
        Caller::User(principal) => {
            let principal = Arc::clone(principal);
            let account = holdings_of(cx, principal.id).await?;
            Ok(Some(match principal.credential {
                Credential::Session(_) => account,
                Credential::ApiKey(_) => {
                    let directory = &cx.components().directory;
                    let common = directory.permissions(&RoleName::customer(), &[], cx.now());
                    account.limited_to(principal.permissions.names(), &common)
                }
            }))
        }
    }
}

async fn holdings_of(cx: &mut CommandContext<'_>, id: UserId) -> Result<Holdings> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let facts = cx.users().access_facts(&scope, id).await?;
    let AccessFacts { role, grants, .. } = facts.ok_or(Error::NotFound)?;
    let (directory, now) = (&cx.components().directory, cx.now());
    let endless: Vec<Grant> = grants
        .iter()
        .filter(|grant| grant.until.is_none())
        .cloned()
        .collect();
    Ok(Holdings {
        now: directory.permissions(&role, &grants, now),
        lasting: directory.permissions(&role, &endless, now),
    })
}
