//! English.

use super::{MailKind, Texts, Words};

pub(super) const WORDS: Words = Words {
    hello: "Hello,",
    hello_name: "Hello {name},",
    link_hint: "If the button does not work, open this address in your browser:",
    footer: "You receive this mail because of an account or an order at {site}.",
    facts: ["Time", "Network address", "Device"],
    order: ["What", "Price", "each", "together", "Total"],
    durations: [["day", "days"], ["hour", "hours"], ["minute", "minutes"]],
};

#[expect(clippy::too_many_lines, reason = "one table of texts")]
pub(super) fn texts(kind: MailKind) -> Texts {
    match kind {
        MailKind::OrderPaid => Texts {
            subject: "Thank you for your order {number}",
            heading: "Thank you for your order",
            body: &["thank you for your order {number}. Your payment has arrived."],
            action: None,
            closing: &["We will be in touch when it is on its way."],
        },
        MailKind::VerifyEmail => Texts {
            subject: "Confirm your e-mail address",
            heading: "Confirm your e-mail address",
            body: &[
                "please confirm that you registered this address at {site}. The link works once, for {valid}.",
            ],
            action: Some("Confirm the address"),
            closing: &["If you did not register, do nothing, and the address stays unconfirmed."],
        },
        MailKind::AccountExists => Texts {
            subject: "You have an account already",
            heading: "You have an account already",
            body: &[
                "this address was given for an account at {site}, and it belongs to your account there. Nothing was changed.",
                "Sign in as usual. If you do not know your password, set a new one; the link works once, for {valid}.",
            ],
            action: Some("Set a new password"),
            closing: &["If it was not you, you need not do anything."],
        },
        MailKind::ResetPassword => Texts {
            subject: "Set a new password",
            heading: "Set a new password",
            body: &[
                "a new password for your account at {site} was requested. The link works once, for {valid}.",
            ],
            action: Some("Set a new password"),
            closing: &["If it was not you, you need not do anything: your password stays as it is."],
        },
        MailKind::MagicLink => Texts {
            subject: "Your link to sign in",
            heading: "Your link to sign in",
            body: &["with this link you sign in at {site}. It works once, for {valid}."],
            action: Some("Sign in"),
            closing: &[
                "Open it in the browser in which you asked for it. If you did not ask for it, do not open it, and do not pass it on.",
            ],
        },
        MailKind::EmailCode => Texts {
            subject: "Your code to sign in",
            heading: "Your code to sign in",
            body: &["with this code you sign in at {site}. It works once, for {valid}."],
            action: None,
            closing: &[
                "Type it only where you asked for it, and pass it on to no one: we never ask for it. If you did not ask for it, you need not do anything.",
            ],
        },
        MailKind::StepUpCode => Texts {
            subject: "Your code to confirm that it is you",
            heading: "Your code to confirm that it is you",
            body: &[
                "with this code you confirm at {site} that it is you who is signed in. It works once, for {valid}.",
            ],
            action: None,
            closing: &[
                "Type it only where you asked for it, and pass it on to no one: we never ask for it. If you did not ask for it, someone else may be signed in to your account: sign in, and sign out every other device.",
            ],
        },
        MailKind::PasswordChanged => Texts {
            subject: "Your password was changed",
            heading: "Your password was changed",
            body: &[
                "the password of your account at {site} was changed, and its other devices were signed out.",
            ],
            action: None,
            closing: &[
                "If it was not you, set a new password at once: choose \"forgot password\" when you sign in.",
            ],
        },
        MailKind::PasswordRemoved => Texts {
            subject: "Your address is confirmed; choose a password",
            heading: "Choose a password",
            body: &[
                "your address at {site} is confirmed. The account had a password before, which may not be yours, so it \
                 was removed, and every device was signed out.",
                "Choose a password of your own; the link works once, for {valid}.",
            ],
            action: Some("Choose a password"),
            closing: &["You can also sign in without a password, in any other way that you set up."],
        },
        MailKind::ChangeEmail => Texts {
            subject: "Confirm your new e-mail address",
            heading: "Confirm your new e-mail address",
            body: &[
                "this address was given as the new one of an account at {site}. The link works once, for {valid}.",
            ],
            action: Some("Confirm the address"),
            closing: &["If you have no account there, do nothing."],
        },
        MailKind::EmailChangeRequested => Texts {
            subject: "Your e-mail address is about to change",
            heading: "Your e-mail address is about to change",
            body: &[
                "the address of your account at {site} will become {new} as soon as it is confirmed there.",
            ],
            action: None,
            closing: &[
                "If it was not you, change your password at once: that stops the change and signs out every other device.",
            ],
        },
        MailKind::EmailChanged => Texts {
            subject: "Your e-mail address was changed",
            heading: "Your e-mail address was changed",
            body: &[
                "the address of your account at {site} is {new} now. No more mail is sent to this address.",
            ],
            action: None,
            closing: &["If it was not you, contact the operator of {site}."],
        },
        MailKind::NewDevice => Texts {
            subject: "A new device signed in to your account",
            heading: "A new device signed in to your account",
            body: &["a device that did not sign in before has signed in to your account at {site}."],
            action: None,
            closing: &[
                "If it was not you, change your password at once, and end the session in the list of your sessions.",
            ],
        },
        MailKind::SessionFlagged => Texts {
            subject: "One of your sessions may have been copied",
            heading: "One of your sessions may have been copied",
            body: &[
                "a session of your account at {site} is used from two places at once. That happens when a device changes \
                 its network at the wrong moment, or when someone has a copy of what it keeps to stay signed in.",
            ],
            action: None,
            closing: &[
                "If you do not recognise the device below, end the session in the list of your sessions, where it is \
                 marked, and change your password.",
            ],
        },
        MailKind::Invitation => Texts {
            subject: "You are invited to {site}",
            heading: "You are invited to {site}",
            body: &[
                "an account at {site} was created for this address. Choose a password to accept; the link works once, for {valid}.",
            ],
            action: Some("Accept the invitation"),
            closing: &[
                "If you do not know why you are invited, do nothing: the account cannot be used before you accept.",
            ],
        },
        MailKind::MfaEnabled => Texts {
            subject: "Two-factor authentication is on",
            heading: "Two-factor authentication is on",
            body: &[
                "a second factor was set up for your account at {site}. Signing in asks for a code from now on.",
                "Keep the recovery codes in a safe place: they let you in when you have lost the device.",
            ],
            action: None,
            closing: &[
                "If it was not you, set a new password at once, which signs out every device, and contact the operator of {site}.",
            ],
        },
        MailKind::MfaDisabled => Texts {
            subject: "A second factor was removed",
            heading: "A second factor was removed",
            body: &["a second factor of your account at {site} was removed."],
            action: None,
            closing: &["If it was not you, change your password at once, and set up a second factor again."],
        },
        MailKind::MfaReset => Texts {
            subject: "An administrator removed your second factors",
            heading: "An administrator removed your second factors",
            body: &[
                "an administrator of {site} removed the second factors of your account, and signed out all of its devices. \
                 Signing in asks for no code until you set one up again.",
            ],
            action: None,
            closing: &[
                "If you did not ask for it, contact the operator of {site}, and change your password.",
            ],
        },
        MailKind::PasskeyAdded => Texts {
            subject: "A passkey was added to your account",
            heading: "A passkey was added to your account",
            body: &[
                "the passkey “{name}” was added to your account at {site}, and signs in to it without a password.",
            ],
            action: None,
            closing: &["If it was not you, remove it in your account, and change your password at once."],
        },
        MailKind::PasskeyRemoved => Texts {
            subject: "A passkey was removed from your account",
            heading: "A passkey was removed from your account",
            body: &[
                "the passkey “{name}” was removed from your account at {site}, and no longer signs in to it.",
            ],
            action: None,
            closing: &["If it was not you, change your password at once, and register it again."],
        },
        MailKind::RecoveryCodesRenewed => Texts {
            subject: "You have new recovery codes",
            heading: "You have new recovery codes",
            body: &[
                "new recovery codes were made for your account at {site}. The earlier ones no longer work.",
            ],
            action: None,
            closing: &["If it was not you, change your password at once, and make new ones."],
        },
        MailKind::RecoveryCodeUsed => Texts {
            subject: "A recovery code was used",
            heading: "A recovery code was used",
            body: &[
                "a recovery code of your account at {site} was used. It no longer works. Codes that are left: {left}.",
            ],
            action: None,
            closing: &[
                "If it was not you, change your password at once, end the session in the list of your sessions, and make new codes.",
            ],
        },
        MailKind::IdentityLinked => Texts {
            subject: "Sign-in with {provider} was added to your account",
            heading: "Sign-in with {provider} was added to your account",
            body: &["an account at {provider} was linked to your account at {site}, and signs in to it."],
            action: None,
            closing: &[
                "If it was not you, remove the link in your account, and change your password at once.",
            ],
        },
        MailKind::IdentityUnlinked => Texts {
            subject: "Sign-in with {provider} was removed from your account",
            heading: "Sign-in with {provider} was removed from your account",
            body: &["the link between your account at {site} and an account at {provider} was removed."],
            action: None,
            closing: &["If it was not you, change your password at once, and link it again."],
        },
        MailKind::DataExportReady => Texts {
            subject: "Your data is ready to be downloaded",
            heading: "Your data is ready to be downloaded",
            body: &[
                "everything that {site} has stored about your account is ready as a ZIP file. Sign in, and download it by {until}; then it is removed.",
            ],
            action: None,
            closing: &[
                "If it was not you who asked for it, change your password at once: someone else may have been signed in to your account.",
            ],
        },
        MailKind::DataExportFailed => Texts {
            subject: "Your data could not be made ready",
            heading: "Your data could not be made ready",
            body: &[
                "you asked for everything that {site} has stored about your account. It could not be put together; nothing was lost.",
            ],
            action: None,
            closing: &["Please ask for it again. If that fails, too, write to us."],
        },
        MailKind::AccountRestored => Texts {
            subject: "Your account is restored",
            heading: "Your account is restored",
            body: &[
                "your account at {site}, which was to be deleted, was restored at a sign-in. It stays as it was; every device was signed out before.",
            ],
            action: None,
            closing: &[
                "If it was not you, set a new password at once: choose \"forgot password\" when you sign in.",
            ],
        },
        MailKind::DeletionRequested => Texts {
            subject: "Your account will be deleted",
            heading: "Your account will be deleted",
            body: &[
                "the deletion of your account at {site} was requested. Every device was signed out, and on {until} the account is deleted for good.",
                "If you want to keep it, sign in before that as usual, and confirm that the account is to be restored.",
            ],
            action: None,
            closing: &["If it was not you, sign in, restore the account, and change your password at once."],
        },
        MailKind::WebhookDisabled => Texts {
            subject: "A webhook endpoint was disabled",
            heading: "A webhook endpoint was disabled",
            body: &[
                "the endpoint {url}, which you registered at {site}, receives no more events: it asked for none (410), or has not accepted any for a day.",
                "Repair it, and enable it again: deliveries that were on their way wait for it. Events in between are not kept for it.",
            ],
            action: None,
            closing: &["If it is not needed any more, delete it."],
        },
        MailKind::AccountDeleted => Texts {
            subject: "Your account was deleted",
            heading: "Your account was deleted",
            body: &[
                "your account at {site} was deleted, as requested. What the law requires us to keep, such as orders, is kept without your name and address.",
            ],
            action: None,
            closing: &["This is the last mail about this account."],
        },
    }
}
