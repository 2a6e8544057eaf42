//! The recent changes of roles, permissions, sessions and API keys.
//!
//! An access token carries what was true when it was signed. This directory holds what changed since, for as long as
//! a token signed before may live; so a revoked session, a changed role, and a permission that was granted or revoked
//! take effect at once, without a query at each request.

use mainstay_domain::access::{Credential, Grant, Permission, PermissionSet, Principal, RoleName};
use mainstay_domain::api_key::ApiKeyId;
use mainstay_domain::email::Email;
use mainstay_domain::error::{Denied, Error, Result, Unauthenticated};
use mainstay_domain::id::{SessionId, UserId};
use mainstay_domain::role::Role;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::{AccessFacts, UserStatus};
use mainstay_platform::crypto::token::Claims;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

mod api_keys;

/// One change of an account, a session or the roles.
#[derive(Debug, Clone)]
pub enum AccessChange {
    /// An account's role, status or own permissions changed.
    User(AccessFacts),
    /// A session ended.
    SessionEnded(SessionId),
    /// An API key was revoked.
    ApiKeyRevoked(ApiKeyId),
    /// All roles as of a change, by its number.
    Roles(Vec<Role>, i64),
}

/// The changes that the database holds after a number, and the number of the last of them.
pub(crate) struct AccessSnapshot {
    pub(crate) roles: Vec<Role>,
    pub(crate) users: Vec<AccessFacts>,
    pub(crate) ended: Vec<SessionId>,
    pub(crate) revoked_keys: Vec<ApiKeyId>,
    pub(crate) last: i64,
}

/// The recent changes, in memory. One per node.
#[derive(Default)]
pub struct AccessDirectory {
    /// Every permission: an administrator has them all.
    permissions: Vec<Permission>,
    state: RwLock<State>,
    version: AtomicU64,
    changes: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    /// With the instant, by this node's clock, at which it learned of the change: when the directory forgets it must
    /// not depend on the clock of the node that made the change.
    users: HashMap<UserId, (AccessFacts, Timestamp)>,
    ended: HashMap<SessionId, Timestamp>,
    revoked_keys: HashMap<ApiKeyId, Timestamp>,
    roles: HashMap<RoleName, RoleAccess>,
    /// The number of the last change that the roles include.
    roles_change: i64,
    /// The number of the last change that was read from the database.
    last: i64,
    /// How often the directory started over; see [`AccessDirectory::start_over`].
    epoch: u64,
}

/// What a role means for those who have it. A role that this node does not know has no permissions.
#[derive(Default, PartialEq, Eq)]
struct RoleAccess {
    permissions: PermissionSet,
    mfa_required: bool,
}

/// A caller as of an instant, and how long that stays true if no change arrives.
pub struct Resolved {
    /// The signed-in user.
    pub principal: Principal,
    /// Until when, by the clock alone: the earliest of the token's expiry and the expiries of permissions.
    pub good_until: Timestamp,
}

impl AccessDirectory {
    /// An empty directory; `permissions` are all that can be granted.
    pub fn new(permissions: Vec<Permission>) -> Self {
        Self {
            permissions,
            ..Self::default()
        }
    }

    /// Grows with each change; what was resolved under an earlier version has to be resolved again.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Notified of each change.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    fn advance(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
        self.changes.send_replace(());
    }

    /// Applies a change that this node learned of now. An older one about the same account does not undo a newer one.
    pub fn apply(&self, change: AccessChange, now: Timestamp) {
        let mut state = self.state.write();
        let is_newer = match change {
            AccessChange::User(facts) => {
                let known = state.users.get(&facts.user_id);
                let newer = known.is_none_or(|(known, _)| known.change <= facts.change && *known != facts);
                if newer {
                    state.users.insert(facts.user_id, (facts, now));
                }
                newer
            }
            AccessChange::SessionEnded(id) => is_new(&mut state.ended, id, now),
            AccessChange::ApiKeyRevoked(id) => is_new(&mut state.revoked_keys, id, now),
            // Read from the database before a change that this node has applied since.
            AccessChange::Roles(_, change) if change < state.roles_change => false,
            AccessChange::Roles(roles, change) => {
                state.roles_change = change;
                let roles: HashMap<_, _> = roles.into_iter().map(|role| self.role(role)).collect();
                let newer = roles != state.roles;
                state.roles = roles;
                newer
            }
        };
        drop(state);
        if is_newer {
            self.advance();
        }
    }

    fn role(&self, role: Role) -> (RoleName, RoleAccess) {
        let access = RoleAccess {
            permissions: role.held(&self.permissions),
            mfa_required: role.mfa_required,
        };
        (role.name, access)
    }

    /// The number of the last change that was read from the database; 0 before the first.
    pub(crate) fn last(&self) -> i64 {
        self.state.read().last
    }

    /// Applies the changes that were read from the database.
    pub(crate) fn learn(&self, snapshot: AccessSnapshot, now: Timestamp) {
        self.apply(AccessChange::Roles(snapshot.roles, snapshot.last), now);
        for facts in snapshot.users {
            self.apply(AccessChange::User(facts), now);
        }
        for session in snapshot.ended {
            self.apply(AccessChange::SessionEnded(session), now);
        }
        for key in snapshot.revoked_keys {
            self.apply(AccessChange::ApiKeyRevoked(key), now);
        }
        let mut state = self.state.write();
        state.last = state.last.max(snapshot.last);
    }

    /// Forgets the accounts and how recent the roles are, because the database counts from an earlier number than
    /// before: it was restored to an earlier state, and its numbers cannot be compared with those known here. Ended
    /// sessions stay ended, and revoked keys revoked.
    pub(crate) fn start_over(&self) {
        let mut state = self.state.write();
        state.users.clear();
        state.roles_change = 0;
        state.last = 0;
        state.epoch += 1;
        drop(state);
        self.advance();
    }

    /// Forgets the changes that this node learned of before an instant, by its own clock.
    pub fn forget_before(&self, instant: Timestamp) {
        let mut state = self.state.write();
        state.users.retain(|_, (_, learned)| *learned >= instant);
        state.ended.retain(|_, learned| *learned >= instant);
        state.revoked_keys.retain(|_, learned| *learned >= instant);
    }

    /// The permissions of a role, together with an account's own grants.
    pub fn permissions(&self, role: &RoleName, grants: &[Grant], now: Timestamp) -> PermissionSet {
        let state = self.state.read();
        let of_role = state.roles.get(role).map(|role| role.permissions.clone());
        of_role.unwrap_or_default().with_grants(grants, now)
    }

    /// Whether the members of a role need a second factor.
    pub fn requires_factor(&self, role: &RoleName) -> bool {
        let state = self.state.read();
        state.roles.get(role).is_some_and(|role| role.mfa_required)
    }

    /// Resolves a verified token to its bearer at this instant. No token lives longer than `life`, whatever its own
    /// expiry: it may be from a time when tokens lived longer than this directory now reaches back.
    ///
    /// # Errors
    /// The token is expired or the session has ended (401), or the account is disabled (403).
    pub fn resolve(&self, claims: &Claims, life: Duration, now: Timestamp) -> Result<Resolved> {
        let token_ends = end_of(claims, life);
        if now >= token_ends {
            return Err(Error::Unauthenticated(Unauthenticated::Expired));
        }
        let state = self.state.read();
        let change = state.users.get(&claims.sub).map(|(facts, _)| facts);
        if change.is_some_and(|facts| facts.status == UserStatus::Disabled) {
            return Err(Error::Denied(Denied::Disabled));
        }
        if state.ended.contains_key(&claims.sid) {
            return Err(Error::Unauthenticated(Unauthenticated::Revoked));
        }
        // Its sessions have ended; this refuses one that was opened in the same moment.
        if change.is_some_and(|facts| facts.deletion_at.is_some()) {
            return Err(Error::Unauthenticated(Unauthenticated::Revoked));
        }
        let (role, email, mfa_enabled, grants) = match change {
            Some(facts) => (
                facts.role.clone(),
                facts.email.clone(),
                facts.mfa_enabled,
                facts.grants.clone(),
            ),
            None => (
                RoleName::stored(&claims.role),
                Email::stored(claims.email.clone()),
                claims.mfa,
                grants_of(claims),
            ),
        };
        let (limited, permissions) = state.held(&role, mfa_enabled, &grants, now);
        let principal = Principal {
            id: claims.sub,
            email,
            role,
            permissions,
            credential: Credential::Session(claims.sid),
            limited,
        };
        Ok(Resolved {
            principal,
            good_until: first_end(&grants, token_ends, now),
        })
    }

    /// How often the directory started over. What was read from the database in an earlier epoch has to be read again.
    pub(crate) fn epoch(&self) -> u64 {
        self.state.read().epoch
    }
}

impl State {
    /// Whether an account lacks the second factor that its role requires, and the permissions that it holds.
    fn held(
        &self,
        role: &RoleName,
        mfa_enabled: bool,
        grants: &[Grant],
        now: Timestamp,
    ) -> (bool, PermissionSet) {
        let role = self.roles.get(role);
        if !mfa_enabled && role.is_some_and(|role| role.mfa_required) {
            return (true, PermissionSet::default());
        }
        let by_role = role.map(|role| role.permissions.clone()).unwrap_or_default();
        (false, by_role.with_grants(grants, now))
    }
}

/// Adds an id with the instant at which this node learned of it; whether it is new.
fn is_new<K: Eq + Hash>(known: &mut HashMap<K, Timestamp>, id: K, now: Timestamp) -> bool {
    match known.entry(id) {
        Entry::Occupied(_) => false,
        Entry::Vacant(vacant) => {
            vacant.insert(now);
            true
        }
    }
}

/// The first instant after `now` at which a grant ends, at most `end`.
fn first_end(grants: &[Grant], end: Timestamp, now: Timestamp) -> Timestamp {
    let ends = grants.iter().filter_map(|grant| grant.until);
    ends.filter(|until| *until > now).fold(end, std::cmp::min)
}

/// When a token expires: at its own expiry, or `life` in whole seconds after it was issued.
fn end_of(claims: &Claims, life: Duration) -> Timestamp {
    let seconds = life.as_secs() + u64::from(life.subsec_nanos() > 0);
    let issued = Timestamp::from_seconds(claims.iat);
    Timestamp::from_seconds(claims.exp).min(issued.after(Duration::from_secs(seconds)))
}

fn grants_of(claims: &Claims) -> Vec<Grant> {
    let grant = |(permission, until): &(String, Option<i64>)| Grant {
        permission: permission.clone(),
        until: until.map(Timestamp::from_seconds),
    };
    claims.grants.iter().map(grant).collect()
}
