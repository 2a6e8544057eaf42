//! Whether the process lives, and whether it can do its work.

use http::StatusCode;
use mainstay_edge::{Answer, PublicEndpoint, Routes, answer, public_route};
use mainstay_engine::ClockSkew;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(public_route!("health.show", health))
        .add(public_route!("health.live", live))
        .add(public_route!("health.ready", ready))
}

/// The health of the process.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`, or `unavailable` while a needed part is away or the process stops.
    status: &'static str,
    /// The version that runs.
    version: &'static str,
    checks: Checks,
    /// How far the clock of this machine is ahead of the database's, in milliseconds; absent where there is nothing to
    /// compare it with.
    #[serde(rename = "clockSkewMs", skip_serializing_if = "Option::is_none")]
    clock_skew_ms: Option<i64>,
}

/// The result of each check: `ok` or `down`.
#[derive(Serialize, ToSchema)]
struct Checks {
    database: &'static str,
    /// Whether the storage takes writes: `down` while the disk is full or read-only. Reads may go on.
    writes: &'static str,
    /// `skewed` when the clock of this machine differs from the database's by more than five seconds. The process serves
    /// requests all the same.
    clock: &'static str,
    /// `draining` while the process stops.
    process: &'static str,
}

/// The liveness of the process.
#[derive(Serialize, ToSchema)]
struct Liveness {
    status: &'static str,
}

/// Whether the process can do its work, with the result of each check.
#[utoipa::path(get, path = "/health", tag = "health",
    responses((status = 200, description = "It is ready", body = Health), (status = 503, description = "It cannot", body = Health)))]
async fn health(open: PublicEndpoint) -> Answer {
    report(&open).await
}

/// Whether the process is alive; checks nothing else.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, description = "It is alive", body = Liveness)))]
async fn live(_open: PublicEndpoint) -> Answer {
    answer::json(StatusCode::OK, &Liveness { status: "ok" })
}

/// Whether the process accepts requests.
#[utoipa::path(get, path = "/health/ready", tag = "health",
    responses((status = 200, description = "It is alive", body = Health), (status = 503, description = "Not now", body = Health)))]
async fn ready(open: PublicEndpoint) -> Answer {
    report(&open).await
}

async fn report(open: &PublicEndpoint) -> Answer {
    let found = open.readiness().await;
    let (status, word) = match found.is_ready() {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let up = |is_up| if is_up { "ok" } else { "down" };
    let is_skewed = found.clock_skew.is_some_and(ClockSkew::is_too_large);
    let checks = Checks {
        database: up(found.database),
        writes: up(found.writes),
        clock: if is_skewed { "skewed" } else { "ok" },
        process: if found.draining { "draining" } else { "ok" },
    };
    answer::json(
        status,
        &Health {
            status: word,
            version: env!("CARGO_PKG_VERSION"),
            checks,
            clock_skew_ms: found.clock_skew.map(|skew| skew.ms),
        },
    )
}
