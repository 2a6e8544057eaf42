//! The one function that every use case goes through: its steps run in order, and a step that refuses is the last.

use mainstay_domain::access::{
    Access, Caller, Credential, Permission, PermissionSet, Principal, Rate, RoleName, SystemCaller,
};
use mainstay_domain::email::Email;
use mainstay_domain::error::{Code, Denied, Unauthenticated};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::ProductId;
use mainstay_domain::product::Product;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::access::AccessChange;
use mainstay_engine::{
    CommandContext, IdempotencyKey, PrepareContext, PreparedCommand, RequestContext, UseCase,
};
use mainstay_services::ShopRepositories;
use mainstay_testkit::{TestApp, TestProduct, on_both_engines};
use serde_json::json;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

on_both_engines! {
    the_steps_run_in_order with RATE_LIMITS = "on";
    a_caller_without_access_uses_up_no_rate_limit with RATE_LIMITS = "on";
    a_rate_limited_request_is_not_validated with RATE_LIMITS = "on";
    an_invalid_request_is_refused_before_idempotency;
    a_repetition_does_not_run_again;
    an_error_in_prepare_starts_no_transaction;
    an_error_in_run_rolls_everything_back;
    only_domain_errors_are_stored_under_a_key;
    a_detail_code_of_an_added_noun_survives_a_replay;
    a_client_that_disconnects_during_the_commit_leaves_memory_up_to_date;
}

/// Adds one to a stock, ends a session, and records each step that runs.
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

    /// The same probe with no steps recorded yet, failing at a step.
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
    const NAME: &'static str = "test.probe";
    const ACCESS: Access = Access::permission(Permission::UPDATE_PRODUCT);
    const RATE: Rate = Rate::per_hour(2);
    type Output = i64;

    fn validate(&self) -> Result<(), ValidationErrors> {
        match self.step("validate") {
            Err(Error::Invalid(errors)) => Err(errors),
            _ => Ok(()),
        }
    }
}

impl PreparedCommand for Probe {
    /// The number of steps until then.
    type Prepared = usize;

    async fn prepare(&self, _: &PrepareContext<'_>) -> Result<usize> {
        self.step("prepare")?;
        self.prepared.notify_one();
        Ok(self.steps().len())
    }

    async fn run(self, prepared: usize, work: &mut CommandContext<'_>) -> Result<i64> {
        let (now, scope) = (work.now(), work.scope::<Product>());
        let product = work.products().find(&scope, self.product).await?;
        let permit = work.permit_of(SystemCaller::WORKER, Product::STOCK, &product)?;
        let after = work.products().add_stock(&permit, &product, 1, now).await?;
        let stock = after.unwrap().stock;
        let session = work.caller().principal().unwrap().session().unwrap();
        work.access_changed(AccessChange::SessionEnded(session));
        work.record(
            permit,
            DomainEvent::noted("test.probed", "PROBE", &json!({"stock": stock})),
        );
        let step = self.step("run");
        assert_eq!(
            self.steps().len(),
            prepared + 1,
            "run receives what prepare returned"
        );
        step?;
        Ok(stock)
    }
}

/// A signed-in caller with a session of their own and the given permissions.
fn caller_with(number: u8, permissions: &[Permission]) -> RequestContext {
    let id = format!("01890000-0000-7000-8000-0000000000{number:02x}");
    RequestContext::of(Caller::User(Arc::new(Principal {
        id: id.parse().unwrap(),
        email: Email::parse("probe@example.com").unwrap(),
        role: RoleName::stored("customer"),
        permissions: PermissionSet::of(permissions.iter().map(|one| one.as_str().to_owned())),
        credential: Credential::Session(id.parse().unwrap()),
        limited: false,
    })))
}

fn holder(number: u8) -> RequestContext {
    caller_with(number, &[Permission::UPDATE_PRODUCT])
}

fn keyed(cx: &RequestContext, key: &str) -> RequestContext {
    let key = IdempotencyKey {
        key: key.into(),
        fingerprint: [7; 32],
    };
    RequestContext {
        idempotency: Some(key),
        ..cx.clone()
    }
}

async fn stored_answers(app: &TestApp) -> String {
    let rows = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM idempotency_keys")
        .await;
    rows[0][0].clone().unwrap()
}

/// Drains the notifications that adding the product caused.
async fn drain_notifications(app: &TestApp) {
    app.engine().relay().wakes().notified().await;
    app.engine().audit_sealer().wakes().notified().await;
}

fn invalid() -> Error {
    Error::Invalid(ValidationErrors::one(
        "probe",
        "RANGE",
        "as configured by the test",
    ))
}

async fn the_steps_run_in_order(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
    let (probe, cx) = (Probe::of(&product), keyed(&holder(1), "k-1"));
    let version = engine.directory().version();
    drain_notifications(app).await;
    let done = engine.pipeline().command(&cx, probe.clone()).await.unwrap();
    assert_eq!((done.output, done.replayed), (6, false));
    assert_eq!(probe.steps(), ["validate", "prepare", "run"]);
    assert_eq!(cx.notes.limit().unwrap().remaining, 1);
    // After the commit: the rows, this node's memory, and the notifications of domain events.
    assert_eq!(
        (app.stock(&product).await, stored_answers(app).await.as_str()),
        (6, "1")
    );
    assert_eq!(engine.directory().version(), version + 1);
    engine.audit_sealer().wakes().notified().await;
    engine.relay().wakes().notified().await;
    let trail = app.admin().await.get("/api/audit?action=PROBE").await.list();
    assert_eq!(trail.len(), 1);
}

async fn a_caller_without_access_uses_up_no_rate_limit(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
    let probe = Probe::of(&product).failing("validate", invalid());
    for (cx, code) in [
        (caller_with(1, &[Permission::READ_ORDER]), Code::Forbidden),
        (RequestContext::anonymous(), Code::Unauthorized),
    ] {
        for _ in 0..5 {
            let error = engine.pipeline().command(&cx, probe.clone()).await.unwrap_err();
            assert_eq!(error.code(), code);
        }
        assert_eq!(cx.notes.limit(), None);
    }
    assert_eq!(probe.steps(), [""; 0]);
    let cx = holder(1);
    engine.pipeline().command(&cx, Probe::of(&product)).await.unwrap();
    assert_eq!(
        cx.notes.limit().unwrap().remaining,
        1,
        "refused calls use up no rate limit"
    );
}

async fn a_rate_limited_request_is_not_validated(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
    let cx = keyed(&holder(1), "k-1");
    let probe = Probe::of(&product).failing("validate", invalid());
    for _ in 0..2 {
        let error = engine.pipeline().command(&cx, probe.clone()).await.unwrap_err();
        assert_eq!(error.code(), Code::ValidationFailed, "invalid requests count");
    }
    let error = engine.pipeline().command(&cx, probe.clone()).await.unwrap_err();
    assert_eq!(error.code(), Code::RateLimited);
    assert_eq!(probe.steps(), ["validate", "validate"]);
    assert_eq!(stored_answers(app).await, "0");
    app.advance(Duration::from_secs(3600));
    engine.pipeline().command(&cx, Probe::of(&product)).await.unwrap();
}

async fn an_invalid_request_is_refused_before_idempotency(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
    let cx = keyed(&holder(1), "k-1");
    engine.pipeline().command(&cx, Probe::of(&product)).await.unwrap();
    let probe = Probe::of(&product).failing("validate", invalid());
    // The idempotency record is not even read.
    let error = engine.pipeline().command(&cx, probe.clone()).await.unwrap_err();
    assert_eq!(error.code(), Code::ValidationFailed);
    assert_eq!(probe.steps(), ["validate"]);
}

async fn a_repetition_does_not_run_again(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
    let (probe, cx) = (Probe::of(&product), keyed(&holder(1), "k-1"));
    let hold = app.hold_database().await;
    let mut first = pin!(engine.pipeline().command(&cx, probe.clone()));
    tokio::select! {
        biased;
        early = &mut first => panic!("the database is held: {early:?}"),
        () = probe.prepared.notified() => {}
    }
    let again = Probe::of(&product);
    let error = engine.pipeline().command(&cx, again.clone()).await.unwrap_err();
    assert_eq!(error.code(), Code::IdempotencyInFlight);
    hold.release().await;
    assert_eq!(first.await.unwrap().output, 6);
    let done = engine.pipeline().command(&cx, again.clone()).await.unwrap();
    assert_eq!((done.output, done.replayed), (6, true));
    assert_eq!(again.steps(), ["validate", "validate"]);
    assert_eq!(app.stock(&product).await, 6);
}

async fn an_error_in_prepare_starts_no_transaction(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
    let cx = holder(1);
    let away = Error::Unavailable {
        what: "the probe",
        source: None,
    };
    let probe = Probe::of(&product).failing("prepare", away);
    let error = engine.pipeline().command(&cx, probe.clone()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(probe.steps(), ["validate", "prepare"]);
    assert_eq!(cx.notes.statements(), 0);
}

async fn an_error_in_run_rolls_everything_back(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
    let version = engine.directory().version();
    let probe = Probe::of(&product).failing("run", Error::Conflict("as configured by the test".to_owned()));
    let error = engine
        .pipeline()
        .command(&holder(1), probe.clone())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(probe.steps(), ["validate", "prepare", "run"]);
    assert_eq!(app.stock(&product).await, 5);
    assert_eq!(engine.directory().version(), version);
    let trail = app.admin().await.get("/api/audit?action=PROBE").await.list();
    assert!(trail.is_empty(), "{trail:?}");
}

async fn only_domain_errors_are_stored_under_a_key(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
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
            let refused = engine
                .pipeline()
                .command(&cx, probe.failing(step, error.clone()))
                .await;
            assert_eq!(refused.unwrap_err().code(), error.code());
            assert_eq!(stored_answers(app).await, "0", "{step}: {error:?}");
        }
    }
    let conflict = Error::Conflict("for good".to_owned());
    let refused = engine
        .pipeline()
        .command(&cx, probe.failing("run", conflict))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::Conflict);
    assert_eq!(stored_answers(app).await, "1");
    let again = engine.pipeline().command(&cx, probe.clone()).await.unwrap_err();
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

async fn a_detail_code_of_an_added_noun_survives_a_replay(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
    let cx = keyed(&holder(1), "k-1");
    let taken = ValidationErrors::one("seats[2]", "SEAT_TAKEN", "is taken");
    let probe = Probe::of(&product).failing("run", Error::OutOfStock(taken.clone()));
    let first = engine.pipeline().command(&cx, probe.clone()).await.unwrap_err();
    let again = engine.pipeline().command(&cx, probe.clone()).await.unwrap_err();
    assert!(matches!(again, Error::Replayed { .. }), "{again:?}");
    assert_eq!((first.details(), again.details()), (taken.list(), taken.list()));
}

async fn a_client_that_disconnects_during_the_commit_leaves_memory_up_to_date(app: &TestApp) {
    let (product, engine) = (app.product(5, 100).await, app.engine());
    let version = engine.directory().version();
    drain_notifications(app).await;
    let hold = app.hold_database().await;
    let (probe, cx) = (Probe::of(&product), holder(1));
    tokio::select! {
        biased;
        early = engine.pipeline().command(&cx, probe.clone()) => panic!("the database is held: {early:?}"),
        () = probe.prepared.notified() => {}
    }
    // The request is gone; its transaction waits for the database.
    assert_eq!(engine.directory().version(), version);
    hold.release().await;
    // The notification follows the commit and the update of the caches.
    let notified = tokio::time::timeout(10 * crate::SECOND, engine.audit_sealer().wakes().notified());
    notified
        .await
        .expect("the sealer is notified although no client waits for the answer");
    assert_eq!(engine.directory().version(), version + 1);
    assert_eq!(app.stock(&product).await, 6);
}
