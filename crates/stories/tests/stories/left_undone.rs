//! A story that forgets its jobs fails: what nobody looked at may have gone wrong.

use crate::order_end::place;
use mainstay_testkit::{Engine, TestApp, on_both_engines};
use std::panic::{AssertUnwindSafe, catch_unwind};

on_both_engines! {
    jobs_left_undone_fail_the_story;
}

/// How the end of an app fails, if it does.
fn end(app: TestApp) -> Option<String> {
    let failed = catch_unwind(AssertUnwindSafe(|| drop(app))).err()?;
    Some(failed.downcast_ref::<String>().cloned().unwrap_or_default())
}

async fn paying(app: &TestApp) -> TestApp {
    let other = TestApp::start(app.engine(), &[]).await.unwrap();
    let (ann, product) = (other.customer("ann").await, other.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    other
}

/// Writes many jobs that are done, newer than any other.
fn newer_jobs(app: &TestApp) -> String {
    let (id, no, numbers) = match app.engine() {
        Engine::Sqlite => (
            "CAST('~~~~~~~~~~~~' || (1000 + n.i) AS BLOB)",
            "0",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) ",
        ),
        Engine::Postgres => (
            "CAST('ffffffff-ffff-ffff-ffff-00000000' || (1000 + n.i) AS UUID)",
            "FALSE",
            "WITH n AS (SELECT generate_series(1, 250) AS i) ",
        ),
    };
    format!(
        "INSERT INTO jobs (id, kind, queue, payload, state, due, max_attempts, run_at, created_at, finished_at) \
         {numbers}SELECT {id}, 'payment.charge', 'payments', '{{}}', 'done', {no}, 1, 0, 0, 0 FROM n"
    )
}

async fn jobs_left_undone_fail_the_story(app: &TestApp) {
    let waiting = paying(app).await;
    assert!(end(waiting).unwrap().contains("queued payment.charge"));
    let buried = paying(app).await;
    buried.tamper(&newer_jobs(&buried)).await;
    assert!(
        end(buried).unwrap().contains("queued payment.charge"),
        "whatever lies on it"
    );
    let untold = paying(app).await;
    let jobs = untold.services().claim_jobs(10).await.unwrap();
    untold.services().run_jobs(jobs, 1).await;
    assert!(end(untold).unwrap().contains("nobody was told of order.paid"));
    let forgiven = paying(app).await;
    forgiven.leave_jobs();
    assert_eq!(end(forgiven), None);
    let done = paying(app).await;
    done.run_jobs().await;
    assert_eq!(end(done), None);
}
