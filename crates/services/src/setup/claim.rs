//! Claims the one-time setup link.

use super::link::PREFIX;
use super::{PURPOSE, make_admin};
use crate::account::{Password, Tokens, open_session};
use crate::context::{CommandContext, PrepareContext, Repositories};
use crate::use_case::{Command, UseCase};
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::name::PersonName;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::opaque::OpaqueToken;
use mainstay_platform::database::Isolation;
use std::fmt;

/// Creates the first administrator for the client that presents the link which the server printed, and signs them in.
#[derive(Clone)]
pub struct ClaimSetup {
    token: Secret<String>,
    email: Email,
    password: Password,
    name: PersonName,
    hash: Option<String>,
}

impl ClaimSetup {
    /// A claim with the token of the link.
    pub fn new(token: Secret<String>, email: Email, password: Password, name: PersonName) -> Self {
        Self {
            token,
            email,
            password,
            name,
            hash: None,
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
        self.password.check_new(&self.email)
    }
}

impl Command for ClaimSetup {
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn prepare(mut self, cx: &PrepareContext<'_>) -> Result<Self> {
        let hasher = &cx.services().parts().hasher;
        self.hash = Some(
            hasher
                .hash(self.password.text())
                .await
                .map_err(crate::account::hashing)?,
        );
        Ok(self)
    }

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Tokens> {
        let invalid = || Error::Unauthenticated(Unauthenticated::Invalid);
        let hash = self.hash.ok_or_else(|| Error::bug("setting up without a hash"))?;
        let (now, scope) = (cx.now(), cx.scope_of(SystemCaller::SETUP));
        let token = OpaqueToken::parse(PREFIX, self.token.expose()).ok_or_else(invalid)?;
        let consumed = cx
            .one_time_tokens()
            .consume(PURPOSE, token.digest().as_bytes(), now)
            .await?;
        consumed.ok_or_else(invalid)?;
        if cx.users().active_admins(&scope).await? > 0 {
            return Err(Error::Conflict("there is an administrator already".to_owned()));
        }
        let user = make_admin(cx, self.email, self.name, &hash).await?;
        open_session(cx, user).await
    }
}
