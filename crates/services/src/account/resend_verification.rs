//! Sends the link that confirms an address once more.

use super::limits::check_mails;
use super::own_address::send_verification;
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::Isolation;
use serde_json::json;

/// Sends the link that confirms the caller's address once more. Earlier links keep working.
#[derive(Debug, Clone)]
pub struct ResendVerification;

impl UseCase for ResendVerification {
    const NAME: &'static str = "account.resend-verification";
    const ACCESS: Access = Access::session();
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for ResendVerification {
    /// Requests at once must not send more mails than allowed.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (id, scope) = (cx.user()?, cx.scope::<User>());
        let user = cx.users().find(&scope, id).await?;
        if user.email_verified {
            return Err(Error::InvalidState("the address is confirmed already".to_owned()));
        }
        check_mails(cx, &user, TokenPurpose::VerifyEmail).await?;
        let permit = cx.permit(User::SEND_LINK, &user)?;
        send_verification(cx, &user).await?;
        let facts = json!({"purpose": TokenPurpose::VerifyEmail});
        cx.record(permit, DomainEvent::noted("user.link-sent", "LINK_SENT", &facts));
        Ok(())
    }
}
