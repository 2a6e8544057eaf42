//! Claims the one-time setup link.

use super::administrator::make_admin;
use crate::account::{OpenedSession, Password, Tokens, consume, open_session};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::name::PersonName;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Components, PrepareContext, Repositories, StagedCommand, UseCase};
use mainstay_platform::config::Secret;
use mainstay_platform::database::Isolation;
use std::fmt;

/// Creates the first administrator for the client that presents the link which the server printed, and signs them in.
#[derive(Clone)]
pub struct ClaimSetup {
    token: Secret<String>,
    email: Email,
    password: Password,
    name: PersonName,
}

impl ClaimSetup {
    /// A claim with the token of the link.
    pub fn new(token: Secret<String>, email: Email, password: Password, name: PersonName) -> Self {
        Self {
            token,
            email,
            password,
            name,
        }
    }
}

impl fmt::Debug for ClaimSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimSetup({})", self.email)
    }
}

impl UseCase for ClaimSetup {
    const NAME: &'static str = "setup.claim";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(10);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = Tokens;

    fn validate(&self) -> Result<(), ValidationErrors> {
        self.password.check_new(&self.email, &self.name)
    }
}

impl StagedCommand for ClaimSetup {
    /// The hash of the password.
    type Prepared = String;
    type Written = OpenedSession;
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<String> {
        self.password.hash_new(cx).await
    }

    async fn run(self, hash: String, cx: &mut CommandContext<'_>) -> Result<OpenedSession> {
        let scope = cx.scope_of(SystemCaller::SETUP);
        consume(cx, TokenPurpose::Setup, self.token.expose()).await?;
        if cx.users().active_admins(&scope).await? > 0 {
            return Err(Error::Conflict("there is an administrator already".to_owned()));
        }
        let user = make_admin(cx, self.email, self.name, &hash).await?;
        open_session(cx, user, SignInMethod::Setup).await
    }

    fn finish(written: OpenedSession, components: &Components) -> Result<Tokens> {
        written.sign(components)
    }
}
