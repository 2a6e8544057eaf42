//! Verification of the audit trail, intact and altered.

use crate::harness::{Home, Shop, until};
use crate::on_both_engines;
use serde_json::Value;
use std::time::Duration;

/// Creates a trail of a few entries, waits until all are linked, and stops the server.
async fn linked_trail(home: &Home) -> Value {
    let server = home.serve().await;
    let shop = Shop::open(home, &server).await;
    for sku in ["A-1", "A-2", "A-3"] {
        shop.add(sku, 1).await;
    }
    let verdict = until("every entry is linked", Duration::from_secs(60), || async {
        let verdict = home.run(&["audit", "verify", "--json"]).json();
        (verdict["waiting"] == 0).then_some(verdict)
    })
    .await;
    server.stop().await;
    verdict
}

on_both_engines! {
    async fn an_intact_trail_exits_with_0(home: Home) {
        let verdict = linked_trail(&home).await;
        assert!(verdict["verified"].as_i64().unwrap() >= 4 && verdict["fault"].is_null(), "{verdict}");
        let output = home.run(&["audit", "verify"]).success();
        assert!(output.starts_with("the audit trail is whole: "), "{output}");
    }

    async fn entries_of_a_command_are_linked_before_it_exits(home: Home) {
        home.create_admin();
        let verdict = home.run(&["audit", "verify", "--json"]).json();
        assert!(verdict["verified"].as_i64() > Some(0), "{verdict}");
        assert_eq!((&verdict["waiting"], &verdict["anchor"]), (&0.into(), &"held".into()), "{verdict}");
        std::fs::remove_file(home.path("data/audit.anchor")).unwrap();
        let output = home.run(&["audit", "verify"]).success();
        assert!(output.contains("no head is kept in the data folder"), "{output}");
    }

    async fn an_edited_entry_exits_with_1_and_reports_the_first(home: Home) {
        linked_trail(&home).await;
        home.tamper(
            "DROP TRIGGER audit_entries_no_update; UPDATE audit_entries SET action = 'READ' WHERE seq IN (2, 4)",
            "ALTER TABLE audit_entries DISABLE TRIGGER ALL; UPDATE audit_entries SET action = 'READ' WHERE seq IN (2, 4)",
        )
        .await;
        let output = home.run(&["audit", "verify"]);
        assert_eq!((output.exit, output.out.as_str()), (Some(1), ""), "{output:?}");
        assert!(output.err.starts_with("mainstay: the audit trail is broken: entry 2 "), "{}", output.err);
        let output = home.run(&["audit", "verify", "--json"]);
        assert_eq!(output.exit, Some(1));
        let verdict: Value = serde_json::from_str(&output.out).unwrap();
        assert_eq!((&verdict["fault"]["kind"], &verdict["verified"]), (&"edited".into(), &1.into()), "{verdict}");
        assert_eq!(verdict["fault"]["seq"], 2);
    }

    async fn a_removed_entry_and_a_truncated_trail_are_detected(home: Home) {
        linked_trail(&home).await;
        let remove = |condition: &str| {
            let delete = format!("DELETE FROM audit_entries WHERE {condition}");
            let sqlite = format!("DROP TRIGGER IF EXISTS audit_entries_no_delete; {delete}");
            (sqlite, format!("ALTER TABLE audit_entries DISABLE TRIGGER ALL; {delete}"))
        };
        let (sqlite, postgres) = remove("seq = (SELECT max(seq) FROM audit_entries)");
        home.tamper(&sqlite, &postgres).await;
        let output = home.run(&["audit", "verify"]);
        assert_eq!(output.exit, Some(1), "{output:?}");
        assert!(output.err.contains("cut off"), "{}", output.err);
        let (sqlite, postgres) = remove("seq = 3");
        home.tamper(&sqlite, &postgres).await;
        let output = home.run(&["audit", "verify"]);
        assert!(output.exit == Some(1) && output.err.contains("entry 3 was removed"), "{output:?}");
    }
}
