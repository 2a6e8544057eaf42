//! Changes an account.

use super::{check_an_admin_stays, check_state, updated_profile};
use crate::access::check_rank;
use crate::account::{Profile, end_invitation, end_sessions_of, was_in_use};
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::email::Email;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::locale::Locale;
use mainstay_domain::name::PersonName;
use mainstay_domain::state::ExpectedVersion;
use mainstay_domain::user::{User, UserStatus};
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::Isolation;

/// Changes an account; fields that are `None` stay. Disabling it ends its sessions at once. If no value differs,
/// nothing is written. An invited account that gets another address or is disabled needs another invitation.
#[derive(Debug, Clone)]
pub struct UpdateUser {
    /// The account to change.
    pub id: UserId,
    /// The new display name.
    pub name: Option<PersonName>,
    /// The new address; it counts as not confirmed, and links that were mailed to the former one stop working.
    pub email: Option<Email>,
    /// The new status. An account that was disabled before its user accepted the invitation is an invited one again.
    pub status: Option<UserStatus>,
    /// The new language of the mails to the user.
    pub locale: Option<Locale>,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for UpdateUser {
    const NAME: &'static str = "user.update";
    const ACCESS: Access = Access::permission(Permission::UPDATE_USER);
    type Output = Profile;
}

impl Command for UpdateUser {
    /// Two administrators who disable each other at once must not both succeed.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Profile> {
        let (scope, now) = (cx.scope_to(User::UPDATE), cx.now());
        let before = cx.users().find(&scope, self.id).await?;
        check_state(cx, &self.expected, &before).await?;
        let permit = cx.permit(User::UPDATE, &before)?;
        check_rank(cx, &before).await?;
        let mut after = before.clone();
        after.name = self.name.unwrap_or(after.name);
        after.locale = self.locale.unwrap_or(after.locale);
        after.status = new_status(cx, &before, self.status).await?;
        if let Some(email) = self.email.filter(|email| *email != before.email) {
            after.email = email;
            after.email_verified = false;
        }
        if after == before {
            return updated_profile(cx, before).await;
        }
        let after = after.touched(now);
        check_an_admin_stays(cx, &before, &after).await?;
        cx.users().save(&permit, &after).await?;
        if after.status == UserStatus::Disabled && before.status != UserStatus::Disabled {
            end_sessions_of(cx, &after, None).await?;
        }
        if after.email != before.email {
            cx.one_time_tokens().revoke_every_of(after.id).await?;
        }
        if before.status == UserStatus::Invited
            && (after.status != before.status || after.email != before.email)
        {
            end_invitation(cx, &after).await?;
        }
        cx.record(permit, DomainEvent::updated("user.updated", &before, &after));
        updated_profile(cx, after).await
    }
}

/// The status after a change to the one that is wanted, if any. Only their user makes an invited account usable.
async fn new_status(
    cx: &mut CommandContext<'_>,
    before: &User,
    wanted: Option<UserStatus>,
) -> Result<UserStatus> {
    match (before.status, wanted) {
        (UserStatus::Invited, Some(UserStatus::Active)) => Err(Error::InvalidState(
            "the user has not accepted the invitation yet".to_owned(),
        )),
        (UserStatus::Disabled, Some(UserStatus::Active)) if !was_in_use(cx, before).await? => {
            Ok(UserStatus::Invited)
        }
        (now, wanted) => Ok(wanted.unwrap_or(now)),
    }
}
