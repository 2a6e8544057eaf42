//! Stories, told once on each engine.

use crate::app::TestApp;
use crate::engine::Engine;

/// Tells a story on an engine, with the given settings.
///
/// # Panics
/// When the story fails, or leaves jobs undone.
pub async fn tell(engine: Engine, settings: &[(&str, &str)], story: impl AsyncFnOnce(&TestApp)) {
    let Some(app) = TestApp::start(engine, settings).await else {
        return;
    };
    Box::pin(story(&app)).await;
}

/// Tells a story on PostgreSQL, over a wire that the story may cut.
///
/// # Panics
/// When the story fails, or leaves jobs undone.
pub async fn tell_over_a_wire(story: impl AsyncFnOnce(&TestApp)) {
    let Some(app) = TestApp::start_over_a_wire().await else {
        return;
    };
    Box::pin(story(&app)).await;
}

/// Makes a test of each story, `story::postgres`, told over a wire that it may cut
/// ([`TestApp::cut_database`](crate::TestApp::cut_database)).
#[macro_export]
macro_rules! over_a_wire {
    ($($story:ident;)+) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::tell_over_a_wire(super::$story).await;
            }
        }
    )+};
}

/// Makes two tests of each story, `story::sqlite` and `story::postgres`. A story is an `async fn(app: &TestApp)` of the
/// same module; settings of its own follow `with`.
///
/// ```ignore
/// on_both_engines! {
///     the_last_one_is_sold_once;
///     limits_are_told with RATE_LIMITS = "on", ACCESS_TTL = "1m";
/// }
///
/// async fn the_last_one_is_sold_once(app: &TestApp) { … }
/// ```
#[macro_export]
macro_rules! on_both_engines {
    ($($story:ident $(with $($setting:ident = $value:expr),+)?;)+) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::tell($crate::Engine::Sqlite, &[$($((stringify!($setting), $value)),+)?], super::$story).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::tell($crate::Engine::Postgres, &[$($((stringify!($setting), $value)),+)?], super::$story).await;
            }
        }
    )+};
}
