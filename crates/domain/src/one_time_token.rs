//! One-time tokens: what each is for, how it is recognised and how long it is valid.

use crate::id::UserId;
use crate::string_enum;
use crate::time::Timestamp;
use std::time::Duration;

string_enum! {
    /// What a one-time token is for. A token of one purpose is never accepted for another.
    pub enum TokenPurpose {
        /// Creates the first administrator.
        Setup = "setup",
        /// Finishes a sign-in with a second factor.
        SecondFactor = "second-factor",
        /// Confirms the address of an account.
        VerifyEmail = "verify-email",
        /// Confirms the new address of an account.
        ChangeEmail = "change-email",
        /// Sets a new password.
        ResetPassword = "reset-password",
        /// Accepts an invitation.
        Invitation = "invitation",
        /// Signs in by a link in a mail.
        MagicLink = "magic-link",
        /// The `state` of a sign-in by an identity provider (RFC 6749, 10.12).
        ProviderSignIn = "provider-sign-in",
        /// The challenge that the registration of a passkey answers (WebAuthn). Challenges have no prefix: browsers
        /// return them as part of a response.
        PasskeyRegistration = "passkey-registration",
        /// The challenge that a sign-in by a passkey answers.
        PasskeySignIn = "passkey-sign-in",
        /// The challenge that a passkey answers as a second factor or in a step-up.
        PasskeyFactor = "passkey-factor",
        /// Restores an account that is to be deleted, after a complete sign-in.
        RestoreAccount = "restore-account",
    }
}

impl TokenPurpose {
    /// The prefix by which people and secret scanners recognise a leaked token.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Setup => "mst_",
            Self::SecondFactor => "msf_",
            Self::VerifyEmail => "mve_",
            Self::ChangeEmail => "mce_",
            Self::ResetPassword => "mrp_",
            Self::Invitation => "miv_",
            Self::MagicLink => "mml_",
            Self::ProviderSignIn => "mps_",
            Self::PasskeyRegistration => "mpr_",
            Self::PasskeySignIn => "mpk_",
            Self::PasskeyFactor => "mpf_",
            Self::RestoreAccount => "mra_",
        }
    }

    /// How long a token is valid; for an invitation, unless the deployment chooses another time.
    pub const fn ttl(self) -> Duration {
        match self {
            Self::Setup | Self::VerifyEmail | Self::ChangeEmail => Duration::from_hours(24),
            Self::SecondFactor | Self::PasskeyRegistration | Self::PasskeySignIn | Self::PasskeyFactor => {
                Duration::from_mins(5)
            }
            Self::ResetPassword => Duration::from_hours(1),
            Self::Invitation => Duration::from_hours(7 * 24),
            Self::MagicLink => Duration::from_mins(15),
            Self::ProviderSignIn | Self::RestoreAccount => Duration::from_mins(10),
        }
    }
}

/// What is stored of a token besides its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeToken {
    /// What it is for.
    pub purpose: TokenPurpose,
    /// The account that it was issued for, if any.
    pub user_id: Option<UserId>,
    /// What it stands for besides its account: JSON, in the form of its purpose.
    pub payload: Option<String>,
    /// The SHA-256 of the secret that the browser which asked for it keeps in a cookie; `None` when it is bound to no
    /// browser.
    pub browser: Option<Vec<u8>>,
    /// When it expires.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn prefixes_are_four_characters_and_unique() {
        let prefixes: BTreeSet<_> = TokenPurpose::ALL.iter().map(|purpose| purpose.prefix()).collect();
        assert_eq!(prefixes.len(), TokenPurpose::ALL.len());
        assert!(
            prefixes
                .iter()
                .all(|prefix| prefix.len() == 4 && prefix.ends_with('_'))
        );
    }
}
