//! Removes an identity from the caller's account.

use super::label::label;
use crate::account::passkey::is_last_way_in;
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::IdentityId;
use mainstay_domain::identity::Identity;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::Isolation;

/// Removes an identity from the caller's account, unless it is the last way in.
#[derive(Debug, Clone)]
pub struct UnlinkIdentity {
    /// The identity.
    pub id: IdentityId,
}

impl UseCase for UnlinkIdentity {
    const NAME: &'static str = "identity.unlink";
    const ACCESS: Access = Access::session();
    type Output = ();
}

impl Command for UnlinkIdentity {
    /// Of the last two ways in, two requests at once must not remove both.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let identity = cx.rows::<Identity>().find(self.id).await?;
        if is_last_way_in(cx, identity.user_id).await? {
            return Err(Error::Conflict(
                "this is the last way to sign in: set a password first, or link another identity".to_owned(),
            ));
        }
        let permit = cx.rows().delete(Identity::UNLINK, &identity).await?;
        cx.record(permit, DomainEvent::deleted("identity.unlinked", &identity));
        let account = cx.scope::<User>();
        let user = cx.users().find(&account, identity.user_id).await?;
        let (provider, request) = (label(cx, &identity.provider)?, RequestFacts::of(cx));
        mail::send(cx, &user, AccountMail::IdentityUnlinked { provider, request })
    }
}
