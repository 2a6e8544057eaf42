//! Listing and retrying jobs from the command line.

use crate::harness::{Home, Shop, order, text};
use crate::on_both_engines;
use serde_json::json;
use std::time::Duration;

on_both_engines! {
    async fn lists_jobs_and_retries_only_dead_ones(home: Home) {
        home.run(&["migrate"]).success();
        assert_eq!(home.run(&["jobs", "list", "--json"]).json(), json!([]));
        let server = home.serve().await;
        let shop = Shop::open(&home, &server).await;
        let (mug, ann) = (shop.add("MUG", 5).await, shop.customer("ann").await);
        let placed = order(&ann, &mug, 1, "k").await.unwrap().data(201);
        let id = text(&placed["id"]);
        ann.post(&format!("/api/orders/{id}/pay"), json!({})).await.payment();
        shop.until_order_is(&id, "paid", Duration::from_secs(60)).await;
        server.stop().await;

        let jobs = home.run(&["jobs", "list", "--json"]).json();
        let charge = jobs.as_array().unwrap().iter().find(|job| job["kind"] == "payment.charge").unwrap().clone();
        assert_eq!((&charge["state"], &charge["attempts"]), (&json!("done"), &json!(1)), "{charge}");
        assert_eq!(home.run(&["jobs", "list", "--json", "--state", "dead"]).json(), json!([]));
        assert_eq!(home.run(&["jobs", "list", "--json", "--limit", "1"]).json().as_array().unwrap().len(), 1);
        let id = text(&charge["id"]);
        assert!(home.run(&["jobs", "list", "--state", "done"]).success().contains(&id));

        let done = home.run(&["jobs", "retry", &id]);
        assert_eq!(done.exit, Some(1), "{done:?}");
        assert!(done.err.contains("done"), "{}", done.err);
        home.execute_raw(
            "UPDATE jobs SET state = 'dead' WHERE kind = 'payment.charge'",
            "UPDATE jobs SET state = 'dead' WHERE kind = 'payment.charge'",
        )
        .await;
        let retried = home.run(&["jobs", "retry", "--json", &id]).json();
        assert_eq!(retried, json!({"id": id, "state": "queued"}));
        let queued = home.run(&["jobs", "list", "--json", "--state", "queued"]).json();
        assert!(queued.as_array().unwrap().iter().any(|job| job["id"] == *id), "{queued}");
        let missing = home.run(&["jobs", "retry", "00000000-0000-7000-8000-000000000000"]);
        assert_eq!((missing.exit, missing.err.as_str()), (Some(1), "mainstay: not found\n"));
    }
}
