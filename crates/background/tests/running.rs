//! Tests of the background loops over the real engine: work happens without a request.

use mainstay_background::{Background, BackgroundOptions, PeriodicCommand};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::event::OutboxEvent;
use mainstay_engine::{Command, CommandContext, RequestContext, UseCase};
use mainstay_testkit::{TestApp, TestUser, on_both_engines};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

on_both_engines! {
    background_charges_a_paid_order_and_sends_its_mail;
    another_worker_runs_the_jobs_left_at_the_stop;
    an_unpaid_order_expires_in_the_background;
    a_process_without_the_worker_role_runs_no_job;
    audit_entries_are_sealed_while_it_runs_and_before_the_stop;
    a_process_of_any_role_links_what_it_wrote;
    the_head_is_sent_away_on_a_schedule;
    a_command_runs_at_its_interval;
}

fn start(app: &TestApp, worker: bool) -> Background {
    let options = BackgroundOptions {
        worker,
        grace: Duration::from_secs(10),
        ..BackgroundOptions::default()
    };
    Background::start(app.engine(), &options, app.periodic_tasks())
}

async fn order(app: &TestApp, buyer: &TestUser) -> String {
    let product = app.product(5, 1999).await;
    let body = json!({"items": [{"productId": product.id, "quantity": 2}]});
    let order = buyer.post("/api/orders", body).await.expect(201).data();
    format!("/api/orders/{}", order["id"].as_str().expect("orders have ids"))
}

/// Waits until an event of this kind is published.
async fn wait_for_event(mut events: Receiver<Arc<OutboxEvent>>, kind: &str) {
    let published = async { while events.recv().await.expect("the channel stays open").kind != kind {} };
    assert!(
        tokio::time::timeout(Duration::from_secs(20), published)
            .await
            .is_ok(),
        "{kind} was not published"
    );
}

async fn background_charges_a_paid_order_and_sends_its_mail(app: &TestApp) {
    let background = start(app, true);
    let events = app.engine().live().listen();
    let ada = app.customer("ada").await;
    let order = order(app, &ada).await;
    ada.post(&format!("{order}/pay"), json!({})).await.expect(202);
    wait_for_event(events, "order.paid").await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "paid");
    background.stop().await;
    // The mail job has either finished or was released; either way it is sent once.
    app.run_jobs().await;
    // The registration is mailed, too.
    let mut mail = app.mailbox.messages();
    mail.retain(|mail| mail.id.starts_with("order-paid-"));
    assert_eq!(
        mail.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["ada@example.com"]
    );
    assert!(mail[0].text.contains("39.98 USD"), "{mail:?}");
}

async fn another_worker_runs_the_jobs_left_at_the_stop(app: &TestApp) {
    let background = start(app, true);
    background.drain();
    let ada = app.customer("ada").await;
    let order = order(app, &ada).await;
    ada.post(&format!("{order}/pay"), json!({})).await.expect(202);
    background.stop().await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "pending");
    app.run_jobs().await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "paid");
}

async fn an_unpaid_order_expires_in_the_background(app: &TestApp) {
    let ada = app.customer("ada").await;
    let order = order(app, &ada).await;
    app.advance(Duration::from_hours(1));
    let events = app.engine().live().listen();
    let background = start(app, true);
    wait_for_event(events, "order.expired").await;
    background.stop().await;
    let ada = app.sign_in(&ada.email, &ada.password).await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "expired");
}

async fn a_process_without_the_worker_role_runs_no_job(app: &TestApp) {
    let background = start(app, false);
    let ada = app.customer("ada").await;
    let order = order(app, &ada).await;
    ada.post(&format!("{order}/pay"), json!({})).await.expect(202);
    // Counted in memory, and written by a task that every process runs.
    let error = Error::Unauthenticated(Unauthenticated::Invalid);
    app.engine()
        .security()
        .note_refused(&RequestContext::anonymous(), "user.me", &error);
    background.stop().await;
    assert_eq!(ada.get(&order).await.expect(200).data()["status"], "pending");
    let events = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM security_events")
        .await;
    assert_eq!(events[0][0].as_deref(), Some("1"));
    app.run_jobs().await;
}

async fn audit_entries_are_sealed_while_it_runs_and_before_the_stop(app: &TestApp) {
    let background = start(app, true);
    let waiting = async || {
        app.engine()
            .audit_verifier()
            .verify(None)
            .await
            .expect("the database is there")
            .waiting
    };
    for _ in 0..5 {
        app.product(1, 100).await;
        let sealed = async { while waiting().await > 0 {} };
        let sealed = tokio::time::timeout(Duration::from_secs(20), sealed).await;
        assert!(sealed.is_ok(), "{} entries are not sealed", waiting().await);
    }
    app.product(1, 100).await;
    background.stop().await;
    assert_eq!(waiting().await, 0);
    // Without running loops, one explicit call seals the waiting entries.
    app.product(1, 100).await;
    assert!(waiting().await > 0);
    app.engine()
        .audit_sealer()
        .seal_recorded()
        .await
        .expect("the database is there");
    assert_eq!(waiting().await, 0);
}

async fn a_process_of_any_role_links_what_it_wrote(app: &TestApp) {
    let background = start(app, false);
    app.product(1, 100).await;
    let linked = async {
        while app
            .engine()
            .audit_verifier()
            .verify(None)
            .await
            .expect("the database is there")
            .waiting
            > 0
        {}
    };
    tokio::time::timeout(Duration::from_secs(5), linked)
        .await
        .expect("it is linked");
    background.stop().await;
}

async fn the_head_is_sent_away_on_a_schedule(app: &TestApp) {
    let sent = async |count: usize| {
        let sent = async {
            while app.heads.all().len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), sent)
            .await
            .expect("it is sent");
        app.heads.all()
    };
    app.product(1, 100).await;
    app.seal_audit().await;
    let background = start(app, true);
    let first = sent(1).await.remove(0);
    app.heads.set_away(true);
    app.advance(Duration::from_mins(61));
    let none_failed = || {
        let queue_metrics = app.engine().node().metrics.encode();
        queue_metrics.contains("mainstay_audit_head_failures_total 0")
    };
    let failed = async {
        while none_failed() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), failed)
        .await
        .expect("it is tried");
    assert_eq!(app.heads.all().len(), 1);
    app.heads.set_away(false);
    let second = sent(2).await.remove(1);
    assert!(
        first.seq > 0 && second.seq >= first.seq && first.id != second.id,
        "{first:?} {second:?}"
    );
    background.stop().await;
    assert_eq!(app.heads.all().len(), 2, "once in an hour");
}

static TICKS: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, Clone, Default)]
struct Tick;

impl UseCase for Tick {
    const NAME: &'static str = "example.tick";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Command for Tick {
    async fn run(self, _: &mut CommandContext<'_>) -> Result<()> {
        TICKS.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl PeriodicCommand for Tick {
    const INTERVAL: Duration = Duration::from_millis(20);
}

async fn a_command_runs_at_its_interval(app: &TestApp) {
    let options = BackgroundOptions::default();
    let tasks = app.periodic_tasks().with_command::<Tick>();
    let (before, background) = (
        TICKS.load(Ordering::Relaxed),
        Background::start(app.engine(), &options, tasks),
    );
    let ran_twice = async {
        while TICKS.load(Ordering::Relaxed) < before + 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(20), ran_twice)
            .await
            .is_ok(),
        "the command did not run twice"
    );
    background.stop().await;
}
