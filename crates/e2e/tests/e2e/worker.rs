//! Workers: each job runs on one of them, and a worker whose lease expired commits nothing.

use crate::order_cancel_expire::{place, status};
use crate::{HOUR, MINUTE, SECOND};
use mainstay_engine::job::runner::{JobResult, LEASE};
use mainstay_testkit::{TestApp, on_both_engines};
use std::collections::HashSet;

on_both_engines! {
    two_workers_never_hold_the_same_job;
    a_worker_whose_lease_expired_commits_nothing;
    a_job_that_kills_its_workers_ends_dead;
    a_released_job_keeps_all_its_attempts;
    a_cancelled_job_commits_nothing;
}

async fn two_workers_never_hold_the_same_job(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(50, 100).await);
    for _ in 0..20 {
        let path = place(&ann, &product, 1).await;
        ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    }
    let other = app.another_node().await;
    let claims = (0..8).map(|number| {
        let engine = if number % 2 == 0 {
            app.engine()
        } else {
            &other.engine
        };
        engine.jobs().claim(5)
    });
    let claimed = futures_util::future::join_all(claims).await;
    let mut jobs: Vec<_> = claimed.into_iter().flat_map(Result::unwrap).collect();
    jobs.extend(app.engine().jobs().claim(50).await.unwrap());
    let ids: HashSet<_> = jobs.iter().map(|job| job.id.to_string()).collect();
    assert_eq!((jobs.len(), ids.len()), (20, 20));
    let half = jobs.split_off(10);
    let (here, there) = tokio::join!(
        app.engine().jobs().run_all(jobs, 4),
        other.engine.jobs().run_all(half, 4)
    );
    assert!(here.iter().chain(&there).all(|(_, ran)| *ran == JobResult::Done));
    assert_eq!(app.gateway.collected().len(), 20);
    app.run_jobs().await;
    assert_eq!(app.mailbox.messages().len(), 20);
    other.stop().await;
}

async fn a_worker_whose_lease_expired_commits_nothing(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    let slow = app.engine().jobs().claim(10).await.unwrap().remove(0);
    assert!(
        app.engine().jobs().claim(10).await.unwrap().is_empty(),
        "it is leased"
    );
    app.advance(LEASE - SECOND);
    assert!(app.engine().jobs().claim(10).await.unwrap().is_empty());
    app.advance(SECOND);
    let fast = app.engine().jobs().claim(10).await.unwrap().remove(0);
    assert_eq!((fast.id, fast.attempts), (slow.id, 2));
    assert!(fast.fence > slow.fence);
    // The slow worker continues, as if nothing had happened.
    assert_eq!(app.engine().jobs().run(&slow).await, JobResult::Lost);
    assert_eq!(
        status(&ann.refreshed().await, &path).await,
        "pending",
        "its changes are rolled back"
    );
    assert_eq!(app.engine().jobs().run(&fast).await, JobResult::Done);
    assert_eq!(
        app.engine().jobs().run(&slow).await,
        JobResult::Lost,
        "also after the other worker has finished"
    );
    assert_eq!(
        app.engine().jobs().run(&fast).await,
        JobResult::Lost,
        "nor is it finished twice"
    );
    app.run_jobs().await;
    assert_eq!(status(&ann.refreshed().await, &path).await, "paid");
    assert_eq!(app.gateway.collected().len(), 1);
    assert_eq!(app.mailbox.messages().len(), 1);
}

async fn a_job_that_kills_its_workers_ends_dead(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    for attempt in 1..=12 {
        let claimed = app.engine().jobs().claim(10).await.unwrap();
        assert_eq!((claimed.len(), claimed[0].attempts), (1, attempt));
        app.advance(LEASE);
        if attempt == 1 {
            continue;
        }
        let claimed = app.engine().jobs().claim(10).await.unwrap();
        let kinds: Vec<_> = claimed.iter().map(|job| job.kind.as_str()).collect();
        if attempt < 12 {
            assert!(kinds.is_empty(), "not at once: its worker may go away again");
            app.advance(HOUR);
        } else {
            assert_eq!(kinds, ["payment.void"], "the follow-up job");
        }
    }
    let dead = app.admin().await.get("/api/jobs?state=dead").await.list();
    assert!(
        dead[0]["lastError"].as_str().unwrap().contains("went away"),
        "{dead:?}"
    );
    app.leave_jobs();
}

async fn a_released_job_keeps_all_its_attempts(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    let claimed = app.engine().jobs().claim(10).await.unwrap();
    app.engine()
        .jobs()
        .release(claimed.iter().map(|job| job.lease()).collect())
        .await
        .unwrap();
    let again = app.engine().jobs().claim(10).await.unwrap().remove(0);
    assert_eq!((again.id, again.attempts), (claimed[0].id, 1));
    assert_eq!(app.engine().jobs().run(&claimed[0]).await, JobResult::Lost);
    assert_eq!(app.engine().jobs().run(&again).await, JobResult::Done);
    app.run_jobs().await;
}

async fn a_cancelled_job_commits_nothing(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    let job = app.engine().jobs().claim(10).await.unwrap().remove(0);
    let entries = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries")
        .await;
    app.execute_raw("UPDATE jobs SET state = 'cancelled', lease_until = NULL, finished_at = run_at")
        .await;
    assert_eq!(app.engine().jobs().run(&job).await, JobResult::Lost);
    assert_eq!(status(&ann, &path).await, "pending");
    assert_eq!(
        app.query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries")
            .await,
        entries,
        "not even an audit entry"
    );
    app.advance(MINUTE);
    assert_eq!(app.run_jobs().await, []);
}
