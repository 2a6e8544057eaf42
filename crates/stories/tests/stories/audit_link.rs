//! The chain is linked behind the writers' backs.

use crate::SECOND;
use mainstay_domain::Error;
use mainstay_platform::database::Isolation;
use mainstay_platform::sql;
use mainstay_testkit::{Engine, TestApp, on_both_engines};

on_both_engines! {
    a_writer_that_takes_long_neither_holds_up_the_linking_nor_is_held_up;
}

async fn a_writer_that_takes_long_neither_holds_up_the_linking_nor_is_held_up(app: &TestApp) {
    if app.engine() == Engine::Sqlite {
        // There is one writer at a time.
        return;
    }
    app.product(1, 100).await;
    let hold = app.hold_database().await;
    let database = app.services().parts().database.clone();
    // Its entry has the lowest name of all, and is committed last.
    let slow = tokio::spawn(async move {
        let writing = database.write(Isolation::ReadCommitted, |tx| {
            Box::pin(async move {
                let tell = sql!(
                    "INSERT INTO audit_entries (id, at, actor, action, resource, resource_id) \
                     VALUES ('00000000-0000-7000-8000-000000000001', 1, 'system', 'READ', 'product', '1')"
                );
                tx.execute(&tell, &[]).await?;
                tx.execute(&sql!("UPDATE products SET stock = stock"), &[])
                    .await?;
                Ok::<_, Error>(())
            })
        });
        writing.await
    });
    let waits = "SELECT CAST(count(*) AS TEXT) FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while app.peek(waits).await == [[Some("0".to_owned())]] {
        tokio::task::yield_now().await;
    }
    app.customer("ann").await;
    app.pass(SECOND);
    assert!(app.seal_audit().await > 0);
    let verdict = app.services().verify_audit().await.unwrap();
    assert_eq!((verdict.waiting, verdict.fault), (0, None));
    app.customer("ben").await;
    assert!(!slow.is_finished());
    hold.release().await;
    slow.await.unwrap().unwrap();
    assert!(app.seal_audit().await >= 2);
    let whole = app.services().verify_audit().await.unwrap();
    assert!(whole.verified >= verdict.verified + 2, "{whole:?}");
    assert_eq!((whole.waiting, whole.fault), (0, None));
}
