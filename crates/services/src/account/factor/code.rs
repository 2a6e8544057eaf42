//! The codes of second factors: compared before the transaction, used in it.

use super::super::totp_secret::open_secret;
use crate::ShopRepositories;
use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::access::{Permit, SystemCaller};
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::UserId;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::recovery_code::RecoveryCode;
use mainstay_platform::crypto::totp;
use serde_json::json;

/// A code of a second factor. Its `Debug` output hides it; dropping wipes it.
#[derive(Debug, Clone)]
pub enum FactorCode {
    /// The six digits that an authenticator app shows.
    Totp(Secret<String>),
    /// A recovery code.
    Recovery(RecoveryCode),
}

impl FactorCode {
    /// Parses a code as a user types it; blanks do not count, nor do dashes and case in a recovery code. `None` when it
    /// has neither form, and so cannot be right.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = Secret::new(
            text.chars()
                .filter(|typed| !typed.is_whitespace())
                .collect::<String>(),
        );
        let is_totp = digits.expose().len() == totp::DIGITS
            && digits.expose().bytes().all(|digit| digit.is_ascii_digit());
        match is_totp {
            true => Some(Self::Totp(digits)),
            false => RecoveryCode::parse(text).map(Self::Recovery),
        }
    }
}

/// A code that was found to be right, before the transaction that uses it.
#[derive(Debug, Clone)]
pub(in crate::account) enum MatchedCode {
    /// The code of a time step, for the app with this sealed secret.
    Totp { sealed: Vec<u8>, step: i64 },
    /// The digest of a recovery code.
    Recovery([u8; 32]),
}

/// The refusal of a code.
pub(in crate::account) fn wrong_code() -> Error {
    Error::Unauthenticated(Unauthenticated::Factor)
}

/// Compares a code with those of an account. The caller has taken a try for it. `None` stands for a text that is no code.
///
/// # Errors
/// `MFA_INVALID`.
pub(in crate::account) async fn match_code(
    cx: &PrepareContext<'_>,
    user: UserId,
    code: Option<&FactorCode>,
) -> Result<MatchedCode> {
    match code.ok_or_else(wrong_code)? {
        FactorCode::Totp(code) => {
            let read = cx.read(move |cx| {
                Box::pin(async move {
                    let scope = cx.scope_of(SystemCaller::SIGN_IN);
                    cx.totp_factors().find(&scope, user).await
                })
            });
            let factor = read.await?.filter(|factor| factor.confirmed_at.is_some());
            let sealed = factor.ok_or_else(wrong_code)?.sealed;
            let secret = open_secret(&cx.components().sealer, user, &sealed)?;
            let step = secret
                .matching_step(code.expose(), cx.now())
                .ok_or_else(wrong_code)?;
            Ok(MatchedCode::Totp { sealed, step })
        }
        FactorCode::Recovery(code) => {
            let digest = *code.digest().as_bytes();
            let read = cx.read(move |cx| {
                Box::pin(async move {
                    let scope = cx.scope_of(SystemCaller::SIGN_IN);
                    cx.recovery_codes().is_unused(&scope, user, &digest).await
                })
            });
            match read.await? {
                true => Ok(MatchedCode::Recovery(digest)),
                false => Err(wrong_code()),
            }
        }
    }
}

/// Uses a code that matched: of two requests with the same code, one succeeds. `permit` is one for
/// [`User::USE_FACTOR`].
///
/// # Errors
/// `MFA_INVALID` when it was used meanwhile, or its factor was changed.
pub(in crate::account) async fn use_code(
    cx: &mut CommandContext<'_>,
    permit: Permit<User>,
    user: &User,
    matched: &MatchedCode,
) -> Result<()> {
    match matched {
        MatchedCode::Totp { sealed, step } => {
            match cx.totp_factors().accept(&permit, user, (sealed, *step)).await? {
                true => Ok(()),
                false => Err(wrong_code()),
            }
        }
        MatchedCode::Recovery(digest) => {
            let now = cx.now();
            if !cx.recovery_codes().consume(&permit, user, digest, now).await? {
                return Err(wrong_code());
            }
            let scope = cx.scope_of(SystemCaller::SIGN_IN);
            let left = cx.recovery_codes().unused(&scope, user.id).await?;
            let facts = json!({"left": left});
            let event = DomainEvent::noted("user.recovery-code-used", "USE_RECOVERY_CODE", &facts);
            cx.record(permit, event);
            let request = RequestFacts::of(cx);
            mail::send(cx, user, AccountMail::RecoveryCodeUsed { left, request })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_recognised_by_its_form() {
        for totp in ["123456", " 123 456 "] {
            let Some(FactorCode::Totp(code)) = FactorCode::parse(totp) else {
                panic!("{totp}");
            };
            assert_eq!(code.expose(), "123456");
        }
        for recovery in [
            "7K2M-9QXD-04TB-HZ3W-5RNC-8EVA",
            "7k2m9qxd04tbhz3w5rnc8eva",
            "1234-5678-9012-3456-7890-1234",
        ] {
            assert!(
                matches!(FactorCode::parse(recovery), Some(FactorCode::Recovery(_))),
                "{recovery}"
            );
        }
        for neither in ["", "12345", "1234567", "123-456", "１２３４５６", "abcdef"] {
            assert!(FactorCode::parse(neither).is_none(), "{neither}");
        }
    }
}
