//! End-to-end tests that run once on each engine.

use crate::app::TestApp;
use crate::engine::Engine;
use mainstay_app::{App, AppBuilder};

/// Mainstay without additions.
pub fn mainstay() -> AppBuilder {
    App::builder()
}

/// Runs a test of an application on an engine, with the given settings, on a runtime of its own.
///
/// # Panics
/// When the test fails, or leaves jobs undone.
pub fn run_on(app: AppBuilder, engine: Engine, settings: &[(&str, &str)], test: impl AsyncFnOnce(&TestApp)) {
    block_on(async {
        let Some(app) = TestApp::start_app(app, engine, settings).await else {
            return;
        };
        Box::pin(test(&app)).await;
    });
}

/// Two worker threads, so that what races in a process races in a test.
fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("the system gives threads").block_on(test);
}

/// Runs a test on PostgreSQL, through a proxy whose connections the test may cut.
///
/// # Panics
/// When the test fails, or leaves jobs undone.
pub fn run_behind_a_proxy(test: impl AsyncFnOnce(&TestApp)) {
    block_on(async {
        let Some(app) = TestApp::start_behind_a_proxy().await else {
            return;
        };
        Box::pin(test(&app)).await;
    });
}

/// Defines a test `name::postgres` for each function, run behind a proxy whose connections it may cut
/// ([`TestApp::cut_database`](crate::TestApp::cut_database)).
#[macro_export]
macro_rules! behind_a_proxy {
    ($($test:ident;)+) => {$(
        mod $test {
            #[test]
            fn postgres() {
                $crate::run_behind_a_proxy(super::$test);
            }
        }
    )+};
}

/// Defines two tests per function, `name::sqlite` and `name::postgres`. The function is an `async fn(app: &TestApp)`
/// of the same module; settings of its own follow `with`. `of` names the application; without it, it is Mainstay.
///
/// ```ignore
/// on_both_engines! {
///     the_last_item_is_sold_once;
///     rate_limits_are_reported with RATE_LIMITS = "on", ACCESS_TTL = "1m";
/// }
///
/// async fn the_last_item_is_sold_once(app: &TestApp) { … }
/// ```
///
/// ```ignore
/// on_both_engines! { of reviews::app() =>
///     each_customer_reviews_a_product_once;
/// }
/// ```
#[macro_export]
macro_rules! on_both_engines {
    (of $app:expr => $($test:ident $(with $($setting:ident = $value:expr),+)?;)+) => {$(
        mod $test {
            #[test]
            fn sqlite() {
                let settings: &[(&str, &str)] = &[$($((stringify!($setting), $value)),+)?];
                $crate::run_on($app, $crate::Engine::Sqlite, settings, super::$test);
            }

            #[test]
            fn postgres() {
                let settings: &[(&str, &str)] = &[$($((stringify!($setting), $value)),+)?];
                $crate::run_on($app, $crate::Engine::Postgres, settings, super::$test);
            }
        }
    )+};
    ($($test:ident $(with $($setting:ident = $value:expr),+)?;)+) => {
        $crate::on_both_engines! { of $crate::mainstay() => $($test $(with $($setting = $value),+)?;)+ }
    };
}
