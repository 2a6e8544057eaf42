//! The mails about an account.

use super::draft::{Draft, Fact, Value};
use super::kind::MailKind;
use crate::spelled;
use mainstay_domain::email::Email;
use mainstay_domain::email_code::CODE_TTL;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::time::Timestamp;
use mainstay_engine::{CommandContext, Secret};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A mail about an account, with the values that it shows. Tokens in it are secrets: it is serialised only to be sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AccountMail {
    /// Asks the owner of the address to confirm it.
    VerifyEmail {
        #[serde(with = "spelled")]
        token: Secret<String>,
    },
    /// Informs the owner of the address that there is an account already, with a link that sets a new password.
    AccountExists {
        #[serde(with = "spelled")]
        token: Secret<String>,
    },
    /// Carries the link that sets a new password.
    ResetPassword {
        #[serde(with = "spelled")]
        token: Secret<String>,
    },
    /// Carries the link that signs in.
    MagicLink {
        #[serde(with = "spelled")]
        token: Secret<String>,
    },
    /// Carries the code that signs in.
    EmailCode {
        #[serde(with = "spelled")]
        code: Secret<String>,
    },
    /// Carries the code that proves again who a signed-in user is.
    StepUpCode {
        #[serde(with = "spelled")]
        code: Secret<String>,
    },
    /// Informs the owner that the password was changed.
    PasswordChanged { request: RequestFacts },
    /// Informs the owner of an address, which was confirmed just now, that the password which was chosen before was
    /// removed, with a link that sets a new one.
    PasswordRemoved {
        #[serde(with = "spelled")]
        token: Secret<String>,
    },
    /// Asks the owner of the new address to confirm it.
    ChangeEmail {
        #[serde(with = "spelled")]
        token: Secret<String>,
    },
    /// Informs the present address that a change to another one was requested.
    EmailChangeRequested { new: Email, request: RequestFacts },
    /// Informs the former address that the account has another one now.
    EmailChanged { new: Email, request: RequestFacts },
    /// Informs the owner of the first sign-in from a device.
    NewDevice { request: RequestFacts },
    /// Informs the owner that another client used a refresh token of a session than the one that it was issued to.
    SessionFlagged { request: RequestFacts },
    /// Carries the link that accepts an invitation.
    Invitation {
        #[serde(with = "spelled")]
        token: Secret<String>,
        /// How long the link works.
        valid: Duration,
    },
    /// Informs the owner that sign-in asks for a second factor from now on.
    MfaEnabled { request: RequestFacts },
    /// Informs the owner that a second factor was removed.
    MfaDisabled { request: RequestFacts },
    /// Informs the owner that an administrator removed the second factors. Where from is the administrator's concern.
    MfaReset { at: Timestamp },
    /// Informs the owner that a passkey signs in to the account from now on.
    PasskeyAdded { name: String, request: RequestFacts },
    /// Informs the owner that a passkey was removed.
    PasskeyRemoved { name: String, request: RequestFacts },
    /// Informs the owner that the recovery codes were replaced.
    RecoveryCodesRenewed { request: RequestFacts },
    /// Informs the owner that a recovery code was used, and how many are left.
    RecoveryCodeUsed { left: i64, request: RequestFacts },
    /// Informs the owner that an identity of a provider signs in to the account from now on.
    IdentityLinked { provider: String, request: RequestFacts },
    /// Informs the owner that an identity of a provider signs in to the account no longer.
    IdentityUnlinked { provider: String, request: RequestFacts },
    /// Informs the owner that an export of the account can be downloaded.
    DataExportReady { until: Timestamp },
    /// Informs the owner that an export of the account could not be made.
    DataExportFailed,
    /// Informs the owner that the account is to be deleted, and how to keep it.
    DeletionRequested { until: Timestamp, request: RequestFacts },
    /// Informs the owner that the account is not deleted after all.
    AccountRestored { request: RequestFacts },
    /// Informs the user who registered a webhook endpoint that it was disabled.
    WebhookDisabled { url: String },
    /// Informs the former owner that the account was deleted.
    AccountDeleted,
}

/// When and from where a request came, for the owner of an account to recognise it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFacts {
    /// When the transaction of the request began.
    pub at: Timestamp,
    /// The client's network address, if it is known.
    pub ip: Option<String>,
    /// The client's software, as it names itself.
    pub user_agent: Option<String>,
}

impl RequestFacts {
    /// Those of the present request.
    pub fn of(cx: &CommandContext<'_>) -> Self {
        let origin = &cx.context().origin;
        Self {
            at: cx.now(),
            ip: origin.ip.map(|ip| ip.to_string()),
            user_agent: origin.user_agent.as_deref().map(str::to_owned),
        }
    }

    fn facts(&self) -> Vec<(Fact, Value)> {
        let text = |fact: Fact, text: &Option<String>| text.clone().map(|text| (fact, Value::Text(text)));
        let time = Some((Fact::Time, Value::Time(self.at)));
        let known = [
            time,
            text(Fact::Address, &self.ip),
            text(Fact::Device, &self.user_agent),
        ];
        known.into_iter().flatten().collect()
    }
}

impl AccountMail {
    /// The kind of the mail.
    pub(super) fn kind(&self) -> MailKind {
        match self {
            Self::VerifyEmail { .. } => MailKind::VerifyEmail,
            Self::AccountExists { .. } => MailKind::AccountExists,
            Self::ResetPassword { .. } => MailKind::ResetPassword,
            Self::MagicLink { .. } => MailKind::MagicLink,
            Self::EmailCode { .. } => MailKind::EmailCode,
            Self::StepUpCode { .. } => MailKind::StepUpCode,
            Self::PasswordChanged { .. } => MailKind::PasswordChanged,
            Self::PasswordRemoved { .. } => MailKind::PasswordRemoved,
            Self::ChangeEmail { .. } => MailKind::ChangeEmail,
            Self::EmailChangeRequested { .. } => MailKind::EmailChangeRequested,
            Self::EmailChanged { .. } => MailKind::EmailChanged,
            Self::NewDevice { .. } => MailKind::NewDevice,
            Self::SessionFlagged { .. } => MailKind::SessionFlagged,
            Self::Invitation { .. } => MailKind::Invitation,
            Self::MfaEnabled { .. } => MailKind::MfaEnabled,
            Self::MfaDisabled { .. } => MailKind::MfaDisabled,
            Self::MfaReset { .. } => MailKind::MfaReset,
            Self::PasskeyAdded { .. } => MailKind::PasskeyAdded,
            Self::PasskeyRemoved { .. } => MailKind::PasskeyRemoved,
            Self::RecoveryCodesRenewed { .. } => MailKind::RecoveryCodesRenewed,
            Self::RecoveryCodeUsed { .. } => MailKind::RecoveryCodeUsed,
            Self::IdentityLinked { .. } => MailKind::IdentityLinked,
            Self::IdentityUnlinked { .. } => MailKind::IdentityUnlinked,
            Self::DataExportReady { .. } => MailKind::DataExportReady,
            Self::DataExportFailed => MailKind::DataExportFailed,
            Self::DeletionRequested { .. } => MailKind::DeletionRequested,
            Self::AccountRestored { .. } => MailKind::AccountRestored,
            Self::WebhookDisabled { .. } => MailKind::WebhookDisabled,
            Self::AccountDeleted => MailKind::AccountDeleted,
        }
    }

    /// What the mail says.
    pub(super) fn draft(&self) -> Draft {
        let draft = Draft::new(self.kind());
        match self {
            Self::VerifyEmail { token } => draft.token(TokenPurpose::VerifyEmail, token),
            Self::AccountExists { token }
            | Self::ResetPassword { token }
            | Self::PasswordRemoved { token } => draft.token(TokenPurpose::ResetPassword, token),
            Self::MagicLink { token } => draft.token(TokenPurpose::MagicLink, token),
            Self::EmailCode { code } | Self::StepUpCode { code } => draft.code(code, CODE_TTL),
            Self::ChangeEmail { token } => draft.token(TokenPurpose::ChangeEmail, token),
            Self::Invitation { token, valid } => draft.link(TokenPurpose::Invitation, token, *valid),
            Self::PasswordChanged { request }
            | Self::NewDevice { request }
            | Self::SessionFlagged { request }
            | Self::MfaEnabled { request }
            | Self::MfaDisabled { request }
            | Self::AccountRestored { request }
            | Self::RecoveryCodesRenewed { request } => draft.facts(request.facts()),
            Self::MfaReset { at } => draft.facts(vec![(Fact::Time, Value::Time(*at))]),
            Self::EmailChangeRequested { new, request } | Self::EmailChanged { new, request } => {
                draft.value("new", new.as_str()).facts(request.facts())
            }
            Self::PasskeyAdded { name, request } | Self::PasskeyRemoved { name, request } => {
                draft.value("name", name).facts(request.facts())
            }
            Self::RecoveryCodeUsed { left, request } => {
                draft.value("left", left.to_string()).facts(request.facts())
            }
            Self::IdentityLinked { provider, request } | Self::IdentityUnlinked { provider, request } => {
                draft.value("provider", provider).facts(request.facts())
            }
            Self::DataExportReady { until } => draft.time("until", *until),
            Self::DeletionRequested { until, request } => draft.time("until", *until).facts(request.facts()),
            Self::WebhookDisabled { url } => draft.value("url", url),
            Self::DataExportFailed | Self::AccountDeleted => draft,
        }
    }
}
