//! Invites a person to an account of their own.

use super::{check_role_exists, updated_profile};
use crate::access::check_gives;
use crate::account::{Profile, send_invitation};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission, Rate, RoleName};
use mainstay_domain::email::Email;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::locale::Locale;
use mainstay_domain::name::PersonName;
use mainstay_domain::user::{NewUser, User, UserStatus};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};

/// Creates an account that is usable once its user has accepted the invitation, and mails them the link by which they do.
/// A caller invites only as a role whose permissions they hold themselves, without an end.
#[derive(Debug, Clone)]
pub struct InviteUser {
    /// The address that the link is mailed to; no account has it.
    pub email: Email,
    /// The display name, which the user may change when they accept.
    pub name: PersonName,
    /// The role of the account; must exist.
    pub role: RoleName,
    /// The language of the mails to the user; `None` for the one that the request prefers.
    pub locale: Option<Locale>,
}

impl UseCase for InviteUser {
    const NAME: &'static str = "user.invite";
    const ACCESS: Access = Access::permission(Permission::CREATE_USER);
    const RATE: Rate = Rate::per_minute(60);
    type Output = Profile;
}

impl Command for InviteUser {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Profile> {
        check_role_exists(cx, &self.role).await?;
        let new = NewUser {
            email: self.email,
            name: self.name,
            role: self.role,
            status: UserStatus::Invited,
            email_verified: false,
            locale: self.locale.unwrap_or(cx.context().origin.locale),
        };
        let user = User::new(cx.make_id(), new, cx.now());
        let permit = cx.permit(User::CREATE, &user)?;
        let given = cx.components().directory.permissions(&user.role, &[], cx.now());
        check_gives(cx, &given).await?;
        cx.users().insert(&permit, &user).await?;
        cx.record(permit, DomainEvent::created("user.invited", &user));
        send_invitation(cx, &user).await?;
        updated_profile(cx, user).await
    }
}
