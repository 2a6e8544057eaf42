//! A test that leaves jobs unfinished fails: what it did not check may have gone wrong.

use crate::order_cancel_expire::place;
use mainstay_testkit::{Engine, TestApp, on_both_engines};
use std::panic::{AssertUnwindSafe, catch_unwind};

on_both_engines! {
    unfinished_jobs_fail_the_test;
}

/// The panic message when an app is dropped, if it panics.
fn drop_message(app: TestApp) -> Option<String> {
    let failed = catch_unwind(AssertUnwindSafe(|| drop(app))).err()?;
    Some(failed.downcast_ref::<String>().cloned().unwrap_or_default())
}

async fn paying(app: &TestApp) -> TestApp {
    let other = TestApp::start(app.database_engine(), &[]).await.unwrap();
    let (ann, product) = (other.customer("ann").await, other.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    other
}

/// SQL that inserts many finished jobs, newer than any other.
fn newer_jobs(app: &TestApp) -> String {
    let (id, no, numbers) = match app.database_engine() {
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

async fn unfinished_jobs_fail_the_test(app: &TestApp) {
    let waiting = paying(app).await;
    assert!(drop_message(waiting).unwrap().contains("queued payment.charge"));
    let buried = paying(app).await;
    buried.execute_raw(&newer_jobs(&buried)).await;
    assert!(
        drop_message(buried).unwrap().contains("queued payment.charge"),
        "also behind many newer jobs"
    );
    let unrelayed = paying(app).await;
    let jobs = unrelayed.engine().jobs().claim(10).await.unwrap();
    unrelayed.engine().jobs().run_all(jobs, 1).await;
    assert!(
        drop_message(unrelayed)
            .unwrap()
            .contains("no subscriber has received order.paid")
    );
    let excused = paying(app).await;
    excused.leave_jobs();
    assert_eq!(drop_message(excused), None);
    let done = paying(app).await;
    done.run_jobs().await;
    assert_eq!(drop_message(done), None);
}
