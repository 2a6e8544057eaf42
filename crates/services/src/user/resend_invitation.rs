//! Sends the link of an invitation once more.

use crate::access::check_rank;
use crate::account::{check_mails, send_invitation};
use mainstay_domain::access::{Access, Permission, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::user::{User, UserStatus};
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::Isolation;
use serde_json::json;

/// Mails an invited user another link, for instance because the first one has expired. The earlier ones stop working.
#[derive(Debug, Clone)]
pub struct ResendInvitation {
    /// The invited account.
    pub id: UserId,
}

impl UseCase for ResendInvitation {
    const NAME: &'static str = "user.resend-invitation";
    const ACCESS: Access = Access::permission(Permission::CREATE_USER);
    const RATE: Rate = Rate::per_minute(60);
    type Output = ();
}

impl Command for ResendInvitation {
    /// Requests at once must not send more mails than allowed, nor leave two links that work.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope_to(User::RESEND_INVITATION);
        let user = cx.users().find(&scope, self.id).await?;
        let permit = cx.permit(User::RESEND_INVITATION, &user)?;
        check_rank(cx, &user).await?;
        if user.status != UserStatus::Invited {
            let sentence = "the account waits for no invitation to be accepted".to_owned();
            return Err(Error::InvalidState(sentence));
        }
        check_mails(cx, &user, TokenPurpose::Invitation).await?;
        send_invitation(cx, &user).await?;
        let facts = json!({"purpose": TokenPurpose::Invitation});
        cx.record(permit, DomainEvent::noted("user.link-sent", "LINK_SENT", &facts));
        Ok(())
    }
}
