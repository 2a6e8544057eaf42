//! End-to-end tests that run once on each engine.

use crate::app::TestApp;
use crate::engine::Engine;

/// Runs a test on an engine, with the given settings.
///
/// # Panics
/// When the test fails, or leaves jobs undone.
pub async fn run_on(engine: Engine, settings: &[(&str, &str)], test: impl AsyncFnOnce(&TestApp)) {
    let Some(app) = TestApp::start(engine, settings).await else {
        return;
    };
    Box::pin(test(&app)).await;
}

/// Runs a test on PostgreSQL, through a proxy whose connections the test may cut.
///
/// # Panics
/// When the test fails, or leaves jobs undone.
pub async fn run_behind_a_proxy(test: impl AsyncFnOnce(&TestApp)) {
    let Some(app) = TestApp::start_behind_a_proxy().await else {
        return;
    };
    Box::pin(test(&app)).await;
}

/// Defines a test `name::postgres` for each function, run behind a proxy whose connections it may cut
/// ([`TestApp::cut_database`](crate::TestApp::cut_database)).
#[macro_export]
macro_rules! behind_a_proxy {
    ($($test:ident;)+) => {$(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::run_behind_a_proxy(super::$test).await;
            }
        }
    )+};
}

/// Defines two tests per function, `name::sqlite` and `name::postgres`. The function is an `async fn(app: &TestApp)`
/// of the same module; settings of its own follow `with`.
///
/// ```ignore
/// on_both_engines! {
///     the_last_item_is_sold_once;
///     rate_limits_are_reported with RATE_LIMITS = "on", ACCESS_TTL = "1m";
/// }
///
/// async fn the_last_item_is_sold_once(app: &TestApp) { … }
/// ```
#[macro_export]
macro_rules! on_both_engines {
    ($($test:ident $(with $($setting:ident = $value:expr),+)?;)+) => {$(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::run_on($crate::Engine::Sqlite, &[$($((stringify!($setting), $value)),+)?], super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::run_on($crate::Engine::Postgres, &[$($((stringify!($setting), $value)),+)?], super::$test).await;
            }
        }
    )+};
}
