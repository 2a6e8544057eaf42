//! What follows when a client proves that it reads the mail of an account's address.
//!
//! An address is first only a claim: a stranger may have registered it, with a password of their own. The reader of its
//! mail owns it. So the first proof drops everything by which the account could be used before (pre-hijacking).

use super::end_sessions::end_sessions_of;
use super::one_time::{NewToken, issue};
use super::second_factor::follow_factors;
use crate::api_key::revoke_api_keys_of;
use crate::mail::{self, AccountMail};
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::{SessionId, UserId};
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::user::User;
use mainstay_engine::access::AccessChange;
use mainstay_engine::{CommandContext, Repositories, Secret};
use serde_json::json;

/// Confirms the address of an account for a client that proved, and by nothing else, that it reads the mail of this
/// address: it followed a link or typed a code from a mail, or a trusted identity provider vouches for the address.
/// Returns the account as it is now.
///
/// If the address was not confirmed before, the client that registered it may have been a stranger: the password, the
/// identities, the passkeys, the other second factors, the sessions, the API keys and the one-time tokens that came before
/// are removed. Otherwise nothing changes.
///
/// # Errors
/// Only the database's.
pub(crate) async fn own_address(cx: &mut CommandContext<'_>, user: User) -> Result<User> {
    if user.email_verified {
        return Ok(user);
    }
    let user = remove_credentials(cx, &user).await?;
    confirm_address(cx, user).await
}

/// Marks the address of an account as confirmed, and leaves everything else: for a client that also proved that the
/// account is its own.
pub(super) async fn confirm_address(cx: &mut CommandContext<'_>, before: User) -> Result<User> {
    let after = User {
        email_verified: true,
        ..before.clone()
    };
    let after = after.touched(cx.now());
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::CONFIRM_EMAIL, &before)?;
    cx.users().save(&permit, &after).await?;
    cx.one_time_tokens()
        .revoke_of(after.id, TokenPurpose::VerifyEmail)
        .await?;
    let event = DomainEvent::acted("user.email-confirmed", "EMAIL_CONFIRMED", &before, &after);
    cx.record(permit, event);
    note_access(cx, after.id).await?;
    Ok(after)
}

/// Removes the password, the identities at providers, the passkeys and other second factors, the sessions, the API keys and
/// the one-time tokens of an account: whatever a stranger may have added to an account that they registered. What signs in, or hinders signing
/// in, has to be removed here. Returns the account as it is then.
async fn remove_credentials(cx: &mut CommandContext<'_>, user: &User) -> Result<User> {
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::CONFIRM_EMAIL, user)?;
    let password = cx.credentials().remove(&permit, user).await?;
    let identities = cx.identities().remove_all(&permit, user).await?;
    let passkeys = cx.passkeys().remove_all(&permit, user).await?;
    let tokens = cx.one_time_tokens().revoke_every_of(user.id).await?;
    end_sessions_of(cx, user, None).await?;
    revoke_api_keys_of(cx, user).await?;
    let facts =
        json!({"password": password, "identities": identities, "passkeys": passkeys, "tokens": tokens});
    cx.record(
        permit,
        DomainEvent::noted("user.credentials-removed", "CREDENTIALS_REMOVED", &facts),
    );
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::RESET_FACTORS, user)?;
    cx.totp_factors().delete(&permit, user).await?;
    follow_factors(cx, &permit, user).await
}

/// What follows when the password of an account was set: ends its sessions, except one if given, and revokes the links in
/// mails that were requested before.
pub(super) async fn end_after_password(
    cx: &mut CommandContext<'_>,
    user: &User,
    except: Option<SessionId>,
) -> Result<()> {
    end_sessions_of(cx, user, except).await?;
    cx.one_time_tokens().revoke_every_of(user.id).await?;
    Ok(())
}

/// Passes the changed access of an account to this node's directory.
pub(super) async fn note_access(cx: &mut CommandContext<'_>, id: UserId) -> Result<()> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    if let Some(facts) = cx.users().access_facts(&scope, id).await? {
        cx.access_changed(AccessChange::User(facts));
    }
    Ok(())
}

/// Issues a token that was sent to the present address of an account, and stops working when the address changes.
pub(super) async fn issue_to_address(
    cx: &mut CommandContext<'_>,
    purpose: TokenPurpose,
    user: &User,
) -> Result<Secret<String>> {
    let new = NewToken {
        payload: Some(user.email.as_str().to_owned()),
        ..NewToken::of(purpose, user.id)
    };
    let token = issue(cx, new).await?;
    Ok(Secret::new(token.text().to_owned()))
}

/// Mails the link that confirms the account's address.
pub(super) async fn send_verification(cx: &mut CommandContext<'_>, user: &User) -> Result<()> {
    let token = issue_to_address(cx, TokenPurpose::VerifyEmail, user).await?;
    mail::send(cx, user, AccountMail::VerifyEmail { token })
}
