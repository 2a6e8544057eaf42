//! The one-time link for the first administrator.

use crate::account::{NewToken, issue};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_engine::{Command, CommandContext, Pipeline, Repositories, RequestContext, UseCase};
use mainstay_platform::database::Isolation;

/// Creates the token of a link, while there is no administrator. An earlier link stops working.
#[derive(Debug, Clone)]
pub struct OpenSetup;

impl UseCase for OpenSetup {
    const NAME: &'static str = "setup.open";
    const ACCESS: Access = Access::system();
    const SECRET_ANSWER: bool = true;
    /// The token, unless there is an administrator.
    type Output = Option<String>;
}

impl Command for OpenSetup {
    /// Nothing has happened yet: the audit trail records the use of the link.
    const RECORDS_NO_EVENT: bool = true;
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Option<String>> {
        let scope = cx.scope_of(SystemCaller::SETUP);
        if cx.users().active_admins(&scope).await? > 0 {
            return Ok(None);
        }
        cx.one_time_tokens().revoke_all(TokenPurpose::Setup).await?;
        let new = NewToken {
            purpose: TokenPurpose::Setup,
            ttl: TokenPurpose::Setup.ttl(),
            user_id: None,
            payload: None,
            browser: None,
        };
        let token = issue(cx, new).await?;
        Ok(Some(token.text().to_owned()))
    }
}

/// The link that creates the first administrator, while there is none. The token follows `#`, which browsers do not
/// send to any server.
///
/// # Errors
/// The database is unavailable.
pub async fn setup_link(pipeline: &Pipeline) -> Result<Option<String>> {
    let cx = RequestContext::system(SystemCaller::SETUP);
    let done = pipeline.command(&cx, OpenSetup).await?;
    let url = pipeline.components().policies.public_url.trim_end_matches('/');
    Ok(done.output.map(|token| format!("{url}/setup#{token}")))
}
