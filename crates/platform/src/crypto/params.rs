//! The cost of a password hash, and why hashing fails.

/// The cost of one hash. The default is the minimum of OWASP's Password Storage Cheat Sheet for Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory (`t`).
    pub passes: u32,
    /// Lanes (`p`); they are computed one after the other.
    pub lanes: u32,
}

impl Params {
    /// 19 MiB, two passes, one lane: about 20 ms of one core.
    pub const OWASP: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };

    /// Takes a fraction of a millisecond. Protects nothing.
    pub const fn fast_for_tests() -> Self {
        Self {
            memory_kib: 32,
            passes: 1,
            lanes: 1,
        }
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::OWASP
    }
}

/// Why hashing or verifying failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The maximum number of callers is waiting; try again later.
    #[error("too many passwords are being checked")]
    Busy,
    /// The stored hash is not an Argon2 PHC string of acceptable cost.
    #[error("the stored password hash cannot be read")]
    Unreadable,
    /// The parameters are outside of what Argon2 allows.
    #[error("Argon2 refuses these parameters")]
    BadParams,
    /// The runtime is shutting down, or hashing panicked.
    #[error("password hashing was broken off")]
    Stopped,
}
