//! A command that changes rows must record a domain event, which is committed with the change.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::error::Code;
use mainstay_domain::one_time_token::{OneTimeToken, TokenPurpose};
use mainstay_engine::{Command, CommandContext, Repositories, RequestContext, UseCase};
use mainstay_testkit::{TestApp, on_both_engines};

on_both_engines! {
    trap_12_a_change_without_a_domain_event_is_rolled_back;
    a_panicking_use_case_is_rolled_back_and_disturbs_no_other;
}

/// Writes a row and records no domain event.
#[derive(Clone)]
struct WriteWithoutEvent {
    panics: bool,
}

impl UseCase for WriteWithoutEvent {
    const NAME: &'static str = "test.write-silently";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Command for WriteWithoutEvent {
    async fn run(self, work: &mut CommandContext<'_>) -> Result<()> {
        let now = work.now();
        let token = OneTimeToken {
            purpose: TokenPurpose::Setup,
            user_id: None,
            payload: None,
            browser: None,
            expires_at: now,
        };
        work.one_time_tokens().insert(&[7; 32], &token, now).await?;
        assert!(!self.panics, "as configured by the test");
        Ok(())
    }
}

async fn rows(app: &TestApp) -> String {
    app.query_raw("SELECT CAST(count(*) AS TEXT) FROM one_time_tokens")
        .await[0][0]
        .clone()
        .unwrap()
}

async fn trap_12_a_change_without_a_domain_event_is_rolled_back(app: &TestApp) {
    let cx = RequestContext::system(SystemCaller::WORKER);
    let error = app
        .engine()
        .pipeline()
        .command(&cx, WriteWithoutEvent { panics: false })
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::InternalError);
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        why,
        "test.write-silently changed rows and recorded no domain event"
    );
    assert_eq!(rows(app).await, "0");
}

async fn a_panicking_use_case_is_rolled_back_and_disturbs_no_other(app: &TestApp) {
    let (cx, product) = (
        RequestContext::system(SystemCaller::WORKER),
        app.product(5, 100).await,
    );
    let ann = app.customer("ann").await;
    // The registration mailed a link.
    let before = rows(app).await;
    let failing = app
        .engine()
        .pipeline()
        .command(&cx, WriteWithoutEvent { panics: true });
    let (failed, path) = tokio::join!(failing, crate::order_cancel_expire::place(&ann, &product, 1));
    assert_eq!(failed.unwrap_err().code(), Code::InternalError);
    ann.get(&path).await.expect(200);
    assert_eq!((rows(app).await, app.stock(&product).await), (before, 4));
}
