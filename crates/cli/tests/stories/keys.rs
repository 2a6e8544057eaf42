//! Changing the key that signs, while people are signed in.

use crate::harness::{Home, Shop, until};
use crate::on_both;
use std::time::Duration;

on_both! {
    async fn a_new_key_signs_and_nobody_is_signed_out(home: Home) {
        let server = home.serve().await;
        let shop = Shop::open(&home, &server).await;
        let before = shop.register("ann").await;
        let rotated = home.run(&["keys", "rotate", "--json"]).json();
        let key = rotated["key"].as_str().unwrap();
        assert_eq!(rotated["retiring"].as_array().unwrap().len(), 1, "{rotated}");

        // The server that runs hears of it, shows both keys, and believes the tokens of both.
        until("the new key is public", Duration::from_secs(60), || async {
            let keys = server.client().get("/.well-known/jwks.json").await.body;
            let keys = keys["keys"].as_array()?.clone();
            (keys.len() == 2 && keys.iter().any(|shown| shown["kid"] == key)).then_some(())
        })
        .await;
        let ann = server.client().with(before["accessToken"].as_str().unwrap());
        assert_eq!(ann.get("/api/users/me").await.status, 200);
        let after = shop.register("ben").await;
        let ben = server.client().with(after["accessToken"].as_str().unwrap());
        assert_eq!(ben.get("/api/users/me").await.status, 200);
        server.stop().await;

        let server = home.serve().await;
        for tokens in [before, after] {
            let client = server.client().with(tokens["accessToken"].as_str().unwrap());
            assert_eq!(client.get("/api/users/me").await.status, 200);
        }
        server.stop().await;
    }
}

#[test]
fn a_shared_secret_has_no_key_to_rotate() {
    let home = Home::sqlite();
    let ran = home.run_in(
        &[("JWT_SECRET", "0123456789abcdef0123456789abcdef")],
        &["keys", "rotate"],
    );
    assert_eq!(ran.exit, Some(2), "{ran:?}");
    assert!(ran.err.contains("JWT_SECRET"), "{}", ran.err);
}
