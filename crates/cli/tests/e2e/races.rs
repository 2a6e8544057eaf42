//! Concurrent requests: the last items, the same idempotency key, the same payment, the same refresh token.

use crate::harness::{Client, Home, Shop, order, text};
use crate::on_both_engines;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

async fn pay(client: &Client, order: &str) -> Value {
    client
        .post(&format!("/api/orders/{order}/pay"), json!({}))
        .await
        .payment()
}

on_both_engines! {
    async fn the_last_five_items_are_sold_exactly_once_each(home: Home) {
        let server = home.serve().await;
        let shop = Shop::open(&home, &server).await;
        let product = shop.add("LAST", 5).await;
        let mut clients = Vec::new();
        for buyer in 0..8 {
            clients.push(shop.customer(&format!("buyer-{buyer}")).await);
        }
        let keys: Vec<String> = (0..32).map(|attempt| format!("attempt-{attempt}")).collect();
        let attempts = keys.iter().enumerate().map(|(n, key)| order(&clients[n % clients.len()], &product, 1, key));
        let answers: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
        let sold = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(sold, 5, "{answers:#?}");
        for rejected in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((rejected.status, rejected.code()), (409, "OUT_OF_STOCK"), "{rejected:?}");
        }
        assert_eq!((shop.stock(&product).await, shop.orders().await.len()), (0, 5));
        // A rejection is also stored: the same key gets the same answer, even when there is stock again.
        let rejected = answers.iter().position(|answer| answer.status == 409).unwrap();
        let body = json!({"delta": 1, "reason": "found one"});
        shop.admin.post(&format!("/api/products/{product}/stock"), body).await.data(200);
        let again = order(&clients[rejected % clients.len()], &product, 1, &keys[rejected]).await.unwrap();
        assert_eq!((again.status, again.replayed), (409, true), "{again:?}");
        server.stop().await;
    }

    async fn sixteen_orders_with_one_key_place_one_order(home: Home) {
        let server = home.serve().await;
        let shop = Shop::open(&home, &server).await;
        let (product, ann) = (shop.add("MUG", 100).await, shop.customer("ann").await);
        let answers = join_all((0..16).map(|_| order(&ann, &product, 2, "the-same"))).await;
        let mut orders = BTreeSet::new();
        for answer in answers.into_iter().map(Result::unwrap) {
            match answer.status {
                201 => drop(orders.insert(text(&answer.body["data"]["id"]))),
                _ => assert_eq!((answer.status, answer.code()), (409, "IDEMPOTENCY_IN_FLIGHT"), "{answer:?}"),
            }
        }
        assert_eq!(orders.len(), 1);
        let again = order(&ann, &product, 2, "the-same").await.unwrap();
        assert!(again.replayed && orders.contains(again.body["data"]["id"].as_str().unwrap()), "{again:?}");
        let other = order(&ann, &product, 3, "the-same").await.unwrap();
        assert_eq!((other.status, other.code()), (422, "IDEMPOTENCY_MISMATCH"));
        assert_eq!((shop.stock(&product).await, shop.orders().await.len()), (98, 1));
        // Keys are scoped to the caller: the same key of another user is a different one.
        let ben = shop.customer("ben").await;
        let others = order(&ben, &product, 2, "the-same").await.unwrap();
        assert!(others.status == 201 && !others.replayed, "{others:?}");
        server.stop().await;
    }

    async fn sixteen_concurrent_pay_calls_start_one_payment(home: Home) {
        let server = home.serve().await;
        let shop = Shop::open(&home, &server).await;
        let (product, ann) = (shop.add("MUG", 100).await, shop.customer("ann").await);
        let id = text(&order(&ann, &product, 1, "k").await.unwrap().data(201)["id"]);
        let started = join_all((0..16).map(|_| pay(&ann, &id))).await;
        let payments: BTreeSet<String> = started.iter().map(|started| text(&started["paymentId"])).collect();
        assert_eq!(payments.len(), 1, "{started:?}");
        shop.until_order_is(&id, "paid", Duration::from_secs(60)).await;
        assert_eq!(text(&pay(&ann, &id).await["paymentId"]), *payments.first().unwrap(), "a paid order keeps its payment");
        let jobs = home.run(&["jobs", "list", "--json"]).json();
        let charges = jobs.as_array().unwrap().iter().filter(|job| job["kind"] == "payment.charge").count();
        assert_eq!(charges, 1, "{jobs}");
        server.stop().await;
    }

    async fn two_concurrent_refreshes_give_two_valid_token_pairs(home: Home) {
        let server = home.serve().await;
        let shop = Shop::open(&home, &server).await;
        let mut tokens = shop.register("ann").await;
        let first = tokens["refreshToken"].clone();
        for _ in 0..5 {
            let body = json!({"refreshToken": tokens["refreshToken"]});
            let client = server.client();
            let (one, other) =
                tokio::join!(client.post("/api/auth/refresh", body.clone()), client.post("/api/auth/refresh", body));
            let (one, other) = (one.data(200), other.data(200));
            for pair in [&one, &other] {
                let ann = client.with(pair["accessToken"].as_str().unwrap());
                assert_eq!(ann.get("/api/users/me").await.status, 200);
            }
            tokens = other;
        }
        // The first token's successors have been used, so its reuse is treated as theft.
        let reused = server.client().post("/api/auth/refresh", json!({"refreshToken": first})).await;
        assert_eq!((reused.status, reused.code()), (401, "TOKEN_REUSED"));
        let ann = server.client().with(tokens["accessToken"].as_str().unwrap());
        let ended = ann.get("/api/users/me").await;
        assert_eq!((ended.status, ended.code()), (401, "TOKEN_REVOKED"));
        server.stop().await;
    }
}
