//! Changes the role of an account.

use super::{check_an_admin_stays, check_role_exists, check_state, updated_profile};
use crate::access::check_rank;
use crate::account::Profile;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, RoleName};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::state::ExpectedVersion;
use mainstay_domain::user::User;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::Isolation;

/// Changes the role of an account. In force at once, also for tokens that were issued before.
#[derive(Debug, Clone)]
pub struct SetRole {
    /// The account that gets the role.
    pub id: UserId,
    /// The new role; must exist.
    pub role: RoleName,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for SetRole {
    const NAME: &'static str = "user.set-role";
    const ACCESS: Access = Access::role(RoleName::ADMIN);
    type Output = Profile;
}

impl Command for SetRole {
    /// Two administrators who demote each other at once must not both succeed.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Profile> {
        let (scope, now) = (cx.scope_to(User::SET_ROLE), cx.now());
        let before = cx.users().find(&scope, self.id).await?;
        let permit = cx.permit(User::SET_ROLE, &before)?;
        check_rank(cx, &before).await?;
        check_state(cx, &self.expected, &before).await?;
        check_role_exists(cx, &self.role).await?;
        if before.role == self.role {
            return updated_profile(cx, before).await;
        }
        let mut after = before.clone().touched(now);
        after.role = self.role;
        check_an_admin_stays(cx, &before, &after).await?;
        cx.users().save(&permit, &after).await?;
        cx.record(
            permit,
            DomainEvent::acted("user.role-changed", "SET_ROLE", &before, &after),
        );
        updated_profile(cx, after).await
    }
}
