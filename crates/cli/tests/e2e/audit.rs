//! The audit trail, whole and tampered with.

use crate::harness::{Home, Shop, until};
use crate::on_both_engines;
use serde_json::Value;
use std::time::Duration;

/// A trail of a few entries, all of them linked, while no server runs.
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

on_both_engines! {
    async fn a_whole_trail_is_0(home: Home) {
        let verdict = linked(&home).await;
        assert!(verdict["verified"].as_i64().unwrap() >= 4 && verdict["fault"].is_null(), "{verdict}");
        let printed = home.run(&["audit", "verify"]).success();
        assert!(printed.starts_with("the audit trail is whole: "), "{printed}");
    }

    async fn what_a_command_did_is_linked_before_it_ends(home: Home) {
        home.create_admin();
        let verdict = home.run(&["audit", "verify", "--json"]).json();
        assert!(verdict["verified"].as_i64() > Some(0), "{verdict}");
        assert_eq!((&verdict["waiting"], &verdict["anchor"]), (&0.into(), &"held".into()), "{verdict}");
    }

    async fn a_missing_anchor_is_1_until_it_is_accepted_with_a_reason(home: Home) {
        home.create_admin();
        std::fs::remove_file(home.path("data/audit.anchor")).unwrap();
        for _ in 0..2 {
            let ran = home.run(&["audit", "verify"]);
            assert_eq!(ran.exit, Some(1), "{ran:?}");
            assert!(ran.err.contains("no head is kept") && ran.err.contains("mainstay audit accept --reason"), "{}", ran.err);
            // A command goes on, and says that the trail does not; nothing is made anew.
            let ran = home.run(&["keys", "rotate"]);
            assert_eq!(ran.exit, Some(0), "{ran:?}");
            assert!(ran.err.contains("new audit entries are not linked yet") && ran.err.contains("audit accept"), "{}", ran.err);
        }
        assert!(!home.path("data/audit.anchor").exists());
        assert_eq!(home.run(&["audit", "accept", "--reason", " "]).exit, Some(2));
        assert_eq!(home.run(&["audit", "accept"]).exit, Some(2));
        let accepted = home.run(&["audit", "accept", "--reason", "the volume is new", "--json"]).json();
        assert_eq!(accepted["reason"], "the volume is new");
        assert!(accepted["faults"][0].as_str().unwrap().contains("no head is kept"), "{accepted}");
        let verdict = home.run(&["audit", "verify", "--json"]).json();
        assert_eq!((&verdict["waiting"], &verdict["anchor"]), (&0.into(), &"held".into()), "{verdict}");
        let head = format!("{}:{}", accepted["seq"], accepted["hash"].as_str().unwrap());
        home.run(&["audit", "verify", "--head", &head]).success();
        let printed = home.run(&["audit", "accept", "--reason", "again"]).success();
        assert!(printed.contains("nothing to accept"), "{printed}");
    }

    async fn the_chain_is_held_against_a_head_that_was_kept_elsewhere(home: Home) {
        home.create_admin();
        let body = r#"{"type":"audit.head","timestamp":"x","data":{"seq":1,"hash":"00112233445566778899aabbccddeeff"}}"#;
        std::fs::write(home.path("received.json"), body).unwrap();
        for head in ["received.json", "1:00112233445566778899aabbccddeeff"] {
            let ran = home.run(&["audit", "verify", "--head", head]);
            assert_eq!(ran.exit, Some(1), "{ran:?}");
            assert!(ran.err.contains("does not hold the given head at 1"), "{}", ran.err);
        }
        for wrong in ["nothing.json", "1:00", "0:00112233445566778899aabbccddeeff", "1:zz112233445566778899aabbccddeeff"] {
            let ran = home.run(&["audit", "verify", "--head", wrong]);
            assert_eq!(ran.exit, Some(2), "{wrong}: {ran:?}");
        }
    }

    async fn a_process_that_only_answers_links_what_it_wrote(home: Home) {
        let mut command = home.command(&[]);
        command.env("ROLES", "api");
        let mut server = crate::harness::Server::start(command).await;
        let link = server.line("create the first administrator: ").await;
        let shop = Shop::claim(&server, &link).await;
        shop.add("A-1", 1).await;
        until("every entry is linked", Duration::from_secs(60), || async {
            let verdict = home.run(&["audit", "verify", "--json"]).json();
            (verdict["waiting"] == 0 && verdict["verified"].as_i64() > Some(1)).then_some(())
        })
        .await;
        server.stop().await;
    }

    async fn an_edited_entry_is_1_and_the_first_is_named(home: Home) {
        linked(&home).await;
        home.execute_raw(
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
        home.execute_raw(&sqlite, &postgres).await;
        let ran = home.run(&["audit", "verify"]);
        assert_eq!(ran.exit, Some(1), "{ran:?}");
        assert!(ran.err.contains("cut off"), "{}", ran.err);
        let (sqlite, postgres) = remove("seq = 3");
        home.execute_raw(&sqlite, &postgres).await;
        let ran = home.run(&["audit", "verify"]);
        assert!(ran.exit == Some(1) && ran.err.contains("entry 3 was removed"), "{ran:?}");
    }
}
