//! Two servers on one database, including a SQLite file.

use crate::harness::{Home, Shop, order, text, until};
use crate::on_both_engines;
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;

/// Maximum delay until an access change takes effect on every node.
const PROPAGATION: Duration = Duration::from_secs(1);

/// Runs `mainstay migrate` concurrently, `times` times; returns the output of each.
async fn migrations(home: &Home, times: usize) -> Vec<String> {
    let runs = (0..times).map(|_| {
        let mut command = tokio::process::Command::from(home.command(&["migrate"]));
        async move { command.output().await.unwrap() }
    });
    let all = join_all(runs).await.into_iter().map(|output| {
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    });
    all.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_migrations_of_a_new_file_apply_once_and_all_succeed() {
    for round in 0..20 {
        let home = Home::sqlite();
        let outputs = migrations(&home, 4).await;
        let applied = outputs
            .iter()
            .filter(|output| output.contains("applied V1__roles"))
            .count();
        assert_eq!(applied, 1, "round {round}: {outputs:?}");
    }
}

on_both_engines! {
    async fn two_servers_share_one_state(home: Home) {
        let (one, other) = (home.serve().await, home.serve().await);
        let shop = Shop::open(&home, &one).await;
        let (product, ann) = (shop.add("MUG", 40).await, shop.customer("ann").await);
        assert_eq!(other.client().get(&format!("/api/products/{product}")).await.data(200)["stock"], 40);
        let keys: Vec<String> = (0..60).map(|n| format!("k{n}")).collect();
        let at = |n: usize| ann.at(if n.is_multiple_of(2) { one.url() } else { other.url() });
        let clients: Vec<_> = (0..keys.len()).map(at).collect();
        let buying = keys.iter().zip(&clients).map(|(key, client)| order(client, &product, 1, key));
        let answers: Vec<_> = join_all(buying).await.into_iter().map(Result::unwrap).collect();
        let sold = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(sold, 40, "{answers:?}");
        assert!(answers.iter().all(|answer| answer.status == 201 || answer.code() == "OUT_OF_STOCK"), "{answers:?}");
        assert_eq!((shop.stock(&product).await, shop.orders().await.len()), (0, 40));

        // The same request sent to both at once places one order, even of the last item, and both answer with it.
        let ben = shop.customer("ben").await;
        let (here, there) = (ben.at(one.url()), ben.at(other.url()));
        let mut last = String::new();
        for round in 0..8 {
            let product = shop.add(&format!("ONE-{round}"), 1).await;
            let key = format!("same-{round}");
            let (a, b) = tokio::join!(order(&here, &product, 1, &key), order(&there, &product, 1, &key));
            let (a, b) = (a.unwrap().data(201), b.unwrap().data(201));
            assert_eq!(a, b);
            assert_eq!(shop.stock(&product).await, 0);
            last = text(&a["id"]);
        }
        there.post(&format!("/api/orders/{last}/pay"), json!({})).await.payment();
        shop.until_order_is(&last, "paid", Duration::from_secs(60)).await;
        one.stop().await;
        assert_eq!(there.get("/api/users/me").await.status, 200, "the other server continues");
        other.stop().await;
        assert!(home.run(&["audit", "verify", "--json"]).json()["fault"].is_null());
    }

    async fn access_changes_reach_the_other_server_within_a_second(home: Home) {
        let (one, other) = (home.serve().await, home.serve().await);
        let shop = Shop::open(&home, &one).await;
        let tokens = shop.register("ann").await;
        let there = other.client().with(tokens["accessToken"].as_str().unwrap());
        let id = text(&tokens["user"]["id"]);
        assert_eq!(there.get("/api/users").await.status, 403);
        for (role, status) in [("manager", 200), ("customer", 403), ("manager", 200)] {
            shop.admin.put(&format!("/api/users/{id}/role"), json!({"role": role})).await.data(200);
            until(&format!("{role} is {status} at the other"), PROPAGATION, || async {
                (there.get("/api/users").await.status == status).then_some(())
            })
            .await;
        }
        let again = json!({"email": "ann@example.com", "password": "a quiet afternoon"});
        let second = one.client().post("/api/auth/login", again).await.data(200);
        let second = one.client().with(second["accessToken"].as_str().unwrap());
        assert_eq!(second.at(other.url()).get("/api/users/me").await.status, 200);
        assert_eq!(second.post("/api/auth/logout", json!({})).await.status, 204);
        until("the other server rejects the token of the ended session", PROPAGATION, || async {
            (second.at(other.url()).get("/api/users/me").await.code() == "TOKEN_REVOKED").then_some(())
        })
        .await;
        assert_eq!(there.get("/api/users/me").await.status, 200, "the first session continues");

        shop.admin.put(&format!("/api/users/{id}/role"), json!({"role": "customer"})).await.data(200);
        let path = format!("/api/users/{id}/permissions");
        let ways = ["revoked", "expired"];
        for (way, grant) in ways.into_iter().zip([
            json!({"permission": "read:audit"}),
            json!({"permission": "read:audit", "expiresIn": 3}),
        ]) {
            shop.admin.post(&path, grant).await.data(201);
            until("the other server applies the permission", PROPAGATION, || async {
                (there.get("/api/audit").await.status == 200).then_some(())
            })
            .await;
            if way == "revoked" {
                let revoked = shop.admin.request("DELETE", &format!("{path}/read:audit"), None, None).await.unwrap();
                assert_eq!(revoked.status, 204);
            }
            until(&format!("the other server has dropped the {way} permission"), PROPAGATION * 4, || async {
                (there.get("/api/audit").await.status == 403).then_some(())
            })
            .await;
        }

        assert_eq!(there.get("/api/users/me").await.status, 200);
        let off = Some(json!({"status": "disabled"}));
        let off = shop.admin.request("PATCH", &format!("/api/users/{id}"), off, None).await.unwrap();
        assert_eq!(off.status, 200);
        until("the other server rejects the disabled account", PROPAGATION, || async {
            (there.get("/api/users/me").await.code() == "ACCOUNT_DISABLED").then_some(())
        })
        .await;
        one.stop().await;
        other.stop().await;
    }
}
