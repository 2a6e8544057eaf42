//! Changes the caller's account.

use super::{check_state, updated_profile};
use crate::account::Profile;
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::locale::Locale;
use mainstay_domain::name::PersonName;
use mainstay_domain::state::ExpectedVersion;
use mainstay_domain::user::User;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};

/// Changes the profile of the caller's own account; fields that are `None` stay. If no value differs, nothing is
/// written.
#[derive(Debug, Clone)]
pub struct UpdateMe {
    /// The new display name.
    pub name: Option<PersonName>,
    /// The new language of the mails to the caller.
    pub locale: Option<Locale>,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for UpdateMe {
    const NAME: &'static str = "account.update-me";
    const ACCESS: Access = Access::session();
    type Output = Profile;
}

impl Command for UpdateMe {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Profile> {
        let (scope, id) = (cx.scope::<User>(), cx.user()?);
        let before = cx.users().find(&scope, id).await?;
        check_state(cx, &self.expected, &before).await?;
        let permit = cx.permit(User::UPDATE, &before)?;
        let mut after = before.clone();
        after.name = self.name.unwrap_or(after.name);
        after.locale = self.locale.unwrap_or(after.locale);
        if after == before {
            return updated_profile(cx, before).await;
        }
        let after = after.touched(cx.now());
        cx.users().save(&permit, &after).await?;
        cx.record(permit, DomainEvent::updated("user.updated", &before, &after));
        updated_profile(cx, after).await
    }
}
