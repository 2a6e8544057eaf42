//! The one function that every use case goes through: its steps come in their order, and one that refuses is the last.

use mainstay_domain::access::{
    Access, Action, Caller, Permission, PermissionSet, Principal, Rate, RoleName, SystemCaller,
};
use mainstay_domain::email::Email;
use mainstay_domain::error::{Code, Denied, Unauthenticated};
use mainstay_domain::event::Story;
use mainstay_domain::fault::Faults;
use mainstay_domain::id::ProductId;
use mainstay_domain::product::Product;
use mainstay_domain::{Error, Result};
use mainstay_services::access::directory::AccessChange;
use mainstay_services::{Command, Context, IdempotencyKey, Outside, Repositories, UseCase, Work};
use mainstay_testkit::{TestApp, TestProduct, on_both_engines};
use serde_json::json;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

on_both_engines! {
    the_steps_come_in_their_order with RATE_LIMITS = "on";
    who_may_not_knock_is_not_even_counted with RATE_LIMITS = "on";
    who_knocks_too_often_is_not_looked_at with RATE_LIMITS = "on";
    what_is_not_valid_is_not_begun;
    a_repetition_is_not_begun_again;
    what_prepare_refuses_has_no_transaction;
    what_run_refuses_is_undone_and_nobody_is_told;
    only_answers_are_kept_under_a_key;
    whoever_goes_away_while_it_commits_leaves_memory_told;
}

/// Adds one to a stock, ends a session, and notes each step it is asked for.
#[derive(Clone)]
struct Probe {
    product: ProductId,
    steps: Arc<Mutex<Vec<&'static str>>>,
    fails: Option<(&'static str, Error)>,
    prepared: Arc<Notify>,
}

impl Probe {
    fn of(product: &TestProduct) -> Self {
        Self {
            product: product.id.parse().unwrap(),
            steps: Arc::default(),
            fails: None,
            prepared: Arc::default(),
        }
    }

    /// The same, with nothing noted yet, refusing at a step.
    fn failing(&self, step: &'static str, error: Error) -> Self {
        Self {
            fails: Some((step, error)),
            steps: Arc::default(),
            ..self.clone()
        }
    }

    fn step(&self, step: &'static str) -> Result<()> {
        self.steps.lock().unwrap().push(step);
        match &self.fails {
            Some((at, error)) if *at == step => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn steps(&self) -> Vec<&'static str> {
        self.steps.lock().unwrap().clone()
    }
}

impl UseCase for Probe {
    const NAME: &'static str = "story.probe";
    const ACCESS: Access = Access::permission(Permission::UPDATE_PRODUCT);
    const RATE: Rate = Rate::per_hour(2);
    type Output = i64;

    fn validate(&self) -> Result<(), Faults> {
        match self.step("validate") {
            Err(Error::Invalid(faults)) => Err(faults),
            _ => Ok(()),
        }
    }
}

impl Command for Probe {
    async fn prepare(self, _: &Outside<'_>) -> Result<Self> {
        self.step("prepare")?;
        self.prepared.notify_one();
        Ok(self)
    }

    async fn run(self, work: &mut Work<'_>) -> Result<i64> {
        let (now, scope) = (work.now(), work.scope::<Product>());
        let product = work.products().find(&scope, self.product).await?;
        let permit = work.permit_of(SystemCaller::WORKER, Action::STOCK, &product)?;
        let after = work.products().add_stock(&permit, &product, 1, now).await?;
        let stock = after.unwrap().stock;
        let session = work.caller().principal().unwrap().session;
        work.access_changed(AccessChange::SessionEnded(session));
        work.record(
            permit,
            Story::noted("story.probed", "PROBE", &json!({"stock": stock})),
        );
        self.step("run")?;
        Ok(stock)
    }
}

/// Somebody who may, each with a session of their own; or may not.
fn somebody(number: u8, permissions: &[Permission]) -> Context {
    let id = format!("01890000-0000-7000-8000-0000000000{number:02x}");
    Context::of(Caller::User(Arc::new(Principal {
        id: id.parse().unwrap(),
        email: Email::parse("probe@example.com").unwrap(),
        role: RoleName::stored("customer"),
        permissions: PermissionSet::of(permissions.iter().map(|one| one.as_str().to_owned())),
        session: id.parse().unwrap(),
    })))
}

fn holder(number: u8) -> Context {
    somebody(number, &[Permission::UPDATE_PRODUCT])
}

fn keyed(cx: &Context, key: &str) -> Context {
    let key = IdempotencyKey {
        key: key.into(),
        fingerprint: [7; 32],
    };
    Context {
        idempotency: Some(key),
        ..cx.clone()
    }
}

async fn kept_answers(app: &TestApp) -> String {
    let rows = app
        .peek("SELECT CAST(count(*) AS TEXT) FROM idempotency_keys")
        .await;
    rows[0][0].clone().unwrap()
}

/// Takes what those who wait for stories were told when the product was added.
async fn forget_the_product(app: &TestApp) {
    app.services().events_wait().notified().await;
    app.services().audit_waits().notified().await;
}

fn invalid() -> Error {
    Error::Invalid(Faults::one("probe", "RANGE", "as it was told to"))
}

async fn the_steps_come_in_their_order(app: &TestApp) {
    let (product, services) = (app.product(5, 100).await, app.services());
    let (probe, cx) = (Probe::of(&product), keyed(&holder(1), "k-1"));
    let known = services.directory().version();
    forget_the_product(app).await;
    let done = services.command(&cx, probe.clone()).await.unwrap();
    assert_eq!((done.output, done.replayed), (6, false));
    assert_eq!(probe.steps(), ["validate", "prepare", "run"]);
    assert_eq!(cx.notes.limit().unwrap().remaining, 1);
    // After the commit: rows, memory, and those who wait for stories.
    assert_eq!(
        (app.stock(&product).await, kept_answers(app).await.as_str()),
        (6, "1")
    );
    assert_eq!(services.directory().version(), known + 1);
    services.audit_waits().notified().await;
    services.events_wait().notified().await;
    let trail = app.admin().await.get("/api/audit?action=PROBE").await.list();
    assert_eq!(trail.len(), 1);
}

async fn who_may_not_knock_is_not_even_counted(app: &TestApp) {
    let (product, services) = (app.product(5, 100).await, app.services());
    let probe = Probe::of(&product).failing("validate", invalid());
    for (cx, code) in [
        (somebody(1, &[Permission::READ_ORDER]), Code::Forbidden),
        (Context::anonymous(), Code::Unauthorized),
    ] {
        for _ in 0..5 {
            let error = services.command(&cx, probe.clone()).await.unwrap_err();
            assert_eq!(error.code(), code);
        }
        assert_eq!(cx.notes.limit(), None);
    }
    assert_eq!(probe.steps(), [""; 0]);
    let cx = holder(1);
    services.command(&cx, Probe::of(&product)).await.unwrap();
    assert_eq!(
        cx.notes.limit().unwrap().remaining,
        1,
        "the refusals did not count"
    );
}

async fn who_knocks_too_often_is_not_looked_at(app: &TestApp) {
    let (product, services) = (app.product(5, 100).await, app.services());
    let cx = keyed(&holder(1), "k-1");
    let probe = Probe::of(&product).failing("validate", invalid());
    for _ in 0..2 {
        let error = services.command(&cx, probe.clone()).await.unwrap_err();
        assert_eq!(error.code(), Code::ValidationFailed, "what is not valid counts");
    }
    let error = services.command(&cx, probe.clone()).await.unwrap_err();
    assert_eq!(error.code(), Code::RateLimited);
    assert_eq!(probe.steps(), ["validate", "validate"]);
    assert_eq!(kept_answers(app).await, "0");
    app.pass(Duration::from_secs(3600));
    services.command(&cx, Probe::of(&product)).await.unwrap();
}

async fn what_is_not_valid_is_not_begun(app: &TestApp) {
    let (product, services) = (app.product(5, 100).await, app.services());
    let cx = keyed(&holder(1), "k-1");
    services.command(&cx, Probe::of(&product)).await.unwrap();
    let probe = Probe::of(&product).failing("validate", invalid());
    // It is not even asked whether this is a repetition.
    let error = services.command(&cx, probe.clone()).await.unwrap_err();
    assert_eq!(error.code(), Code::ValidationFailed);
    assert_eq!(probe.steps(), ["validate"]);
}

async fn a_repetition_is_not_begun_again(app: &TestApp) {
    let (product, services) = (app.product(5, 100).await, app.services());
    let (probe, cx) = (Probe::of(&product), keyed(&holder(1), "k-1"));
    let hold = app.hold_database().await;
    let mut first = pin!(services.command(&cx, probe.clone()));
    tokio::select! {
        biased;
        early = &mut first => panic!("the database is held: {early:?}"),
        () = probe.prepared.notified() => {}
    }
    let again = Probe::of(&product);
    let error = services.command(&cx, again.clone()).await.unwrap_err();
    assert_eq!(error.code(), Code::IdempotencyInFlight);
    hold.release().await;
    assert_eq!(first.await.unwrap().output, 6);
    let done = services.command(&cx, again.clone()).await.unwrap();
    assert_eq!((done.output, done.replayed), (6, true));
    assert_eq!(again.steps(), ["validate", "validate"]);
    assert_eq!(app.stock(&product).await, 6);
}

async fn what_prepare_refuses_has_no_transaction(app: &TestApp) {
    let (product, services) = (app.product(5, 100).await, app.services());
    let cx = holder(1);
    let away = Error::Unavailable {
        what: "the probe",
        source: None,
    };
    let probe = Probe::of(&product).failing("prepare", away);
    let error = services.command(&cx, probe.clone()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(probe.steps(), ["validate", "prepare"]);
    assert_eq!(cx.notes.statements(), 0);
}

async fn what_run_refuses_is_undone_and_nobody_is_told(app: &TestApp) {
    let (product, services) = (app.product(5, 100).await, app.services());
    let known = services.directory().version();
    let probe = Probe::of(&product).failing("run", Error::Conflict("as it was told to".to_owned()));
    let error = services.command(&holder(1), probe.clone()).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(probe.steps(), ["validate", "prepare", "run"]);
    assert_eq!(app.stock(&product).await, 5);
    assert_eq!(services.directory().version(), known);
    let trail = app.admin().await.get("/api/audit?action=PROBE").await.list();
    assert!(trail.is_empty(), "{trail:?}");
}

async fn only_answers_are_kept_under_a_key(app: &TestApp) {
    let (product, services) = (app.product(5, 100).await, app.services());
    let cx = keyed(&holder(1), "k-1");
    let probe = Probe::of(&product);
    for error in [
        Error::BadRequest("x".to_owned()),
        invalid(),
        Error::Unauthenticated(Unauthenticated::Expired),
        Error::Denied(Denied::Ownership),
        Error::Limited {
            retry_after: Duration::from_secs(1),
        },
        Error::bug("x"),
        Error::Timeout,
    ] {
        for step in ["prepare", "run"] {
            let refused = services.command(&cx, probe.failing(step, error.clone())).await;
            assert_eq!(refused.unwrap_err().code(), error.code());
            assert_eq!(kept_answers(app).await, "0", "{step}: {error:?}");
        }
    }
    let refusal = Error::Conflict("for good".to_owned());
    let refused = services.command(&cx, probe.failing("run", refusal)).await;
    assert_eq!(refused.unwrap_err().code(), Code::Conflict);
    assert_eq!(kept_answers(app).await, "1");
    let again = services.command(&cx, probe.clone()).await.unwrap_err();
    assert!(
        matches!(
            again,
            Error::Replayed {
                code: Code::Conflict,
                ..
            }
        ),
        "{again:?}"
    );
    assert_eq!(app.stock(&product).await, 5);
}

async fn whoever_goes_away_while_it_commits_leaves_memory_told(app: &TestApp) {
    let (product, services) = (app.product(5, 100).await, app.services());
    let known = services.directory().version();
    forget_the_product(app).await;
    let hold = app.hold_database().await;
    let (probe, cx) = (Probe::of(&product), holder(1));
    tokio::select! {
        biased;
        early = services.command(&cx, probe.clone()) => panic!("the database is held: {early:?}"),
        () = probe.prepared.notified() => {}
    }
    // The request is gone; its transaction waits for the database.
    assert_eq!(services.directory().version(), known);
    hold.release().await;
    // Said after the commit and after memory was told.
    let told = tokio::time::timeout(10 * crate::SECOND, services.audit_waits().notified());
    told.await
        .expect("somebody is told although nobody waits for the answer");
    assert_eq!(services.directory().version(), known + 1);
    assert_eq!(app.stock(&product).await, 6);
}
