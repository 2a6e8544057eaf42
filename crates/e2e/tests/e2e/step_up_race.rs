//! Step-up at the moment at which the account gets its first factor.

use mainstay_domain::access::{Access, Caller, Credential, PermissionSet, Principal, Rate, RoleName};
use mainstay_domain::email::Email;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext, PreparedCommand, RequestContext, UseCase};
use mainstay_services::account::{Password, StepUp};
use mainstay_testkit::{Authenticator, Client, TestApp, TestUser, on_both_engines};
use serde_json::json;
use std::sync::Arc;

on_both_engines! {
    trap_08_a_factor_that_is_added_after_the_password_was_verified_refuses_the_step_up;
    trap_19_of_a_step_up_by_password_and_a_first_factor_at_once_the_factor_counts;
}

const ENABLE: &str = "/api/auth/mfa/totp/enable";
const KEYS: &str = "/api/auth/api-keys";

/// The step-up with a password, of an account that gets its first factor between preparation and transaction.
#[derive(Clone)]
struct Overtaken {
    step_up: StepUp,
    ann: Client,
    code: String,
}

impl UseCase for Overtaken {
    const NAME: &'static str = "test.overtaken-step-up";
    const ACCESS: Access = StepUp::ACCESS;
    const RATE: Rate = StepUp::RATE;
    const IDEMPOTENT: bool = false;
    type Output = ();
}

impl PreparedCommand for Overtaken {
    type Prepared = <StepUp as PreparedCommand>::Prepared;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<Self::Prepared> {
        let verified = self.step_up.prepare(cx).await?;
        let enabled = self.ann.post(ENABLE, json!({"code": self.code})).await;
        enabled.expect(200);
        Ok(verified)
    }

    async fn run(self, prepared: Self::Prepared, cx: &mut CommandContext<'_>) -> Result<()> {
        self.step_up.run(prepared, cx).await
    }
}

/// Sets an authenticator app up; returns the code that enables it.
async fn set_up(user: &TestUser, now: Timestamp) -> String {
    let setup = user.post_nothing("/api/auth/mfa/totp/setup").await;
    let setup = setup.expect(200).data();
    Authenticator::with_secret(setup["secret"].as_str().unwrap()).code(now)
}

/// The caller that the access token of a user stands for.
async fn caller(user: &TestUser) -> RequestContext {
    let sessions = user.get("/api/auth/sessions").await.expect(200).list();
    let current = sessions.iter().find(|session| session["current"] == true);
    let session = current.unwrap()["id"].as_str().unwrap();
    RequestContext::of(Caller::User(Arc::new(Principal {
        id: user.id.parse().unwrap(),
        email: Email::parse(&user.email).unwrap(),
        role: RoleName::stored("customer"),
        permissions: PermissionSet::of([]),
        credential: Credential::Session(session.parse().unwrap()),
        limited: false,
    })))
}

async fn trap_08_a_factor_that_is_added_after_the_password_was_verified_refuses_the_step_up(app: &TestApp) {
    let ann = app.customer("ann").await;
    let overtaken = Overtaken {
        step_up: StepUp::Password(Password::new(ann.password.clone())),
        code: set_up(&ann, app.now()).await,
        ann: (*ann).clone(),
    };
    let caller = caller(&ann).await;
    let answer = app.engine().pipeline().command(&caller, overtaken).await;
    assert!(
        matches!(answer, Err(Error::InvalidState(_))),
        "{:?}",
        answer.err()
    );
    let noted = app
        .query_raw("SELECT CAST(stepped_up_at AS TEXT) FROM sessions WHERE stepped_up_at IS NOT NULL")
        .await;
    assert!(noted.is_empty(), "{noted:?}");
    app.leave_jobs();
}

async fn trap_19_of_a_step_up_by_password_and_a_first_factor_at_once_the_factor_counts(app: &TestApp) {
    for round in 0..5 {
        let ann = app.customer(&format!("ann{round}")).await;
        let code = json!({"code": set_up(&ann, app.now()).await});
        let proof = json!({"password": ann.password});
        let (stepped_up, enabled) =
            tokio::join!(ann.post("/api/auth/step-up", proof), ann.post(ENABLE, code));
        enabled.expect(200);
        assert!(matches!(stepped_up.status, 204 | 409), "{stepped_up:?}");
        ann.post(KEYS, json!({"name": "a key", "scopes": ["create:order"]}))
            .await
            .expect_error(403, "STEP_UP_REQUIRED");
    }
    app.leave_jobs();
}
