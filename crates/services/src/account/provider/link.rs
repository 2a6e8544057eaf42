//! Which account a proved identity signs in to.

use super::label::label;
use super::outcome::{Outcome, ProviderRefusal};
use crate::account::own_address::{own_address, send_verification};
use crate::account::sign_in::complete_sign_in;
use crate::mail::{self, AccountMail, RequestFacts};
use crate::ports::ProvidedIdentity;
use crate::repositories::ShopRepositories;
use mainstay_domain::access::{Permit, RoleName, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::identity::Identity;
use mainstay_domain::name::PersonName;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::user::{NewUser, User, UserStatus};
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Repositories};
use mainstay_repositories::IDENTITY_REFRESH_TOKEN;

/// Signs in with an identity: to the account that it is linked to, to the account of its address where that is safe, or
/// to a new one.
pub(super) async fn sign_in(
    cx: &mut CommandContext<'_>,
    provider: &str,
    identity: &ProvidedIdentity,
) -> Result<Outcome> {
    let known = find(cx, provider, identity).await?;
    let user = match known {
        Some(known) => signs_in_again(cx, provider, known, identity).await?,
        None => match candidate(cx, identity).await? {
            Ok(Candidate::Account(user)) => {
                insert(cx, provider, identity, user.id).await?;
                inform_owner(cx, provider, &user)?;
                *user
            }
            Ok(Candidate::Address(email)) => {
                let user = create(cx, email, identity).await?;
                insert(cx, provider, identity, user.id).await?;
                user
            }
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        },
    };
    if user.check_usable().is_err() {
        return Ok(Outcome::Refused(ProviderRefusal::Disabled));
    }
    if cx.components().policies.confirm_email_first && !user.email_verified {
        return Ok(Outcome::Refused(ProviderRefusal::AddressUnverified));
    }
    complete_sign_in(cx, user, SignInMethod::Provider)
        .await
        .map(Outcome::SignedIn)
}

/// The account of a known identity. Where the provider vouches for the account's address, which was not confirmed
/// before, nothing else that was set up for the account signs in any more: the identity alone stays.
async fn signs_in_again(
    cx: &mut CommandContext<'_>,
    provider: &str,
    known: Identity,
    identity: &ProvidedIdentity,
) -> Result<User> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let user = cx.users().find(&scope, known.user_id).await?;
    let is_first_proof =
        !user.email_verified && identity.email_verified && identity.email.as_ref() == Some(&user.email);
    if !is_first_proof || user.check_usable().is_err() {
        used(cx, known, identity).await?;
        return Ok(user);
    }
    let user = own_address(cx, user).await?;
    insert(cx, provider, identity, user.id).await?;
    Ok(user)
}

/// Links an identity to the account of a signed-in user. Linking it again changes nothing.
pub(super) async fn link(
    cx: &mut CommandContext<'_>,
    provider: &str,
    identity: &ProvidedIdentity,
    user: UserId,
) -> Result<Outcome> {
    match find(cx, provider, identity).await? {
        Some(known) if known.user_id == user => {
            let known = used(cx, known, identity).await?;
            Ok(Outcome::Linked(Box::new(known)))
        }
        Some(_) => Ok(Outcome::Refused(ProviderRefusal::LinkedElsewhere)),
        None => {
            let linked = insert(cx, provider, identity, user).await?;
            let account = cx.scope_of(SystemCaller::SIGN_IN);
            let user = cx.users().find(&account, user).await?;
            inform_owner(cx, provider, &user)?;
            Ok(Outcome::Linked(Box::new(linked)))
        }
    }
}

async fn find(
    cx: &mut CommandContext<'_>,
    provider: &str,
    identity: &ProvidedIdentity,
) -> Result<Option<Identity>> {
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    cx.identities()
        .find_by_subject(&scope, provider, &identity.issuer, &identity.subject)
        .await
}

/// What an identity that signs in for the first time is linked to.
enum Candidate {
    /// An account that exists.
    Account(Box<User>),
    /// A new account of this address.
    Address(Email),
}

/// Finds what an identity that signs in for the first time is linked to.
///
/// An account that exists is linked only when both sides have verified the address, or the account would be taken over
/// by a stranger who claims the address there, or registered it here before its owner came. Nor is one that has an identity
/// already: its address may be known from another provider alone, or the provider has given the address to a new person.
async fn candidate(
    cx: &mut CommandContext<'_>,
    identity: &ProvidedIdentity,
) -> Result<Result<Candidate, ProviderRefusal>> {
    let Some(email) = identity.email.clone() else {
        return Ok(Err(ProviderRefusal::NoAddress));
    };
    // Also keeps a stranger from learning which addresses have accounts, as the registration does.
    if cx.components().policies.confirm_email_first && !identity.email_verified {
        return Ok(Err(ProviderRefusal::AddressUnverified));
    }
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let Some(user) = cx.users().find_by_email(&scope, &email).await? else {
        return Ok(Ok(Candidate::Address(email)));
    };
    let identities = cx.scope_of(SystemCaller::SIGN_IN);
    let is_safe = user.email_verified
        && identity.email_verified
        && user.status == UserStatus::Active
        && cx.identities().count_of(&identities, user.id).await? == 0;
    Ok(if is_safe {
        Ok(Candidate::Account(Box::new(user)))
    } else {
        Err(ProviderRefusal::SignInFirst)
    })
}

/// Informs the owner of an account by mail that an identity was linked to it.
fn inform_owner(cx: &mut CommandContext<'_>, provider: &str, user: &User) -> Result<()> {
    let (provider, request) = (label(cx, provider)?, RequestFacts::of(cx));
    mail::send(cx, user, AccountMail::IdentityLinked { provider, request })
}

/// Creates a customer's account without a password. An address that the provider has not verified gets the mail that
/// confirms it.
async fn create(cx: &mut CommandContext<'_>, email: Email, identity: &ProvidedIdentity) -> Result<User> {
    let name = name(identity.name.as_deref(), &email)?;
    let new = NewUser {
        email,
        name,
        role: RoleName::customer(),
        status: UserStatus::Active,
        email_verified: identity.email_verified,
        locale: cx.context().origin.locale,
    };
    let user = User::new(cx.make_id(), new, cx.now());
    let permit = cx.permit(User::REGISTER, &user)?;
    cx.users().insert(&permit, &user).await?;
    cx.record(permit, DomainEvent::created("user.registered", &user));
    if !user.email_verified {
        send_verification(cx, &user).await?;
    }
    Ok(user)
}

/// The name at the provider, or else the part of the address before the `@`.
fn name(provided: Option<&str>, email: &Email) -> Result<PersonName> {
    let local = email.as_str().split('@').next().unwrap_or_default();
    provided
        .and_then(|text| PersonName::parse(text).ok())
        .or_else(|| PersonName::parse(local).ok())
        .ok_or_else(|| Error::bug("the part of an address before the @ is no name"))
}

async fn insert(
    cx: &mut CommandContext<'_>,
    provider: &str,
    identity: &ProvidedIdentity,
    user: UserId,
) -> Result<Identity> {
    let now = cx.now();
    let linked = Identity {
        id: cx.make_id(),
        user_id: user,
        provider: provider.to_owned(),
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        email: identity.email.as_ref().map(|email| email.as_str().to_owned()),
        created_at: now,
        last_used_at: now,
    };
    let permit = cx.permit_of(SystemCaller::SIGN_IN, Identity::LINK, &linked)?;
    cx.identities().insert(&permit, &linked).await?;
    keep_token(cx, &permit, &linked, identity).await?;
    cx.record(permit, DomainEvent::created("identity.linked", &linked));
    Ok(linked)
}

async fn used(cx: &mut CommandContext<'_>, known: Identity, identity: &ProvidedIdentity) -> Result<Identity> {
    let now_known = Identity {
        email: identity.email.as_ref().map(|email| email.as_str().to_owned()),
        last_used_at: cx.now(),
        ..known.clone()
    };
    let permit = cx.permit_of(SystemCaller::SIGN_IN, Identity::USE, &now_known)?;
    cx.identities().used(&permit, &now_known).await?;
    keep_token(cx, &permit, &now_known, identity).await?;
    cx.record(
        permit,
        DomainEvent::acted("identity.used", "USE", &known, &now_known),
    );
    Ok(now_known)
}

/// Stores the provider's refresh token, sealed for the identity, where it gave one.
async fn keep_token(
    cx: &mut CommandContext<'_>,
    permit: &Permit<Identity>,
    linked: &Identity,
    identity: &ProvidedIdentity,
) -> Result<()> {
    let Some(token) = &identity.refresh_token else {
        return Ok(());
    };
    let (plain, row) = (token.expose().as_bytes(), linked.id.uuid());
    let sealer = &cx.components().sealer;
    let sealed = sealer.seal(IDENTITY_REFRESH_TOKEN, row.as_bytes(), plain, cx.random());
    let now = cx.now();
    cx.identities().set_token(permit, linked, &sealed, now).await
}
