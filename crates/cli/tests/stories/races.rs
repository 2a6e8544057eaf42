//! Many at once: the last items, the same key, the same payment, the same refresh token.

use crate::harness::{Client, Home, Shop, order, text};
use crate::on_both;
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

on_both! {
    async fn the_last_five_are_sold_five_times(home: Home) {
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
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((refused.status, refused.code()), (409, "OUT_OF_STOCK"), "{refused:?}");
        }
        assert_eq!((shop.stock(&product).await, shop.orders().await.len()), (0, 5));
        // A refusal is an answer as well: the same key is told the same again, even when there is stock again.
        let refused = answers.iter().position(|answer| answer.status == 409).unwrap();
        let body = json!({"delta": 1, "reason": "found one"});
        shop.admin.post(&format!("/api/products/{product}/stock"), body).await.data(200);
        let again = order(&clients[refused % clients.len()], &product, 1, &keys[refused]).await.unwrap();
        assert_eq!((again.status, again.replayed), (409, true), "{again:?}");
        server.stop().await;
    }

    async fn one_key_sixteen_times_is_one_order(home: Home) {
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
        // The key is the caller's own: somebody else's is another one.
        let ben = shop.customer("ben").await;
        let others = order(&ben, &product, 2, "the-same").await.unwrap();
        assert!(others.status == 201 && !others.replayed, "{others:?}");
        server.stop().await;
    }

    async fn sixteen_calls_to_pay_are_one_payment(home: Home) {
        let server = home.serve().await;
        let shop = Shop::open(&home, &server).await;
        let (product, ann) = (shop.add("MUG", 100).await, shop.customer("ann").await);
        let id = text(&order(&ann, &product, 1, "k").await.unwrap().data(201)["id"]);
        let begun = join_all((0..16).map(|_| pay(&ann, &id))).await;
        let payments: BTreeSet<String> = begun.iter().map(|begun| text(&begun["paymentId"])).collect();
        assert_eq!(payments.len(), 1, "{begun:?}");
        shop.until_order_is(&id, "paid", Duration::from_secs(60)).await;
        assert_eq!(text(&pay(&ann, &id).await["paymentId"]), *payments.first().unwrap(), "paid stays paid");
        let jobs = home.run(&["jobs", "list", "--json"]).json();
        let charges = jobs.as_array().unwrap().iter().filter(|job| job["kind"] == "payment.charge").count();
        assert_eq!(charges, 1, "{jobs}");
        server.stop().await;
    }

    async fn a_refresh_token_sent_twice_gives_two_working_pairs(home: Home) {
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
        // The very first one was followed by others that were used: whoever shows it has stolen it.
        let stolen = server.client().post("/api/auth/refresh", json!({"refreshToken": first})).await;
        assert_eq!((stolen.status, stolen.code()), (401, "TOKEN_REUSED"));
        let ann = server.client().with(tokens["accessToken"].as_str().unwrap());
        let ended = ann.get("/api/users/me").await;
        assert_eq!((ended.status, ended.code()), (401, "TOKEN_REVOKED"));
        server.stop().await;
    }
}
