//! The audit trail, whole and tampered with.

use crate::harness::{Home, Shop, until};
use crate::on_both;
use serde_json::Value;
use std::time::Duration;

/// A trail of a few entries, all of them linked, and nobody at work.
async fn linked(home: &Home) -> Value {
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

on_both! {
    async fn a_whole_trail_is_0(home: Home) {
        let verdict = linked(&home).await;
        assert!(verdict["verified"].as_i64().unwrap() >= 4 && verdict["fault"].is_null(), "{verdict}");
        let told = home.run(&["audit", "verify"]).good();
        assert!(told.starts_with("the audit trail is whole: "), "{told}");
    }

    async fn what_a_command_did_is_linked_before_it_ends(home: Home) {
        home.create_admin();
        let verdict = home.run(&["audit", "verify", "--json"]).json();
        assert!(verdict["verified"].as_i64() > Some(0), "{verdict}");
        assert_eq!((&verdict["waiting"], &verdict["anchor"]), (&0.into(), &"held".into()), "{verdict}");
        std::fs::remove_file(home.path("data/audit.anchor")).unwrap();
        let told = home.run(&["audit", "verify"]).good();
        assert!(told.contains("no head is kept in the data folder"), "{told}");
    }

    async fn an_edited_entry_is_1_and_the_first_is_named(home: Home) {
        linked(&home).await;
        home.tamper(
            "DROP TRIGGER audit_entries_no_update; UPDATE audit_entries SET action = 'READ' WHERE seq IN (2, 4)",
            "ALTER TABLE audit_entries DISABLE TRIGGER ALL; UPDATE audit_entries SET action = 'READ' WHERE seq IN (2, 4)",
        )
        .await;
        let ran = home.run(&["audit", "verify"]);
        assert_eq!((ran.exit, ran.out.as_str()), (Some(1), ""), "{ran:?}");
        assert!(ran.err.starts_with("mainstay: the audit trail is broken: entry 2 "), "{}", ran.err);
        let ran = home.run(&["audit", "verify", "--json"]);
        assert_eq!(ran.exit, Some(1));
        let verdict: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&verdict["fault"]["kind"], &verdict["verified"]), (&"edited".into(), &1.into()), "{verdict}");
        assert_eq!(verdict["fault"]["seq"], 2);
    }

    async fn a_removed_entry_and_a_cut_end_are_noticed(home: Home) {
        linked(&home).await;
        let remove = |which: &str| {
            let delete = format!("DELETE FROM audit_entries WHERE {which}");
            let sqlite = format!("DROP TRIGGER IF EXISTS audit_entries_no_delete; {delete}");
            (sqlite, format!("ALTER TABLE audit_entries DISABLE TRIGGER ALL; {delete}"))
        };
        let (sqlite, postgres) = remove("seq = (SELECT max(seq) FROM audit_entries)");
        home.tamper(&sqlite, &postgres).await;
        let ran = home.run(&["audit", "verify"]);
        assert_eq!(ran.exit, Some(1), "{ran:?}");
        assert!(ran.err.contains("cut off"), "{}", ran.err);
        let (sqlite, postgres) = remove("seq = 3");
        home.tamper(&sqlite, &postgres).await;
        let ran = home.run(&["audit", "verify"]);
        assert!(ran.exit == Some(1) && ran.err.contains("entry 3 was removed"), "{ran:?}");
    }
}
