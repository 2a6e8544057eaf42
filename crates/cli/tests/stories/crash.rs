//! kill -9 under load: whoever was answered is kept, whoever was not may ask again, and nothing happens twice.

use crate::harness::{Account, Client, Home, Server, Shop, books, order, text, until};
use crate::on_both;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const STOCK: i64 = 100_000;
const BUYERS: usize = 8;
const KILLS: usize = 3;
/// A job that a killed worker held is free again when its lease has run out, a quarter of a minute later; the rest is
/// for a machine that has much else to do.
const SETTLED: Duration = Duration::from_secs(240);

/// What a buyer was told.
#[derive(Default)]
struct Told {
    /// Key of the request, order, quantity.
    orders: BTreeMap<String, (String, i64)>,
    /// Orders whose payment was begun.
    paid: BTreeSet<String>,
    /// Those of them that were to be cancelled at once, whether or not that was answered.
    cancelled: BTreeSet<String>,
    /// Requests that got no answer: key and quantity.
    unanswered: Vec<(String, i64)>,
}

/// Buys until the server is gone.
async fn buy(client: Client, product: String, buyer: usize, round: usize, count: Arc<AtomicUsize>) -> Told {
    let mut told = Told::default();
    for number in 0.. {
        let (key, quantity) = (format!("{round}-{buyer}-{number}"), 1 + (number % 3));
        match order(&client, &product, quantity, &key).await {
            Ok(answer) => {
                let id = text(&answer.data(201)["id"]);
                told.orders.insert(key, (id.clone(), quantity));
                count.fetch_add(1, Ordering::SeqCst);
                if number % 2 == 0 {
                    let ask = async |verb: &str| {
                        let path = format!("/api/orders/{id}/{verb}");
                        client.ask("POST", &path, Some(json!({})), None).await
                    };
                    let Ok(answer) = ask("pay").await else { break };
                    answer.payment();
                    told.paid.insert(id.clone());
                    if number % 4 == 0 {
                        // The charge is on its way, and the kill may come between it and its being noted.
                        told.cancelled.insert(id.clone());
                        let Ok(answer) = ask("cancel").await else { break };
                        answer.data(200);
                    }
                }
            }
            Err(_) => {
                told.unanswered.push((key, quantity));
                break;
            }
        }
    }
    told
}

on_both! {
    async fn every_acknowledged_order_exists_exactly_once(home: Home) {
        let mut server = home.serve().await;
        let mut shop = Shop::open(&home, &server).await;
        let product = shop.add("MUG", STOCK).await;
        let mut buyers = Vec::new();
        for buyer in 0..BUYERS {
            buyers.push(shop.customer(&format!("buyer-{buyer}")).await);
        }
        let mut all = Told::default();
        for round in 0..KILLS {
            // Any moment: after so many acknowledged orders, with others on their way.
            let moment = 20 + usize::try_from(RandomState::new().hash_one(round) % 100).unwrap();
            println!("round {round}: killed after {moment} orders");
            let count = Arc::new(AtomicUsize::new(0));
            let buying = buyers.iter().enumerate().map(|(buyer, client)| {
                let (client, product) = (client.at(server.url()), product.clone());
                tokio::spawn(buy(client, product, buyer, round, Arc::clone(&count)))
            });
            let buying: Vec<_> = buying.collect();
            until("enough orders", Duration::from_secs(120), || async {
                (count.load(Ordering::SeqCst) >= moment).then_some(())
            })
            .await;
            server.kill().await;
            server = home.serve().await;
            shop.admin = shop.admin.at(server.url());
            for (buyer, buying) in buying.into_iter().enumerate() {
                let told = buying.await.unwrap();
                all.orders.extend(told.orders);
                all.paid.extend(told.paid);
                all.cancelled.extend(told.cancelled);
                for (key, quantity) in told.unanswered {
                    let client = buyers[buyer].at(server.url());
                    let id = text(&order(&client, &product, quantity, &key).await.unwrap().data(201)["id"]);
                    // And once more: the answer is the first one again.
                    let again = order(&client, &product, quantity, &key).await.unwrap();
                    assert!(again.replayed, "{again:?}");
                    assert_eq!(again.data(201)["id"], *id);
                    all.orders.insert(key, (id, quantity));
                }
            }
        }
        check(&home, &shop, &product, &all).await;
        server.stop().await;
    }
}

async fn check(home: &Home, shop: &Shop, product: &str, all: &Told) {
    let kept = shop.orders().await;
    let found: BTreeSet<String> = kept.iter().map(|order| text(&order["id"])).collect();
    let told: BTreeSet<String> = all.orders.values().map(|(id, _)| id.clone()).collect();
    assert_eq!(
        told.len(),
        all.orders.len(),
        "two requests were told the same order"
    );
    assert_eq!(found.len(), kept.len());
    assert_eq!(found, told, "orders that nobody was told of, or that are lost");
    let quantities: BTreeMap<String, i64> = kept
        .iter()
        .map(|order| {
            (
                text(&order["id"]),
                order["items"][0]["quantity"].as_i64().unwrap(),
            )
        })
        .collect();
    assert!(
        all.orders
            .values()
            .all(|(id, quantity)| quantities[id] == *quantity)
    );
    let held: i64 = kept
        .iter()
        .filter(|order| order["status"] != "cancelled")
        .map(|order| quantities[&text(&order["id"])])
        .sum();
    assert_eq!(
        shop.stock(product).await + held,
        STOCK,
        "stock and orders disagree"
    );
    for id in all.paid.difference(&all.cancelled) {
        shop.until_order_is(id, "paid", SETTLED).await;
    }
    shop.until_all_is_done(SETTLED).await;
    check_money(home, shop).await;
    let verdict = until("every audit entry is linked", Duration::from_secs(60), || async {
        let verdict = home.run(&["audit", "verify", "--json"]).json();
        (verdict["waiting"] == 0).then_some(verdict)
    })
    .await;
    assert!(
        verdict["verified"].as_u64().unwrap() as usize >= all.orders.len() + all.paid.len(),
        "{verdict}"
    );
    let dead = home.run(&["jobs", "list", "--json", "--state", "dead"]).json();
    assert_eq!(dead, json!([]));
}

/// Each payment was collected at most once, and what is kept is for orders that are paid.
async fn check_money(home: &Home, shop: &Shop) {
    let books = books(home);
    for (payment, account) in &books {
        let deeds: Vec<&str> = account.deeds.iter().map(String::as_str).collect();
        assert!(
            matches!(deeds[..], ["collected" | "voided"] | ["collected", "repaid"]),
            "{payment}: {deeds:?}"
        );
    }
    let orders = shop.orders().await;
    let amounts = |status: &str, sum: &str| {
        let mut amounts: Vec<i64> = orders
            .iter()
            .filter(|order| order["status"] == status && order[sum]["amount"] != 0)
            .map(|order| order[sum]["amount"].as_i64().unwrap())
            .collect();
        amounts.sort_unstable();
        amounts
    };
    let of_books = |which: fn(&Account) -> bool| {
        let mut amounts: Vec<i64> = books
            .values()
            .filter(|account| which(account))
            .map(|account| account.amount)
            .collect();
        amounts.sort_unstable();
        amounts
    };
    assert_eq!(
        amounts("paid", "total"),
        of_books(Account::is_kept),
        "money that is kept"
    );
    let repaid = of_books(|account| account.was_collected() && !account.is_kept());
    assert_eq!(amounts("cancelled", "refunded"), repaid, "money that went back");
    println!(
        "{} payments kept, {} repaid, {} asked for",
        amounts("paid", "total").len(),
        repaid.len(),
        books.len()
    );
    // Every collected payment was noted once, and no order was paid twice.
    let trail = shop.all("/api/audit?resource=payment&action=UPDATE&").await;
    let mut noted: Vec<String> = trail
        .iter()
        .filter(|entry| entry["after"]["status"] == "succeeded")
        .map(|entry| text(&entry["resourceId"]))
        .collect();
    noted.sort_unstable();
    let collected: Vec<String> = books
        .iter()
        .filter(|(_, account)| account.was_collected())
        .map(|(payment, _)| payment.clone())
        .collect();
    assert_eq!(noted, collected);
    let paid: Vec<String> = shop
        .all("/api/audit?resource=order&action=PAY&")
        .await
        .iter()
        .map(|entry| text(&entry["resourceId"]))
        .collect();
    let once: BTreeSet<&String> = paid.iter().collect();
    assert_eq!(once.len(), paid.len(), "an order was paid twice");
}

/// A start is killed as well: whatever it was doing, the next one goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_is_killed_does_not_stand_in_the_way_of_the_next() {
    let home = Home::sqlite();
    for step in 1..=8 {
        let mut server = Server::spawn(home.command(&["serve", "--demo"]));
        // Not a wait for anything: the moment itself is what is tried.
        let moment = Duration::from_millis(step * 15);
        let _ = tokio::time::timeout(moment, server.line("listening on ")).await;
        server.kill().await;
    }
    let server = Server::start(home.command(&["serve", "--demo"])).await;
    assert_eq!(
        server.client().get("/api/products").await.body["pagination"]["total"],
        6
    );
    server.stop().await;
    assert!(home.run(&["audit", "verify", "--json"]).json()["fault"].is_null());
}
