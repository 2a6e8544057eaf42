//! Deletes an account.

use super::close::close_account;
use super::{check_an_admin_stays, check_state};
use crate::access::check_rank;
use mainstay_domain::access::{Access, RoleName};
use mainstay_domain::id::UserId;
use mainstay_domain::state::ExpectedVersion;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{ById, Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::Isolation;

/// Deletes the account of another user, at once. What the law keeps stays without a name: orders and the audit trail.
#[derive(Debug, Clone)]
pub struct DeleteUser {
    /// The account to delete.
    pub id: UserId,
    /// The states that the caller expects (`If-Match`).
    pub expected: ExpectedVersion,
}

impl UseCase for DeleteUser {
    const NAME: &'static str = "user.delete";
    const ACCESS: Access = Access::role(RoleName::ADMIN);
    type Output = ();
}

impl ById for DeleteUser {
    type Id = UserId;

    fn by_id(id: UserId, expected: ExpectedVersion) -> Self {
        Self { id, expected }
    }
}

impl Command for DeleteUser {
    /// Two administrators who delete each other at once must not both succeed.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope_to(User::DELETE);
        let user = cx.users().find(&scope, self.id).await?;
        let permit = cx.permit(User::DELETE, &user)?;
        check_state(cx, &self.expected, &user).await?;
        check_rank(cx, &user).await?;
        if cx.caller().user_id() == Some(user.id) {
            return Err(Error::Conflict(
                "another administrator has to delete your account".to_owned(),
            ));
        }
        check_an_admin_stays(cx, &user, &user.clone().erased(cx.now())).await?;
        close_account(cx, permit, user).await
    }
}
