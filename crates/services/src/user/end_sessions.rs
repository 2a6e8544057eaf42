//! Ends the sessions of an account.

use crate::access::check_rank;
use crate::account::end_sessions_of;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::state::ExpectedVersion;
use mainstay_domain::user::User;
use mainstay_engine::{ById, Command, CommandContext, Repositories, UseCase};
use serde_json::json;

/// Ends all sessions of an account at once, on all its devices: when a device was lost, or the password became known.
#[derive(Debug, Clone)]
pub struct EndUserSessions {
    /// The account whose sessions end.
    pub id: UserId,
}

impl UseCase for EndUserSessions {
    const NAME: &'static str = "user.end-sessions";
    const ACCESS: Access = Access::permission(Permission::UPDATE_USER);
    type Output = ();
}

impl ById for EndUserSessions {
    type Id = UserId;

    fn by_id(id: UserId, _expected: ExpectedVersion) -> Self {
        Self { id }
    }
}

impl Command for EndUserSessions {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let scope = cx.scope_to(User::END_SESSIONS);
        let user = cx.users().find(&scope, self.id).await?;
        let permit = cx.permit(User::END_SESSIONS, &user)?;
        check_rank(cx, &user).await?;
        end_sessions_of(cx, &user, None).await?;
        let facts = json!({"userId": user.id});
        // Recorded also when no session was open: that an administrator wanted it is worth an entry.
        let event = DomainEvent::noted("user.sessions-ended", "END_SESSIONS", &facts);
        cx.record(permit, event);
        Ok(())
    }
}
