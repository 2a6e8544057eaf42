//! Accounts and sign-in.

mod accept_invitation;
mod address_token;
mod browser_secret;
mod change_email;
mod change_password;
mod create_account;
mod devices;
mod email_code;
mod end_session;
mod end_sessions;
mod factor;
mod forgot_password;
mod invitation;
mod limits;
mod list_sessions;
mod login;
mod logout;
mod logout_all;
mod magic_link;
mod me;
mod one_time;
mod opening;
mod own_address;
mod own_password;
mod passkey;
mod password;
mod presented;
mod provider;
mod refresh;
mod register;
mod resend_verification;
mod reset_password;
mod restore;
mod second_factor;
mod seed;
mod sign_in;
mod spelled_list;
mod step_up;
mod step_up_code;
mod tokens;
mod totp_secret;
pub(crate) mod tries;
mod verify_email;

use crate::spelled;

pub use accept_invitation::AcceptInvitation;
pub use browser_secret::BrowserBinding;
pub use change_email::{ChangeEmail, SendChangeLink};
pub use change_password::{ChangePassword, PasswordChange};
pub use create_account::CreateAccount;
pub use email_code::{RequestEmailCode, SendEmailCode, VerifyEmailCode};
pub use end_session::EndSession;
pub use factor::{
    DisableTotp, EnableTotp, FactorCode, FactorProof, RecoveryCodeList, RenewRecoveryCodes, SetUpTotp,
    TotpSetup, VerifyFactor, reset_factors,
};
pub use forgot_password::{ForgotPassword, SendResetLink};
pub use list_sessions::{ListSessions, OwnSession};
pub use login::Login;
pub use logout::Logout;
pub use logout_all::LogoutAll;
pub use magic_link::{RequestMagicLink, SendMagicLink, VerifyMagicLink};
pub use me::Me;
pub use passkey::{
    AssertionResponse, AttestationResponse, Base64Url, BeginPasskeyFactor, BeginPasskeyRegistration,
    BeginPasskeySignIn, BeginPasskeyStepUp, FinishPasskeyRegistration, FinishPasskeySignIn, ListPasskeys,
    PasskeyOptions, ReadPasskey, RegisteredPasskey, RemovePasskey, RenamePasskey,
};
pub use password::Password;
pub use provider::{
    BeginProviderSignIn, CallbackParams, FinishProviderSignIn, ListIdentities, ListProviders, ProviderAnswer,
    ProviderSettings, ProviderSignIn, Redirection, ReturnTo, UnlinkIdentity,
};
pub use refresh::{Refresh, Refreshed, WrittenRefresh};
pub use register::{Register, Registered, WrittenRegistration};
pub use resend_verification::ResendVerification;
pub use reset_password::ResetPassword;
pub use restore::RestoreAccount;
pub use sign_in::{FactorRequest, RestoreOffer, SignIn, WrittenSignIn};
pub use step_up::{StepUp, require_step_up};
pub use step_up_code::RequestStepUpCode;
pub(crate) use tokens::profile;
pub use tokens::{OpenedSession, Profile, Tokens};
pub use tries::ConcurrentTries;
pub use verify_email::{ConfirmedEmail, VerifyEmail};

pub(crate) use end_sessions::end_sessions_of;
pub(crate) use invitation::{end_invitation, send_invitation, was_in_use};
pub(crate) use limits::check_mails;
pub(crate) use one_time::{NewToken, consume, issue};
pub(crate) use opening::open_session;
