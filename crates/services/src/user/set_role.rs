//! Gives an account another role.

use super::{check_an_admin_stays, check_state, updated_profile};
use crate::account::Profile;
use crate::use_case::{Command, UseCase};
use crate::work::{Repositories, Work};
use mainstay_domain::access::{Access, Action, RoleName};
use mainstay_domain::event::Story;
use mainstay_domain::fault::Faults;
use mainstay_domain::id::UserId;
use mainstay_domain::state::Expected;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::Isolation;

/// Gives an account another role. In force at once, also for tokens that were issued before.
#[derive(Debug, Clone)]
pub struct SetRole {
    /// The account.
    pub id: UserId,
    /// The new role.
    pub role: RoleName,
    /// The states that the caller expects (`If-Match`).
    pub expected: Expected,
}

impl UseCase for SetRole {
    const NAME: &'static str = "user.set-role";
    const ACCESS: Access = Access::role(RoleName::ADMIN);
    type Output = Profile;
}

impl Command for SetRole {
    /// Two administrators who demote each other at once must not both succeed.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, work: &mut Work<'_>) -> Result<Profile> {
        let (scope, now) = (work.scope_to(Action::SET_ROLE), work.now());
        let before = work.users().find(&scope, self.id).await?;
        let permit = work.permit(Action::SET_ROLE, &before)?;
        check_state(work, &self.expected, &before).await?;
        if !work.roles().exists(&self.role).await? {
            return Err(Error::Invalid(Faults::one(
                "role",
                "UNKNOWN_ROLE",
                "there is no such role",
            )));
        }
        if before.role == self.role {
            return updated_profile(work, before).await;
        }
        let mut after = before.clone().touched(now);
        after.role = self.role;
        check_an_admin_stays(work, &before, &after).await?;
        work.users().save(&permit, &after).await?;
        work.record(
            permit,
            Story::acted("user.role-changed", "SET_ROLE", &before, &after),
        );
        updated_profile(work, after).await
    }
}
