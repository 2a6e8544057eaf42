//! Removes a passkey.

use super::ways_in::is_last_way_in;
use crate::account::factor::own_account;
use crate::account::second_factor::follow_factors;
use crate::account::step_up::require_step_up;
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::passkey::{Passkey, PasskeyId};
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, UseCase};
use mainstay_platform::database::Isolation;

/// Removes a passkey of the caller, after a step-up, unless it is the last way in. Without another second factor, the
/// recovery codes go with it.
#[derive(Debug, Clone)]
pub struct RemovePasskey {
    /// The passkey.
    pub id: PasskeyId,
}

impl UseCase for RemovePasskey {
    const NAME: &'static str = "passkey.remove";
    const ACCESS: Access = Access::session();
    const RATE: Rate = Rate::per_minute(20);
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl Command for RemovePasskey {
    /// Of the last two ways in, two requests at once must not remove both.
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        require_step_up(cx).await?;
        let passkey = cx.rows::<Passkey>().find(self.id).await?;
        if is_last_way_in(cx, passkey.user_id).await? {
            return Err(Error::Conflict(
                "this is the last way to sign in: set a password first, or register another passkey"
                    .to_owned(),
            ));
        }
        let user = own_account(cx).await?;
        let permit = cx.rows().delete(Passkey::REMOVE, &passkey).await?;
        cx.record(permit, DomainEvent::deleted("passkey.removed", &passkey));
        let permit = cx.permit(User::DISABLE_FACTOR, &user)?;
        let after = follow_factors(cx, &permit, &user).await?;
        if after.mfa_enabled != user.mfa_enabled {
            cx.record(
                permit,
                DomainEvent::acted("user.mfa-disabled", "DISABLE_MFA", &user, &after),
            );
        }
        let (name, request) = (passkey.name, RequestFacts::of(cx));
        mail::send(cx, &after, AccountMail::PasskeyRemoved { name, request })
    }
}
