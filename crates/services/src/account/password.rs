//! A plaintext password, before it is hashed.

use mainstay_domain::name::PersonName;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result, email::Email, password};
use mainstay_engine::PrepareContext;
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

    /// Validates it as a new password of an account.
    ///
    /// # Errors
    /// A validation error at `password`.
    pub(crate) fn check_new(&self, email: &Email, name: &PersonName) -> Result<(), ValidationErrors> {
        self.check_new_at("password", email, name)
    }

    /// As [`check_new`](Self::check_new), where the request has it in another field.
    ///
    /// # Errors
    /// A validation error at `path`.
    pub(super) fn check_new_at(
        &self,
        path: &str,
        email: &Email,
        name: &PersonName,
    ) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let own = [email.as_str(), name.as_str()];
        errors.take(path, password::check_new(&self.0, &own));
        errors.check()
    }

    /// Hashes it as a new password, if it has the length that the deployment requires.
    ///
    /// # Errors
    /// A validation error at `password`; `UNAVAILABLE` when too many passwords are being hashed.
    pub(crate) async fn hash_new(&self, cx: &PrepareContext<'_>) -> Result<String> {
        self.hash_new_at("password", cx).await
    }

    /// As [`hash_new`](Self::hash_new), where the request has it in another field.
    ///
    /// # Errors
    /// A validation error at `path`; `UNAVAILABLE` when too many passwords are being hashed.
    pub(super) async fn hash_new_at(&self, path: &str, cx: &PrepareContext<'_>) -> Result<String> {
        let components = cx.components();
        let mut errors = ValidationErrors::new();
        let length = password::check_length(&self.0, components.policies.password_min);
        errors.take(path, length);
        errors.check()?;
        self.rehash(&components.hasher).await
    }

    /// Hashes it again with the current parameters, whatever the rules for new passwords are by now.
    ///
    /// # Errors
    /// `UNAVAILABLE` when too many passwords are being hashed.
    pub(super) async fn rehash(&self, hasher: &PasswordHasher) -> Result<String> {
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
