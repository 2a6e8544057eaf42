//! Rotating the signing key while users are signed in.

use crate::harness::{Home, Shop, until};
use crate::on_both_engines;
use std::time::Duration;

on_both_engines! {
    async fn key_rotation_keeps_users_signed_in(home: Home) {
        let server = home.serve().await;
        let shop = Shop::open(&home, &server).await;
        let before = shop.register("ann").await;
        let rotated = home.run(&["keys", "rotate", "--json"]).json();
        let key = rotated["key"].as_str().unwrap();
        assert_eq!(rotated["retiring"].as_array().unwrap().len(), 1, "{rotated}");

        // The running server reads the new key, publishes both, and accepts tokens of both.
        until("the new key is public", Duration::from_secs(60), || async {
            let keys = server.client().get("/.well-known/jwks.json").await.body;
            let keys = keys["keys"].as_array()?.clone();
            (keys.len() == 2 && keys.iter().any(|candidate| candidate["kid"] == key)).then_some(())
        })
        .await;
        let ann = server.client().with(before["accessToken"].as_str().unwrap());
        assert_eq!(ann.get("/api/users/me").await.status, 200);
        let after = shop.register("ben").await;
        let ben = server.client().with(after["accessToken"].as_str().unwrap());
        assert_eq!(ben.get("/api/users/me").await.status, 200);
        let listed = home.run(&["keys", "list", "--json"]).json();
        let states: Vec<_> = listed.as_array().unwrap().iter().map(|key| key["state"].clone()).collect();
        assert_eq!(states, ["current", "next"], "{listed}");
        assert_eq!(listed[1]["key"], key);
        server.stop().await;

        let server = home.serve().await;
        for tokens in [before, after] {
            let client = server.client().with(tokens["accessToken"].as_str().unwrap());
            assert_eq!(client.get("/api/users/me").await.status, 200);
        }
        server.stop().await;
    }
}

on_both_engines! {
    async fn a_compromised_key_is_refused_by_a_running_server_within_a_second(home: Home) {
        let server = home.serve().await;
        let shop = Shop::open(&home, &server).await;
        let tokens = shop.register("ann").await;
        let ann = server.client().with(tokens["accessToken"].as_str().unwrap());
        assert_eq!(ann.get("/api/users/me").await.status, 200);
        let rotated = home.run(&["keys", "rotate", "--compromised", "--json"]).json();
        assert_eq!(rotated["revoked"].as_array().unwrap().len(), 1, "{rotated}");
        // The server reads the keys twice a second.
        until("the old key is refused", Duration::from_secs(20), || async {
            (ann.get("/api/users/me").await.status == 401).then_some(())
        })
        .await;
        let renew = serde_json::json!({"refreshToken": tokens["refreshToken"]});
        let next = server.client().post("/api/auth/refresh", renew).await;
        assert_eq!(next.status, 200, "{:?}", next.body);
        let token = next.body["data"]["accessToken"].as_str().unwrap();
        assert_eq!(server.client().with(token).get("/api/users/me").await.status, 200);
        let listed = home.run(&["keys", "list"]);
        assert!(listed.out.contains("retired") && listed.out.contains("current"), "{listed:?}");
        server.stop().await;
    }
}

#[test]
fn rotation_is_rejected_with_a_shared_secret() {
    let home = Home::sqlite();
    let output = home.run_with_env(
        &[("JWT_SECRET", "0123456789abcdef0123456789abcdef")],
        &["keys", "rotate"],
    );
    assert_eq!(output.exit, Some(2), "{output:?}");
    assert!(output.err.contains("JWT_SECRET"), "{}", output.err);
}
