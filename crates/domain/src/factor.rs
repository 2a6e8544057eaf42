//! Second factors of an account.

use crate::string_enum;

string_enum! {
    /// A proof of identity that sign-in requires besides the first one.
    pub enum SecondFactor {
        /// A code of an authenticator app (RFC 6238).
        Totp = "totp",
        /// A recovery code.
        RecoveryCode = "recovery-code",
        /// A passkey (WebAuthn).
        Passkey = "passkey",
    }
}
