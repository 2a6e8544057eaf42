//! What a use case declares, whatever its work is.

use mainstay_domain::access::{Access, Rate};
use mainstay_domain::validation::ValidationErrors;

/// A request as a value: a change or a read that a caller requests. This trait declares it; the work is a
/// [`Command`](super::Command), a [`PreparedCommand`](super::PreparedCommand), a
/// [`StagedCommand`](super::StagedCommand) or a [`Query`](super::Query).
///
/// A use case that does not declare which callers may call it does not compile:
///
/// ```compile_fail,E0046
/// use mainstay_engine::UseCase;
/// #[derive(Clone)]
/// struct Unguarded;
/// impl UseCase for Unguarded {
///     const NAME: &'static str = "example.unguarded";
///     type Output = ();
/// }
/// ```
///
/// ```
/// use mainstay_domain::access::Access;
/// use mainstay_engine::UseCase;
/// #[derive(Clone)]
/// struct Guarded;
/// impl UseCase for Guarded {
///     const NAME: &'static str = "example.guarded";
///     const ACCESS: Access = Access::signed_in();
///     type Output = ();
/// }
/// ```
pub trait UseCase: Clone + Send + Sync + 'static {
    /// Its name in routes, metrics, logs and idempotency records, such as `order.cancel`. Unique.
    const NAME: &'static str;
    /// Which callers may call it.
    const ACCESS: Access;
    /// How often one caller may call it.
    const RATE: Rate = Rate::per_minute(600);
    /// Maximum size of a request body in bytes, as sent: 16 KiB where no caller has to sign in, else 64 KiB. A use
    /// case whose fields need more declares it.
    const MAX_BODY: usize = default_max_body(Self::ACCESS);
    /// Whether the answer contains secrets: tokens, or a link that works once. No interface stores such an answer, and
    /// none compresses it, because the compressed length would leak information (BREACH).
    const SECRET_ANSWER: bool = false;
    /// Whether an `Idempotency-Key` is honoured. Never where the answer contains secrets, which are not stored.
    const IDEMPOTENT: bool = !Self::SECRET_ANSWER;
    /// Whether the request itself proves who the caller is, by a password or a token among its values. Interfaces ignore
    /// every other credential then: sign-in must work for a client that still sends an expired token. Only for use
    /// cases that anonymous callers may call.
    const SIGNS_IN: bool = false;
    /// Whether an access token that is expired, revoked or otherwise invalid counts as none, however the client sent it,
    /// instead of being an error: signing out must work for a client whose access token has expired. Only for use cases
    /// that anonymous callers may call.
    const IGNORES_INVALID_TOKEN: bool = false;
    /// The result of a successful call.
    type Output: Send + 'static;

    /// Checks rules that span several values; single values were validated when the domain made them.
    ///
    /// # Errors
    /// Every validation error found.
    fn validate(&self) -> Result<(), ValidationErrors> {
        Ok(())
    }
}

/// Maximum size of a body in bytes that a client may send without signing in.
pub const PUBLIC_MAX_BODY: usize = 16 * 1024;

/// The bound of a body where the use case declares none of its own.
const fn default_max_body(access: Access) -> usize {
    if access.is_public() {
        PUBLIC_MAX_BODY
    } else {
        64 * 1024
    }
}
