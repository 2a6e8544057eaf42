//! The sessions that this node knows to have been opened.
//!
//! A signature proves that a token was made with a key of Mainstay's, not that Mainstay made it: who has a leaked key
//! makes tokens at will. So the session that a token names must exist, and belong to the account that it names. A node
//! knows the sessions whose tokens it signed, and reads the row of any other one once; after that no request of the
//! session needs the database for its token.

use crate::node::Node;
use mainstay_domain::access::{self, Caller, SystemCaller};
use mainstay_domain::error::{Error, Result, Unauthenticated};
use mainstay_domain::id::{SessionId, UserId};
use mainstay_platform::crypto::token::Claims;
use mainstay_platform::database::ReadMode;
use mainstay_repositories::Sessions;

/// How many sessions a node remembers; the least recently used ones are forgotten, and read again when they return.
const MAX_KNOWN: u64 = 100_000;

/// The sessions that this node knows to have been opened, each with its account. Whether one has ended since is the
/// [directory](super::AccessDirectory)'s to say.
pub struct IssuedSessions {
    node: Node,
    known: moka::sync::Cache<SessionId, UserId>,
}

impl IssuedSessions {
    /// A node that knows no session yet.
    pub fn new(node: Node) -> Self {
        Self {
            node,
            known: moka::sync::Cache::new(MAX_KNOWN),
        }
    }

    /// Notes a session that the database holds.
    pub fn note(&self, session: SessionId, user: UserId) {
        self.known.insert(session, user);
    }

    /// Checks that the session of a verified token was opened, for the account that the token names.
    ///
    /// # Errors
    /// `TOKEN_INVALID` when it never was, or is of another account; `TOKEN_REVOKED` when it has ended; `UNAVAILABLE` when
    /// this node does not know it and the database is unavailable.
    pub(super) async fn check(&self, claims: &Claims) -> Result<()> {
        let invalid = Error::Unauthenticated(Unauthenticated::Invalid);
        if let Some(user) = self.known.get(&claims.sid) {
            return if user == claims.sub { Ok(()) } else { Err(invalid) };
        }
        let id = claims.sid;
        let read = self.node.read(ReadMode::InPlace, move |tx| {
            Box::pin(async move {
                let scope = access::scope(&Caller::System(SystemCaller::SIGN_IN));
                Sessions::new(tx).find(&scope, id).await
            })
        });
        match read.await {
            Ok(session) if session.user_id != claims.sub => Err(invalid),
            Ok(session) if session.ended_at.is_some() => {
                Err(Error::Unauthenticated(Unauthenticated::Revoked))
            }
            Ok(session) => {
                self.note(session.id, session.user_id);
                Ok(())
            }
            Err(Error::NotFound) => Err(invalid),
            Err(error) => Err(error),
        }
    }
}
