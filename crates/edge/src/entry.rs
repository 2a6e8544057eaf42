//! The entry that all interfaces share: it makes the context that use cases run with out of what a request presents.
//!
//! Nothing here belongs to one protocol. REST fills an [`Entry`] from headers, gRPC from metadata, and a WebSocket from
//! its first frame; from there on, all of them authenticate, check access and count in the same way.

use mainstay_domain::error::{Denied, Unauthenticated};
use mainstay_domain::{Error, Result};
use mainstay_engine::access::Authentication;
use mainstay_engine::request_context::Notes;
use mainstay_engine::{Engine, IdempotencyKey, Origin, RequestContext, UseCase};
use mainstay_platform::stopwatch::{Deadline, Stopwatch};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The credential that a request presents. Never one in the query string: those end up in logs and browser histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential<'r> {
    /// The request has no credential.
    None,
    /// A token that the client set itself, in a header or in metadata.
    Explicit(&'r str),
    /// A place for tokens that contains none, or more than one. It never falls back to a cookie: a client that fills
    /// the place means it.
    Unreadable,
    /// A token from a cookie that the browser added by itself.
    Ambient(&'r str),
}

/// What a credential is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialUse {
    /// It is ignored, and the caller is anonymous: the request itself proves who the caller is.
    Ignored,
    /// An invalid token is ignored, however the client sent it.
    Lenient,
    /// A token that the client set must be valid; an invalid one from a cookie is ignored.
    Optional,
    /// It must be valid where there is one; without one, the caller is anonymous.
    Required,
}

impl CredentialUse {
    /// What the credential is needed for where a use case is the whole request.
    pub const fn of<U: UseCase>() -> Self {
        match (U::SIGNS_IN, U::ACCESS.is_public()) {
            (true, _) => Self::Ignored,
            (false, true) if U::IGNORES_INVALID_TOKEN => Self::Lenient,
            (false, true) => Self::Optional,
            (false, false) => Self::Required,
        }
    }
}

/// What a request presents on arrival at an interface, as plain values.
#[derive(Debug)]
pub struct Entry<'r> {
    /// The credential, not verified yet.
    pub credential: Credential<'r>,
    /// The client's address, with trusted proxies resolved, and its software.
    pub origin: Origin,
    /// Identifies the request in logs, answers and the audit trail.
    pub request_id: Arc<str>,
    /// Whether a page of another site may have made a browser send the request. False where no browser can.
    pub is_foreign: bool,
    /// When the client stops waiting for the answer; see [`deadline`].
    pub deadline: Deadline,
    /// Identifies repetitions of the request. `None` without a key, and where the body that the fingerprint is made
    /// from has not arrived yet: the interface then sets it in the context.
    pub idempotency: Option<IdempotencyKey>,
    /// Collects measurements for the log line and the answer.
    pub notes: Arc<Notes>,
}

impl Entry<'_> {
    /// Authenticates the caller and makes the context of the request. A refusal that is a security event is recorded
    /// under `operation`: the name of the use case, or of the request where it runs several.
    ///
    /// # Errors
    /// `CSRF_FAILED` when another site's page may have made a browser send the request and no token proves otherwise;
    /// 401 or 403 when the credential is not valid.
    pub async fn authenticate(
        self,
        engine: &Engine,
        credential_use: CredentialUse,
        operation: &'static str,
    ) -> Result<RequestContext> {
        let credential = match credential_use {
            CredentialUse::Ignored => Credential::None,
            CredentialUse::Lenient | CredentialUse::Optional | CredentialUse::Required => self.credential,
        };
        if self.is_foreign && !matches!(credential, Credential::Explicit(_)) {
            return Err(Error::Denied(Denied::Csrf));
        }
        let mut cx = RequestContext {
            origin: self.origin,
            request_id: Some(self.request_id),
            deadline: Some(self.deadline),
            idempotency: self.idempotency,
            notes: self.notes,
            ..RequestContext::anonymous()
        };
        let may_ignore = credential_use == CredentialUse::Optional;
        match identify(engine, credential, cx.origin.ip, may_ignore).await {
            Ok(authentication) => cx.identify(authentication),
            // A token that is not valid does not prove that the client itself sent the request.
            Err(Error::Unauthenticated(_) | Error::Denied(_))
                if credential_use == CredentialUse::Lenient && self.is_foreign =>
            {
                return Err(Error::Denied(Denied::Csrf));
            }
            Err(Error::Unauthenticated(why)) if credential_use == CredentialUse::Lenient => {
                cx.ignored_token = Some(why);
            }
            Err(Error::Denied(_)) if credential_use == CredentialUse::Lenient => {
                cx.ignored_token = Some(Unauthenticated::Revoked);
            }
            Err(error) => {
                engine.security().note_refused(&cx, operation, &error);
                return Err(error);
            }
        }
        Ok(cx)
    }
}

/// Resolves a credential. `may_ignore` states whether an invalid token from a cookie counts as none.
async fn identify(
    engine: &Engine,
    credential: Credential<'_>,
    address: Option<IpAddr>,
    may_ignore: bool,
) -> Result<Option<Arc<Authentication>>> {
    let (token, may_ignore) = match credential {
        Credential::None => return Ok(None),
        Credential::Unreadable => return Err(Error::Unauthenticated(Unauthenticated::Invalid)),
        Credential::Explicit(token) => (token, false),
        Credential::Ambient(token) => (token, may_ignore),
    };
    match engine.authenticator().authenticate(token, address).await {
        Err(Error::Unauthenticated(_) | Error::Denied(_)) if may_ignore => Ok(None),
        found => found.map(Some),
    }
}

/// Checks access and counts the request against its rate limit as soon as its head is known: a client whose body stalls,
/// breaks off or is invalid is refused or counted like any other, and one without access learns nothing about the body.
/// The pipeline checks access again, and does not count again.
///
/// # Errors
/// 401, 403 or `RATE_LIMITED`.
pub fn admit<U: UseCase>(engine: &Engine, cx: &mut RequestContext) -> Result<()> {
    if let Err(error) = cx.admit(U::ACCESS) {
        engine.security().note_refused(cx, U::NAME, &error);
        return Err(error);
    }
    engine.pipeline().count_request::<U>(cx)
}

/// When a client stops waiting: after the time that it requested, at most after that of the server, measured from when
/// its request arrived.
pub fn deadline(arrived: Stopwatch, requested: Option<Duration>, server: Duration) -> Deadline {
    let limit = requested.map_or(server, |requested| requested.min(server));
    Deadline::new(arrived, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_shortens_the_deadline_and_never_extends_it() {
        let server = Duration::from_secs(30);
        for (requested, expected) in [(None, 30), (Some(5), 5), (Some(60), 30), (Some(0), 0)] {
            let requested = requested.map(Duration::from_secs);
            let deadline = deadline(Stopwatch::start(), requested, server);
            assert_eq!(deadline.limit(), Duration::from_secs(expected));
        }
    }
}
