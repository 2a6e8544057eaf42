//! Creates an administrator's account.

use mainstay_domain::Result;
use mainstay_domain::access::{RoleName, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::name::PersonName;
use mainstay_domain::user::{NewUser, User, UserStatus};
use mainstay_engine::{CommandContext, Repositories};

/// Creates an administrator's account.
pub(super) async fn make_admin(
    cx: &mut CommandContext<'_>,
    email: Email,
    name: PersonName,
    hash: &str,
) -> Result<User> {
    let new = NewUser {
        email,
        name,
        role: RoleName::admin(),
        status: UserStatus::Active,
        email_verified: true,
        locale: cx.context().origin.locale,
    };
    let (now, user) = (cx.now(), User::new(cx.make_id(), new, cx.now()));
    let permit = cx.permit_of(SystemCaller::SETUP, User::CREATE, &user)?;
    cx.users().insert(&permit, &user).await?;
    cx.credentials().set(&permit, &user, hash, now).await?;
    cx.record(permit, DomainEvent::created("user.admin-created", &user));
    Ok(user)
}
