//! Counts tries at passwords, codes and tokens in the database, so that a limit holds over restarts and nodes.
//!
//! A try is taken before the work that it pays for, in a transaction of its own, and given back in the transaction of
//! its success. So guesses that run at the same time are all counted before any of them is evaluated.

use super::devices::DeviceClaim;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::device::Device;
use mainstay_domain::id::{SecurityEventId, UserId};
use mainstay_domain::random::Random;
use mainstay_domain::security::{SecurityEvent, SecurityEventKind};
use mainstay_domain::time::Timestamp;
use mainstay_domain::tries::{TryCount, TryKind, TryLimit, TryScope};
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Origin, PrepareContext, PrepareWrite, Repositories};
use mainstay_platform::crypto::sha256;
use mainstay_platform::keyed_semaphore::{KeyPermit, KeyedSemaphore};
use mainstay_platform::network::client_network;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Tries at one account from one network that a node evaluates at the same time: fewer than the free ones, so that an
/// owner who signs in on many devices at once waits for a moment, and is not locked out by tries whose outcome is not
/// known yet.
const MAX_AT_ONCE: usize = 5;

/// The tries that this node is evaluating.
#[derive(Debug)]
pub struct ConcurrentTries(KeyedSemaphore);

impl Default for ConcurrentTries {
    fn default() -> Self {
        Self(KeyedSemaphore::new(MAX_AT_ONCE))
    }
}

/// A try that was taken. It counts as a failure unless it is given back.
#[derive(Debug, Clone)]
pub struct TakenTry {
    counters: Arc<[Counter]>,
    /// Until it is dropped, the try counts among those that are being evaluated.
    _permit: Option<KeyPermit>,
}

/// One of the counts in which a try is counted.
#[derive(Debug, Clone, Copy)]
struct Counter {
    scope: TryScope,
    limit: TryLimit,
    digest: [u8; 32],
}

/// A request to take a try, as the transaction that counts it needs it.
#[derive(Clone)]
struct Request {
    counters: Arc<[Counter]>,
    account: Option<UserId>,
    device: DeviceClaim,
    origin: Origin,
    operation: &'static str,
    random: Arc<dyn Random>,
    now: Timestamp,
}

/// Takes a try at what is guessed of a subject: an address, an account's id, or nothing for secrets of their own.
/// An address without an account is counted like any other. A known device of the account is exempt from the limits of
/// the account and of the network, but never from that of the account in its network.
///
/// # Errors
/// `LOCKED_OUT` when too many tries failed, or are being evaluated. Otherwise only the database's.
pub(crate) async fn take(cx: &PrepareContext<'_>, kind: TryKind, subject: &str) -> Result<TakenTry> {
    let components = cx.components();
    let origin = cx.context().origin.clone();
    if !components.policies.limits {
        return Ok(TakenTry::uncounted());
    }
    let counters: Arc<[Counter]> = counters(kind, subject, &origin).into();
    let own = digest(kind, TryScope::AccountInNetwork, subject, &origin);
    let permit = cx.extension::<ConcurrentTries>()?.0.acquire(&own).await;
    let request = Request {
        counters: Arc::clone(&counters),
        account: cx.account(),
        device: DeviceClaim::of(&origin, &components.sealer),
        origin,
        operation: cx.operation(),
        random: Arc::clone(&components.node.random),
        now: cx.now(),
    };
    let refused = cx.write(move |tx| {
        let request = request.clone();
        Box::pin(async move { count(tx, &request).await })
    });
    match refused.await? {
        None => Ok(TakenTry {
            counters,
            _permit: Some(permit),
        }),
        Some(retry_after) => Err(Error::LockedOut { retry_after }),
    }
}

impl TakenTry {
    fn uncounted() -> Self {
        Self {
            counters: Arc::default(),
            _permit: None,
        }
    }

    /// Gives the try back, in the transaction of what it succeeded in: ends the run of failures at the account, and
    /// counts one try less from the network.
    ///
    /// # Errors
    /// Only the database's.
    pub(crate) async fn give_back(&self, cx: &mut CommandContext<'_>) -> Result<()> {
        for counter in &*self.counters {
            match counter.scope.ends_with_success() {
                true => cx.tries().forget(&counter.digest).await?,
                false => cx.tries().give_back(&counter.digest).await?,
            }
        }
        Ok(())
    }
}

/// Ends the run of failures at a subject from all networks together, because its owner proved who they are by other
/// means or set a new secret. Limits of single networks stay.
///
/// # Errors
/// Only the database's.
pub(crate) async fn forgive(cx: &mut CommandContext<'_>, kind: TryKind, subject: &str) -> Result<()> {
    if !cx.components().policies.limits {
        return Ok(());
    }
    let account = digest(kind, TryScope::Account, subject, &Origin::default());
    cx.tries().forget(&account).await
}

/// Counts a try in every scope, or returns how long it has to wait.
async fn count(mut tx: PrepareWrite<'_>, request: &Request) -> Result<Option<Duration>> {
    let now = request.now;
    let mut counts = Vec::with_capacity(request.counters.len());
    for counter in &*request.counters {
        counts.push(tx.tries().lock(&counter.digest, now).await?);
    }
    let mut refused: Option<(Duration, usize)> = None;
    let mut is_known = None;
    for (at, (counter, count)) in request.counters.iter().zip(&counts).enumerate() {
        let Some(wait) = counter.limit.wait(*count, now) else {
            continue;
        };
        if counter.scope.exempts_known_devices() {
            let known = match is_known {
                Some(known) => known,
                None => is_known_device(&mut tx, request).await?,
            };
            is_known = Some(known);
            if known {
                continue;
            }
        }
        if refused.is_none_or(|(longest, _)| longest < wait) {
            refused = Some((wait, at));
        }
    }
    match refused {
        None => store(&mut tx, request, &counts).await.map(|()| None),
        Some((wait, at)) => report(&mut tx, request, at, counts[at])
            .await
            .map(|()| Some(wait)),
    }
}

async fn store(tx: &mut PrepareWrite<'_>, request: &Request, counts: &[TryCount]) -> Result<()> {
    let taken: Vec<([u8; 32], TryCount)> = request
        .counters
        .iter()
        .zip(counts)
        .map(|(counter, count)| (counter.digest, counter.limit.take(*count, request.now)))
        .collect();
    tx.tries().store(&taken).await
}

/// Records one security event for each run of failures that reaches its limit: when the first try is refused.
async fn report(tx: &mut PrepareWrite<'_>, request: &Request, at: usize, count: TryCount) -> Result<()> {
    if count.reported {
        return Ok(());
    }
    let (counter, now) = (&request.counters[at], request.now);
    let event = SecurityEvent {
        id: SecurityEventId::make(now, &*request.random),
        kind: SecurityEventKind::LockedOut.as_str().to_owned(),
        user_id: request.account.filter(|_| counter.scope != TryScope::Network),
        ip: request.origin.ip.map(|ip| client_network(ip).to_string()),
        user_agent: request.origin.user_agent.as_deref().map(str::to_owned),
        operation: request.operation.to_owned(),
        resource: Some(counter.scope.as_str().to_owned()),
        resource_id: None,
        count: i64::from(count.taken),
        first_at: now,
        last_at: now,
    };
    tx.security_events().record(&[event]).await?;
    let reported = TryCount {
        reported: true,
        ..count
    };
    tx.tries().store(&[(counter.digest, reported)]).await
}

/// Whether the account has signed in before from the device of the request.
async fn is_known_device(tx: &mut PrepareWrite<'_>, request: &Request) -> Result<bool> {
    // Also without an account: an unknown address takes the same queries as a known one.
    let account = request.account.unwrap_or(UserId::from_uuid(Uuid::nil()));
    let scope = tx.scope_of::<Device>(SystemCaller::SIGN_IN);
    let DeviceClaim { browser, fingerprint } = &request.device;
    let mut devices = tx.devices();
    let known = devices.find_known(&scope, account, *browser, fingerprint).await?;
    Ok(known.is_some())
}

fn counters(kind: TryKind, subject: &str, origin: &Origin) -> Vec<Counter> {
    let limits = kind.limits().iter();
    let counters = limits.map(|&(scope, limit)| Counter {
        scope,
        limit,
        digest: digest(kind, scope, subject, origin),
    });
    counters.collect()
}

/// The digest under which tries are counted: of the kind, the scope, and what the scope counts for.
fn digest(kind: TryKind, scope: TryScope, subject: &str, origin: &Origin) -> [u8; 32] {
    let network = match origin.ip {
        Some(ip) => client_network(ip).to_string(),
        None => String::new(),
    };
    let (subject, network) = match scope {
        TryScope::Account => (subject, ""),
        TryScope::AccountInNetwork => (subject, &*network),
        TryScope::Network => ("", &*network),
    };
    // No part contains a zero byte, so no two lists of parts are equal.
    sha256(
        [kind.as_str(), scope.as_str(), subject, network]
            .join("\0")
            .as_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(kind: TryKind, subject: &str, ip: &str) -> Vec<[u8; 32]> {
        let origin = Origin::new(ip.parse().ok(), None);
        let counters = counters(kind, subject, &origin);
        counters.iter().map(|counter| counter.digest).collect()
    }

    #[test]
    fn each_scope_counts_what_it_is_named_after() {
        let ann = digests(TryKind::Password, "ann@example.com", "192.0.2.1");
        let equal = |other: Vec<[u8; 32]>| -> Vec<bool> {
            ann.iter().zip(other).map(|(one, other)| *one == other).collect()
        };
        let neighbour = digests(TryKind::Password, "ann@example.com", "192.0.2.200");
        assert_eq!(equal(neighbour), [true, true, true]);
        let elsewhere = digests(TryKind::Password, "ann@example.com", "198.51.100.1");
        assert_eq!(equal(elsewhere), [true, false, false]);
        let bob = digests(TryKind::Password, "bob@example.com", "192.0.2.1");
        assert_eq!(equal(bob), [false, false, true]);
        let code = digests(TryKind::EmailCode, "ann@example.com", "192.0.2.1");
        assert_eq!(equal(code), [false, false, false]);
    }
}
