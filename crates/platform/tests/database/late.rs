//! Transactions whose client stops waiting.

use mainstay_platform::database::{Database, DatabaseError, Isolation, ReadMode};
use mainstay_platform::stopwatch::{Deadline, Stopwatch};
use std::time::Duration;

use crate::fixture::{OWNERS, add, add_alone, boxed, owners};
use crate::on_both;

fn passed() -> Option<Deadline> {
    Some(Deadline::new(Stopwatch::start(), Duration::ZERO))
}

fn far() -> Option<Deadline> {
    Some(Deadline::new(Stopwatch::start(), Duration::MAX))
}

on_both! {
    async fn no_statement_begins_after_the_deadline_and_nothing_remains(db: Database) {
        let late = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    tx.set_deadline(far());
                    add(tx, 1).await?;
                    tx.set_deadline(passed());
                    add(tx, 2).await
                })
            })
            .await;
        assert!(matches!(late, Err(DatabaseError::DeadlinePassed)), "{late:?}");
        let ignored = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    add(tx, 3).await?;
                    tx.set_deadline(passed());
                    let _ = add(tx, 4).await;
                    Ok(())
                })
            })
            .await;
        assert!(ignored.as_ref().is_err_and(DatabaseError::is_late), "{ignored:?}");
        let read: Result<Vec<i64>, DatabaseError> = db
            .read(ReadMode::Single, |tx| {
                boxed(async move {
                    tx.set_deadline(passed());
                    tx.all(OWNERS, &[]).await
                })
            })
            .await;
        assert!(matches!(read, Err(DatabaseError::DeadlinePassed)), "{read:?}");
        // The next transactions on the same connections are not late.
        assert!(owners(&db).await.is_empty());
        assert_eq!(add_alone(&db, 5).await.unwrap(), 1);
        assert_eq!(owners(&db).await, [5]);
    }

    async fn what_was_done_in_time_is_committed(db: Database) {
        let written = db
            .write(Isolation::ReadCommitted, |tx| {
                boxed(async move {
                    add(tx, 1).await?;
                    tx.set_deadline(passed());
                    Ok(())
                })
            })
            .await;
        assert!(written.is_ok(), "{written:?}");
        assert_eq!(owners(&db).await, [1]);
    }
}
