//! Has the caller's own account deleted.

use super::close::close_own_account;
use super::settings::AccountSettings;
use super::{check_an_admin_stays, updated_profile};
use crate::account::{end_sessions_of, require_step_up};
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::Isolation;
use serde::{Deserialize, Serialize};

/// Has the caller's own account deleted; needs a step-up. Its sessions end, and none of its credentials works any more;
/// until the period of grace is over, who signs in is offered to [restore](crate::account::RestoreAccount) it. Without such a
/// period it is deleted at once.
#[derive(Debug, Clone)]
pub struct DeleteMe;

/// When an account is deleted; `None`: it is deleted already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedDeletion {
    /// The end of the period of grace.
    pub deletion_at: Option<Timestamp>,
}

impl UseCase for DeleteMe {
    const NAME: &'static str = "account.delete-me";
    const ACCESS: Access = Access::session();
    const RATE: Rate = Rate::per_minute(10);
    type Output = RequestedDeletion;
}

impl Command for DeleteMe {
    /// Two administrators who delete themselves at once must not both succeed.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<RequestedDeletion> {
        require_step_up(cx).await?;
        let (id, scope, now) = (cx.user()?, cx.scope::<User>(), cx.now());
        let before = cx.users().find(&scope, id).await?;
        let grace = cx.extension::<AccountSettings>()?.deletion_grace;
        let after = before.clone().to_be_deleted(now.after(grace), now);
        let permit = cx.permit(User::REQUEST_DELETION, &before)?;
        check_an_admin_stays(cx, &before, &after).await?;
        if grace.is_zero() {
            close_own_account(cx, before).await?;
            return Ok(RequestedDeletion { deletion_at: None });
        }
        cx.users().save(&permit, &after).await?;
        end_sessions_of(cx, &after, None).await?;
        cx.one_time_tokens().revoke_every_of(id).await?;
        let (until, request) = (now.after(grace), RequestFacts::of(cx));
        mail::send(cx, &after, AccountMail::DeletionRequested { until, request })?;
        let event = DomainEvent::acted("user.deletion-requested", "DELETION_REQUESTED", &before, &after);
        cx.record(permit, event);
        let deletion_at = after.deletion_at;
        updated_profile(cx, after).await?;
        Ok(RequestedDeletion { deletion_at })
    }
}
