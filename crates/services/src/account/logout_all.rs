//! Ends all sessions of the caller.

use super::end_sessions::end_sessions_of;
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};

/// Ends all sessions of the caller, including the one of this request.
#[derive(Debug, Clone)]
pub struct LogoutAll;

impl UseCase for LogoutAll {
    const NAME: &'static str = "account.logout-all";
    const ACCESS: Access = Access::enrolling();
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for LogoutAll {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (id, scope) = (cx.user()?, cx.scope());
        let user = cx.users().find(&scope, id).await?;
        end_sessions_of(cx, &user, None).await
    }
}
