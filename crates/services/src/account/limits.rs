//! How many mails with links an account gets.

use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Repositories};
use std::time::Duration;

/// Links of one purpose that are mailed to one account within [`PERIOD`], whichever clients request them. Counted in the
/// database, so that the limit holds for all processes and outlives a restart.
const MAX_MAILS: i64 = 5;
const PERIOD: Duration = Duration::from_hours(1);

/// Checks that another link may be mailed to an account.
///
/// # Errors
/// `RATE_LIMITED` when too many were mailed recently.
pub(crate) async fn check_mails(
    cx: &mut CommandContext<'_>,
    user: &User,
    purpose: TokenPurpose,
) -> Result<()> {
    let since = cx.now().before(PERIOD);
    match cx.one_time_tokens().count_since(user.id, purpose, since).await? {
        sent if sent < MAX_MAILS => Ok(()),
        _ => Err(Error::Limited { retry_after: PERIOD }),
    }
}

/// Whether another link may be mailed to an account, where the client that requested it must not learn of a refusal.
pub(super) async fn may_mail(
    cx: &mut CommandContext<'_>,
    user: &User,
    purpose: TokenPurpose,
) -> Result<bool> {
    match check_mails(cx, user, purpose).await {
        Ok(()) => Ok(true),
        Err(Error::Limited { .. }) => {
            tracing::info!(user = %user.id, purpose = purpose.as_str(), "no more mails for now");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
