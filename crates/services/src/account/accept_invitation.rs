//! Accepts an invitation by the token of a link in a mail.

use super::address_token::{check_address, consume_link, find_link, invalid};
use super::opening::open_session;
use super::own_address::note_access;
use super::password::Password;
use super::tokens::{OpenedSession, Tokens};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate, SystemCaller};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::name::PersonName;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::user::{User, UserStatus};
use mainstay_engine::{
    CommandContext, Components, PrepareContext, Repositories, Secret, StagedCommand, UseCase,
};

/// Accepts an invitation by the token of the link that was mailed to the invited address, which is confirmed by it. Sets
/// the password, makes the account usable and signs its user in. Until then nothing signs in to the account.
#[derive(Debug, Clone)]
pub struct AcceptInvitation {
    token: Secret<String>,
    password: Password,
    name: Option<PersonName>,
}

impl AcceptInvitation {
    /// An acceptance with the token of a link, the password, and the name that the user prefers to the invitation's.
    pub fn new(token: Secret<String>, password: Password, name: Option<PersonName>) -> Self {
        Self {
            token,
            password,
            name,
        }
    }
}

impl UseCase for AcceptInvitation {
    const NAME: &'static str = "account.accept-invitation";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(10);
    const SECRET_ANSWER: bool = true;
    const SIGNS_IN: bool = true;
    type Output = Tokens;
}

impl StagedCommand for AcceptInvitation {
    /// The hash of the password.
    type Prepared = String;
    type Written = OpenedSession;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<String> {
        // Before the hash, which takes long: only for a token that was issued.
        let link = find_link(cx, TokenPurpose::Invitation, &self.token).await?;
        cx.concerns(link.user.id);
        let name = self.name.as_ref().unwrap_or(&link.user.name);
        self.password.check_new(&link.user.email, name)?;
        self.password.hash_new(cx).await
    }

    async fn run(self, hash: String, cx: &mut CommandContext<'_>) -> Result<OpenedSession> {
        let (token, user) = consume_link(cx, TokenPurpose::Invitation, &self.token).await?;
        check_address(&token, &user)?;
        let user = accept(cx, user, self.name, &hash).await?;
        open_session(cx, user, SignInMethod::Invitation).await
    }

    fn finish(written: OpenedSession, components: &Components) -> Result<Tokens> {
        written.sign(components)
    }
}

/// Makes an invited account usable, with its first password.
async fn accept(
    cx: &mut CommandContext<'_>,
    before: User,
    name: Option<PersonName>,
    hash: &str,
) -> Result<User> {
    match before.status {
        UserStatus::Invited => {}
        UserStatus::Disabled => return Err(before.check_usable().err().unwrap_or_else(invalid)),
        UserStatus::Active => return Err(invalid()),
    }
    let now = cx.now();
    let after = before.clone().accepted(name, now);
    cx.act_for(after.id);
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::ACCEPT_INVITATION, &before)?;
    cx.users().save(&permit, &after).await?;
    cx.credentials().set(&permit, &after, hash, now).await?;
    cx.one_time_tokens().revoke_every_of(after.id).await?;
    let event = DomainEvent::acted("user.invitation-accepted", "ACCEPT_INVITATION", &before, &after);
    cx.record(permit, event);
    note_access(cx, after.id).await?;
    Ok(after)
}
