//! A plaintext password, before it is hashed.

use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result, email::Email, password};
use mainstay_platform::crypto::password::{PasswordError, PasswordHasher};
use std::borrow::Cow;
use std::fmt;
use zeroize::Zeroizing;

/// A plaintext password. Its `Debug` output hides it, and it is wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password as typed, and converts it to the form that is hashed ([`password::prepared`]).
    pub fn new(text: String) -> Self {
        let typed = Zeroizing::new(text);
        let prepared = match password::prepared(&typed) {
            Cow::Owned(prepared) => Some(Zeroizing::new(prepared)),
            Cow::Borrowed(_) => None,
        };
        Self(prepared.unwrap_or(typed))
    }

    /// Validates it as a new password.
    ///
    /// # Errors
    /// A validation error at `password`.
    pub(crate) fn check_new(&self, email: &Email) -> Result<(), ValidationErrors> {
        self.check_new_at("password", email)
    }

    /// Validates it as a new password that the request has in another field.
    ///
    /// # Errors
    /// A validation error at `path`.
    pub(super) fn check_new_at(&self, path: &str, email: &Email) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        errors.take(path, password::check_new(&self.0, Some(email.as_str())));
        errors.check()
    }

    /// Hashes it.
    ///
    /// # Errors
    /// `UNAVAILABLE` when too many passwords are being hashed.
    pub(crate) async fn hash(&self, hasher: &PasswordHasher) -> Result<String> {
        hasher.hash(self.text()).await.map_err(hashing)
    }

    pub(crate) fn text(&self) -> Zeroizing<String> {
        self.0.clone()
    }

    /// Whether it is short enough to be a password of any account; a longer one was never accepted and needs no
    /// hashing.
    pub(crate) fn is_possible(&self) -> bool {
        self.0.chars().count() <= password::MAX_CHARS
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Maps a hashing failure to the error for the caller.
pub(crate) fn hashing(error: PasswordError) -> Error {
    match error {
        PasswordError::Busy => Error::unavailable("sign-in", error),
        other => Error::internal(other),
    }
}
