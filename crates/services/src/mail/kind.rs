//! The kinds of mail.

use mainstay_domain::string_enum;

string_enum! {
    /// A kind of mail. Each has texts in every language ([`texts`](super::texts)) and a sample for the preview.
    pub enum MailKind {
        /// Confirms a payment to the buyer.
        OrderPaid = "order-paid",
        /// Asks the owner of an address to confirm it.
        VerifyEmail = "verify-email",
        /// Informs the owner of an address, which was given for a new account, that there is one already.
        AccountExists = "account-exists",
        /// Carries the link that sets a new password.
        ResetPassword = "reset-password",
        /// Carries the link that signs in.
        MagicLink = "magic-link",
        /// Carries the code that signs in.
        EmailCode = "email-code",
        /// Carries the code that proves again who a signed-in user is.
        StepUpCode = "step-up-code",
        /// Informs the owner that the password was changed.
        PasswordChanged = "password-changed",
        /// Informs the owner of a confirmed address that a password which was chosen before was removed.
        PasswordRemoved = "password-removed",
        /// Asks the owner of the new address of an account to confirm it.
        ChangeEmail = "change-email",
        /// Informs the present address that the account's address is about to change.
        EmailChangeRequested = "email-change-requested",
        /// Informs the former address that the account's address has changed.
        EmailChanged = "email-changed",
        /// Informs the owner of the first sign-in from a device.
        NewDevice = "new-device",
        /// Informs the owner that another client used a refresh token of a session.
        SessionFlagged = "session-flagged",
        /// Carries the link that accepts an invitation.
        Invitation = "invitation",
        /// Informs the owner that sign-in asks for a second factor from now on.
        MfaEnabled = "mfa-enabled",
        /// Informs the owner that a second factor was removed.
        MfaDisabled = "mfa-disabled",
        /// Informs the owner that an administrator removed the second factors.
        MfaReset = "mfa-reset",
        /// Informs the owner that a passkey signs in to the account from now on.
        PasskeyAdded = "passkey-added",
        /// Informs the owner that a passkey was removed.
        PasskeyRemoved = "passkey-removed",
        /// Informs the owner that the recovery codes were replaced.
        RecoveryCodesRenewed = "recovery-codes-renewed",
        /// Informs the owner that a recovery code was used.
        RecoveryCodeUsed = "recovery-code-used",
        /// Informs the owner that an identity of a provider signs in to the account from now on.
        IdentityLinked = "identity-linked",
        /// Informs the owner that an identity of a provider signs in to the account no longer.
        IdentityUnlinked = "identity-unlinked",
        /// Informs the owner that an export of the account can be downloaded.
        DataExportReady = "data-export-ready",
        /// Informs the owner that an export of the account could not be made.
        DataExportFailed = "data-export-failed",
        /// Informs the owner that the account is to be deleted, and how to keep it.
        DeletionRequested = "deletion-requested",
        /// Informs the owner that the account is not deleted after all.
        AccountRestored = "account-restored",
        /// Informs the user who registered a webhook endpoint that it was disabled.
        WebhookDisabled = "webhook-disabled",
        /// Informs the former owner that the account was deleted.
        AccountDeleted = "account-deleted",
    }
}
