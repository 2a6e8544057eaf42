//! Deletes accounts whose period of grace is over.

use super::close::close_own_account;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::id::UserId;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{
    Command, CommandContext, Pipeline, Query, QueryContext, Repositories, RequestContext, UseCase,
};

/// Deletes an account whose owner requested it, if the period of grace is over. Of several nodes that try, one does it.
#[derive(Debug, Clone)]
pub struct DeleteDueAccount {
    /// The account to delete.
    pub id: UserId,
}

impl UseCase for DeleteDueAccount {
    const NAME: &'static str = "account.delete-due";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Command for DeleteDueAccount {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (scope, now) = (cx.scope::<User>(), cx.now());
        let user = match cx.users().find(&scope, self.id).await {
            Ok(user) => user,
            // Another node was faster, or an administrator.
            Err(Error::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        match user.deletion_at {
            Some(at) if at <= now => close_own_account(cx, user).await,
            // Restored meanwhile.
            _ => Ok(()),
        }
    }
}

/// The largest number of accounts that one call of [`delete_due_accounts`] deletes.
pub const DELETION_BATCH: u32 = 100;

/// Deletes accounts whose period of grace is over; returns how many. When [`DELETION_BATCH`], there may be more. An account
/// that cannot be deleted is logged and does not hold up the others.
///
/// # Errors
/// The database is unavailable.
pub async fn delete_due_accounts(pipeline: &Pipeline) -> Result<usize> {
    let cx = RequestContext::system(SystemCaller::SWEEPER);
    let due = pipeline.query(&cx, DueDeletions).await?;
    let mut deleted = 0;
    for id in due {
        match pipeline.command(&cx, DeleteDueAccount { id }).await {
            Ok(_) => deleted += 1,
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(user = %id, %error, cause, "an account cannot be deleted");
            }
        }
    }
    Ok(deleted)
}

/// Lists the accounts that are to be deleted, at most [`DELETION_BATCH`].
#[derive(Debug, Clone)]
struct DueDeletions;

impl UseCase for DueDeletions {
    const NAME: &'static str = "account.due-deletions";
    const ACCESS: Access = Access::system();
    type Output = Vec<UserId>;
}

impl Query for DueDeletions {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Vec<UserId>> {
        let (scope, now) = (cx.scope::<User>(), cx.now());
        cx.users().deletions_due(&scope, now, DELETION_BATCH).await
    }
}
