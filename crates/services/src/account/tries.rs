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

/// Where a try comes from.
#[derive(Debug, Clone, Default)]
struct TrySource {
    /// The client's network as text; empty without an address.
    network: String,
    /// The browser, if the account has signed in with it.
    browser: Option<Uuid>,
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
    source: TrySource,
    origin: Origin,
    operation: &'static str,
    random: Arc<dyn Random>,
    now: Timestamp,
}

/// Takes a try at what is guessed of a subject: an address, an account's id, or nothing for secrets of their own.
/// An address without an account is counted like any other. A known device of the account is exempt from the limits of
/// the account and of the network, but never from that of the account in its network. There a browser that the account
/// has signed in with is counted by itself, so that strangers in the same network use up no tries of its.
///
/// # Errors
/// `LOCKED_OUT` when too many tries failed, or are being evaluated. Otherwise only the database's.
pub(crate) async fn take(cx: &PrepareContext<'_>, kind: TryKind, subject: &str) -> Result<TakenTry> {
    let components = cx.components();
    let origin = cx.context().origin.clone();
    if !components.policies.limits {
        return Ok(TakenTry::uncounted());
    }
    let device = DeviceClaim::of(&origin, &components.sealer);
    let source = source_of(cx, &device).await?;
    let counters: Arc<[Counter]> = counters(kind, subject, &source).into();
    let own = digest(kind, TryScope::AccountInNetwork, subject, &source);
    let permit = cx.extension::<ConcurrentTries>()?.0.acquire(&own).await;
    let request = Request {
        counters: Arc::clone(&counters),
        account: cx.account(),
        device,
        source,
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
    let account = digest(kind, TryScope::Account, subject, &TrySource::default());
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
        ip: Some(request.source.network.clone()).filter(|network| !network.is_empty()),
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

/// Where the request comes from: a browser that its account has signed in with, or else a network. Software and network
/// alone make no source of their own, because a stranger in the same network can have both.
async fn source_of(cx: &PrepareContext<'_>, device: &DeviceClaim) -> Result<TrySource> {
    let ip = cx.context().origin.ip;
    let network = ip.map_or_else(String::new, |ip| client_network(ip).to_string());
    let Some(browser) = device.browser else {
        return Ok(TrySource {
            network,
            browser: None,
        });
    };
    let (account, fingerprint) = (account_or_none(cx.account()), device.fingerprint);
    let read = cx.read(move |cx| {
        Box::pin(async move {
            let scope = cx.scope_of::<Device>(SystemCaller::SIGN_IN);
            let mut devices = cx.devices();
            devices
                .find_known(&scope, account, Some(browser), &fingerprint)
                .await
        })
    });
    let known = read.await?.filter(|device| device.browser == browser);
    Ok(TrySource {
        network,
        browser: known.map(|device| device.browser),
    })
}

/// An account to look for also where there is none: an unknown address takes the same queries as a known one.
fn account_or_none(account: Option<UserId>) -> UserId {
    account.unwrap_or(UserId::from_uuid(Uuid::nil()))
}

/// Whether the account has signed in before from the device of the request.
async fn is_known_device(tx: &mut PrepareWrite<'_>, request: &Request) -> Result<bool> {
    let account = account_or_none(request.account);
    let scope = tx.scope_of::<Device>(SystemCaller::SIGN_IN);
    let DeviceClaim { browser, fingerprint } = &request.device;
    let mut devices = tx.devices();
    let known = devices.find_known(&scope, account, *browser, fingerprint).await?;
    Ok(known.is_some())
}

fn counters(kind: TryKind, subject: &str, source: &TrySource) -> Vec<Counter> {
    let limits = kind.limits().iter();
    let counters = limits.map(|&(scope, limit)| Counter {
        scope,
        limit,
        digest: digest(kind, scope, subject, source),
    });
    counters.collect()
}

/// The digest under which tries are counted: of the kind, the scope, and what the scope counts for.
fn digest(kind: TryKind, scope: TryScope, subject: &str, source: &TrySource) -> [u8; 32] {
    let browser = source.browser.map(|browser| browser.to_string());
    let (subject, source) = match scope {
        TryScope::Account => (subject, ""),
        TryScope::AccountInNetwork => (subject, browser.as_deref().unwrap_or(&source.network)),
        TryScope::Network => ("", &*source.network),
    };
    // No part contains a zero byte and no network reads like a UUID, so no two lists of parts are equal.
    sha256(
        [kind.as_str(), scope.as_str(), subject, source]
            .join("\0")
            .as_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests_of(kind: TryKind, subject: &str, source: &TrySource) -> Vec<[u8; 32]> {
        let counters = counters(kind, subject, source);
        counters.iter().map(|counter| counter.digest).collect()
    }

    fn source(ip: &str, browser: Option<u128>) -> TrySource {
        TrySource {
            network: client_network(ip.parse().unwrap()).to_string(),
            browser: browser.map(Uuid::from_u128),
        }
    }

    fn digests(kind: TryKind, subject: &str, ip: &str) -> Vec<[u8; 32]> {
        digests_of(kind, subject, &source(ip, None))
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

    #[test]
    fn a_known_browser_counts_by_itself_wherever_it_is() {
        let of = |ip, browser| digests_of(TryKind::Password, "ann@example.com", &source(ip, browser));
        let (own, network) = (of("2001:db8::1", Some(1)), of("2001:db8::2", None));
        assert_eq!((own[0], own[2]), (network[0], network[2]));
        assert_ne!(own[1], network[1], "a stranger in the same network");
        assert_ne!(own[1], of("2001:db8::1", Some(2))[1], "another browser");
        assert_eq!(own[1], of("192.0.2.1", Some(1))[1], "the same browser elsewhere");
    }
}
