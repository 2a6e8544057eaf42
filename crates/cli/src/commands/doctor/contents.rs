//! Checks the content of the database, and the clock against it.

use super::finding::DoctorFinding;
use crate::error::CliError;
use crate::open::operator;
use mainstay_app::App;
use mainstay_domain::access::RoleName;
use mainstay_domain::page::PageRequest;
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_domain::user::UserStatus;
use mainstay_engine::Engine;
use mainstay_platform::clock::SystemClock;
use mainstay_services::audit::ListAudit;
use mainstay_services::list::{AuditFilter, UserFilter, UserSort};
use mainstay_services::user::ListUsers;
use std::time::Duration;

const CLOCK: &str = "clock";
const SYNCHRONISE: &str = "synchronise the clock (NTP); tokens, sessions and reservations depend on it";
/// 2026-01-01: a correct clock cannot be before this program was written.
const BUILT_AFTER: Timestamp = Timestamp::from_seconds(1_767_225_600);
/// The clocks of nodes may differ by this much.
const TOLERANCE: Duration = Duration::from_secs(60);

/// Checks the clock without the database.
pub(super) fn clock() -> DoctorFinding {
    let now = SystemClock.now();
    if now < BUILT_AFTER {
        return DoctorFinding::fail(
            CLOCK,
            format!("it shows {now}, which is in the past"),
            SYNCHRONISE,
        );
    }
    DoctorFinding::ok(CLOCK, format!("it says {now}"))
}

/// The checks that need an open database.
pub(super) async fn check(app: &App, engine: &Engine) -> Vec<DoctorFinding> {
    [
        administrator(app, engine).await,
        newest_entry(engine).await,
        database_clock(engine).await,
    ]
    .into_iter()
    .flatten()
    .collect()
}

async fn administrator(app: &App, engine: &Engine) -> Option<DoctorFinding> {
    const CHECK: &str = "administrator";
    let filter = UserFilter {
        role: Some(RoleName::admin()),
        status: Some(UserStatus::Active),
        ..UserFilter::default()
    };
    let page = PageRequest::From {
        cursor: None,
        limit: 1,
    };
    let found = engine
        .pipeline()
        .query(
            &operator(),
            ListUsers {
                filter,
                sort: (UserSort::CreatedAt, false),
                page,
            },
        )
        .await;
    Some(match found {
        Ok(listing) if listing.items.is_empty() => DoctorFinding::warn(
            CHECK,
            "there is no administrator yet",
            format!(
                "follow the link that `serve` prints, or `{} users create-admin --email E`",
                app.name()
            ),
        ),
        Ok(_) => DoctorFinding::ok(CHECK, "there is one"),
        Err(error) => DoctorFinding::fail(
            CHECK,
            CliError::from(error).into_sentence(),
            "see the log of the server",
        ),
    })
}

/// With a clock that was set back, ids and audit entries would be in the wrong order.
async fn newest_entry(engine: &Engine) -> Option<DoctorFinding> {
    let page = PageRequest::From {
        cursor: None,
        limit: 1,
    };
    let newest = engine
        .pipeline()
        .query(
            &operator(),
            ListAudit {
                filter: AuditFilter::default(),
                page,
            },
        )
        .await;
    let newest = match newest {
        Ok(newest) => newest,
        Err(error) => {
            let sentence = CliError::from(error).into_sentence();
            return Some(DoctorFinding::fail(CLOCK, sentence, "see the log of the server"));
        }
    };
    let (now, entry) = (engine.now(), newest.items.into_iter().next()?);
    let found = format!(
        "it shows {now}, and the newest audit entry was written at {}",
        entry.at
    );
    (entry.at.since(now) > TOLERANCE).then(|| DoctorFinding::fail(CLOCK, found, SYNCHRONISE))
}

/// When each node's clock agrees with the shared database's, the nodes agree with each other.
async fn database_clock(engine: &Engine) -> Option<DoctorFinding> {
    const CHECK: &str = "database clock";
    match engine.clock().measure().await {
        Ok(None) => None,
        Ok(Some(skew)) => {
            let (seconds, rest) = (skew.ms.unsigned_abs() / 1_000, skew.ms.unsigned_abs() % 1_000);
            let side = if skew.ms < 0 { "behind" } else { "ahead of" };
            let found = format!("this machine's clock is {seconds}.{rest:03} s {side} the database's");
            Some(match skew.is_too_large() {
                true => DoctorFinding::fail(CHECK, found, SYNCHRONISE),
                false => DoctorFinding::ok(CHECK, found),
            })
        }
        Err(error) => Some(DoctorFinding::fail(
            CHECK,
            CliError::from(error).into_sentence(),
            "see the log of the server",
        )),
    }
}
