//! A command that changes rows must record a domain event, which is committed with the change.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::error::Code;
use mainstay_services::{Command, Context, Repositories, UseCase, Work};
use mainstay_testkit::{TestApp, on_both_engines};

on_both_engines! {
    trap_12_a_change_without_a_domain_event_is_rolled_back;
    a_panicking_use_case_is_rolled_back_and_disturbs_no_other;
}

/// Writes a row and records no domain event.
#[derive(Clone)]
struct WriteSilently {
    panics: bool,
}

impl UseCase for WriteSilently {
    const NAME: &'static str = "test.write-silently";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Command for WriteSilently {
    async fn run(self, work: &mut Work<'_>) -> Result<()> {
        let now = work.now();
        work.one_time_tokens()
            .insert("test", &[7; 32], None, now, now)
            .await?;
        assert!(!self.panics, "as configured by the test");
        Ok(())
    }
}

async fn rows(app: &TestApp) -> String {
    app.peek("SELECT CAST(count(*) AS TEXT) FROM one_time_tokens")
        .await[0][0]
        .clone()
        .unwrap()
}

async fn trap_12_a_change_without_a_domain_event_is_rolled_back(app: &TestApp) {
    let cx = Context::system(SystemCaller::WORKER);
    let error = app
        .services()
        .command(&cx, WriteSilently { panics: false })
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::InternalError);
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(why, "test.write-silently changed rows and told no story");
    assert_eq!(rows(app).await, "0");
}

async fn a_panicking_use_case_is_rolled_back_and_disturbs_no_other(app: &TestApp) {
    let (cx, product) = (Context::system(SystemCaller::WORKER), app.product(5, 100).await);
    let ann = app.customer("ann").await;
    let failing = app.services().command(&cx, WriteSilently { panics: true });
    let (failed, path) = tokio::join!(failing, crate::order_end::place(&ann, &product, 1));
    assert_eq!(failed.unwrap_err().code(), Code::InternalError);
    ann.get(&path).await.expect(200);
    assert_eq!((rows(app).await.as_str(), app.stock(&product).await), ("0", 4));
}
