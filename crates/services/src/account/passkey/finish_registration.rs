//! Finishes the registration of a passkey.

use super::begin_registration::check_count;
use super::challenge::{self, Challenge};
use super::site::{internal, site};
use crate::ShopRepositories;
use crate::account::end_sessions::end_sessions_of;
use crate::account::factor::{RecoveryCodeList, own_account, renew};
use crate::account::second_factor::follow_factors;
use crate::account::tries::{self, TakenTry};
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::access::{Access, Principal, Rate};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::passkey::Passkey;
use mainstay_domain::tries::TryKind;
use mainstay_domain::user::User;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext, PreparedCommand, UseCase};
use mainstay_platform::crypto::passkey::{AttestationResponse, PasskeyError, VerifiedRegistration};
use serde::{Deserialize, Serialize};

/// What a passkey is called whose owner did not name it.
const DEFAULT_NAME: &str = "Passkey";

/// Registers the passkey of a browser's response for the caller. It counts as a second factor from then on; with the first
/// one, the account gets recovery codes.
///
/// Where the role requires a second factor, the account's other sessions end with the first one: they were opened without,
/// and would be limited no longer.
#[derive(Debug, Clone)]
pub struct FinishPasskeyRegistration {
    /// What the owner calls it, as typed.
    pub name: Option<String>,
    /// The browser's response.
    pub response: AttestationResponse,
}

/// A passkey that was registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegisteredPasskey {
    /// The passkey.
    pub passkey: Passkey,
    /// New recovery codes, if the account had no second factor before.
    pub recovery_codes: Option<RecoveryCodeList>,
}

/// A response that was verified before the transaction.
#[derive(Debug, Clone)]
pub struct CheckedRegistration {
    challenge: Challenge,
    verified: VerifiedRegistration,
    taken: TakenTry,
}

impl UseCase for FinishPasskeyRegistration {
    const NAME: &'static str = "passkey.register";
    const ACCESS: Access = Access::enrolling();
    const RATE: Rate = Rate::per_minute(20);
    const SECRET_ANSWER: bool = true;
    type Output = RegisteredPasskey;

    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        if let Some(name) = &self.name {
            errors.take("name", Passkey::check_name(name));
        }
        errors.check()
    }
}

impl PreparedCommand for FinishPasskeyRegistration {
    type Prepared = CheckedRegistration;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<CheckedRegistration> {
        let taken = tries::take(cx, TryKind::Passkey, "").await?;
        let purpose = TokenPurpose::PasskeyRegistration;
        let challenge = challenge::find(cx, purpose, self.response.digest()).await?;
        if challenge.user_id.is_none() || challenge.user_id != cx.context().caller.user_id() {
            return Err(Error::Unauthenticated(Unauthenticated::Invalid));
        }
        let verified = site(cx.components())?.finish_registration(&challenge.state, &self.response);
        let verified = verified.map_err(|error| match error {
            PasskeyError::Refused(why) => {
                tracing::info!(why, "the registration of a passkey is refused");
                let errors = ValidationErrors::one("response", "FORMAT", "is no registration for this site");
                Error::Invalid(errors)
            }
            error @ PasskeyError::Internal(_) => internal(error),
        })?;
        Ok(CheckedRegistration {
            challenge,
            verified,
            taken,
        })
    }

    async fn run(
        self,
        checked: CheckedRegistration,
        cx: &mut CommandContext<'_>,
    ) -> Result<RegisteredPasskey> {
        challenge::consume(cx, &checked.challenge).await?;
        checked.taken.give_back(cx).await?;
        let (user, scope) = (own_account(cx).await?, cx.scope::<Passkey>());
        let count = cx.passkeys().all_of(&scope, user.id).await?.len();
        check_count(count)?;
        let name = self.name.as_deref().unwrap_or(DEFAULT_NAME);
        let verified = checked.verified;
        let passkey = Passkey {
            id: cx.make_id(),
            user_id: user.id,
            name: Passkey::check_name(name)
                .map_err(|invalid| ValidationErrors::one("name", invalid.code, invalid.message))?,
            credential_id: verified.credential_id,
            counter: verified.counter.into(),
            backup_eligible: verified.backup_eligible,
            backed_up: verified.backed_up,
            created_at: cx.now(),
            last_used_at: None,
        };
        let permit = cx.permit(Passkey::REGISTER, &passkey)?;
        cx.passkeys()
            .insert(&permit, &passkey, &verified.credential)
            .await?;
        cx.record(permit, DomainEvent::created("passkey.registered", &passkey));
        let (name, request) = (passkey.name.clone(), RequestFacts::of(cx));
        mail::send(cx, &user, AccountMail::PasskeyAdded { name, request })?;
        let recovery_codes = match user.mfa_enabled {
            true => None,
            false => Some(first_factor_added(cx, &user).await?),
        };
        Ok(RegisteredPasskey {
            passkey,
            recovery_codes,
        })
    }
}

/// What follows when an account has its first second factor: sign-in by a password asks for one, and there are recovery
/// codes.
async fn first_factor_added(cx: &mut CommandContext<'_>, user: &User) -> Result<RecoveryCodeList> {
    let permit = cx.permit(User::ENABLE_FACTOR, user)?;
    let codes = renew(cx, &permit, user).await?;
    let after = follow_factors(cx, &permit, user).await?;
    if cx.components().directory.requires_factor(&user.role) {
        let present = cx.caller().principal().map(Principal::session).transpose()?;
        end_sessions_of(cx, &after, present).await?;
    }
    cx.record(
        permit,
        DomainEvent::acted("user.mfa-enabled", "ENABLE_MFA", user, &after),
    );
    Ok(codes)
}
