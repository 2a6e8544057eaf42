//! kill -9 under load: acknowledged requests are durable, unanswered ones can be repeated, and nothing happens twice.

use crate::harness::{Client, Home, PaymentEntries, Server, Shop, gateway_ledger, order, text, until};
use crate::on_both_engines;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const STOCK: i64 = 100_000;
const BUYERS: usize = 8;
const KILLS: usize = 3;
/// The lease of a job that a killed worker held expires after 15 seconds; the rest allows for a busy machine.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(240);

/// The answers that a buyer received.
#[derive(Default)]
struct Acknowledged {
    /// Idempotency key, order id and quantity.
    orders: BTreeMap<String, (String, i64)>,
    /// Orders whose payment was started.
    paid: BTreeSet<String>,
    /// Those of them that were to be cancelled at once, whether or not the cancellation was answered.
    cancelled: BTreeSet<String>,
    /// Unanswered requests: idempotency key and quantity.
    unanswered: Vec<(String, i64)>,
}

/// Places orders until the server is gone.
async fn buy(
    client: Client,
    product: String,
    buyer: usize,
    round: usize,
    count: Arc<AtomicUsize>,
) -> Acknowledged {
    let mut answers = Acknowledged::default();
    for number in 0.. {
        let (key, quantity) = (format!("{round}-{buyer}-{number}"), 1 + (number % 3));
        match order(&client, &product, quantity, &key).await {
            Ok(answer) => {
                let id = text(&answer.data(201)["id"]);
                answers.orders.insert(key, (id.clone(), quantity));
                count.fetch_add(1, Ordering::SeqCst);
                if number % 2 == 0 {
                    let send = async |verb: &str| {
                        let path = format!("/api/orders/{id}/{verb}");
                        client.request("POST", &path, Some(json!({})), None).await
                    };
                    let Ok(answer) = send("pay").await else { break };
                    answer.payment();
                    answers.paid.insert(id.clone());
                    if number % 4 == 0 {
                        // The charge is under way, and the kill may come before its result is recorded.
                        answers.cancelled.insert(id.clone());
                        let Ok(answer) = send("cancel").await else { break };
                        answer.data(200);
                    }
                }
            }
            Err(_) => {
                answers.unanswered.push((key, quantity));
                break;
            }
        }
    }
    answers
}

on_both_engines! {
    async fn every_acknowledged_order_exists_exactly_once(home: Home) {
        let mut server = home.serve().await;
        let mut shop = Shop::open(&home, &server).await;
        let product = shop.add("MUG", STOCK).await;
        let mut buyers = Vec::new();
        for buyer in 0..BUYERS {
            buyers.push(shop.customer(&format!("buyer-{buyer}")).await);
        }
        let mut all = Acknowledged::default();
        for round in 0..KILLS {
            // A random moment: after some number of acknowledged orders, with others in flight.
            let orders_before_kill = 20 + usize::try_from(RandomState::new().hash_one(round) % 100).unwrap();
            println!("round {round}: killed after {orders_before_kill} orders");
            let count = Arc::new(AtomicUsize::new(0));
            let buying = buyers.iter().enumerate().map(|(buyer, client)| {
                let (client, product) = (client.at(server.url()), product.clone());
                tokio::spawn(buy(client, product, buyer, round, Arc::clone(&count)))
            });
            let buying: Vec<_> = buying.collect();
            until("enough orders", Duration::from_secs(120), || async {
                (count.load(Ordering::SeqCst) >= orders_before_kill).then_some(())
            })
            .await;
            server.kill().await;
            server = home.serve().await;
            shop.admin = shop.admin.at(server.url());
            for (buyer, buying) in buying.into_iter().enumerate() {
                let answers = buying.await.unwrap();
                all.orders.extend(answers.orders);
                all.paid.extend(answers.paid);
                all.cancelled.extend(answers.cancelled);
                for (key, quantity) in answers.unanswered {
                    let client = buyers[buyer].at(server.url());
                    let id = text(&order(&client, &product, quantity, &key).await.unwrap().data(201)["id"]);
                    // A repetition returns the first answer again.
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

async fn check(home: &Home, shop: &Shop, product: &str, all: &Acknowledged) {
    let stored = shop.orders().await;
    let found: BTreeSet<String> = stored.iter().map(|order| text(&order["id"])).collect();
    let acknowledged: BTreeSet<String> = all.orders.values().map(|(id, _)| id.clone()).collect();
    assert_eq!(
        acknowledged.len(),
        all.orders.len(),
        "two requests were answered with the same order"
    );
    assert_eq!(found.len(), stored.len());
    assert_eq!(found, acknowledged, "unacknowledged or lost orders");
    let quantities: BTreeMap<String, i64> = stored
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
    let ordered: i64 = stored
        .iter()
        .filter(|order| order["status"] != "cancelled")
        .map(|order| quantities[&text(&order["id"])])
        .sum();
    assert_eq!(
        shop.stock(product).await + ordered,
        STOCK,
        "stock and orders disagree"
    );
    for id in all.paid.difference(&all.cancelled) {
        shop.until_order_is(id, "paid", SETTLE_TIMEOUT).await;
    }
    shop.until_all_is_done(SETTLE_TIMEOUT).await;
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

/// Each payment was collected at most once, and the money kept is for paid orders.
async fn check_money(home: &Home, shop: &Shop) {
    let ledger = gateway_ledger(home);
    for (payment, entries) in &ledger {
        let operations: Vec<&str> = entries.operations.iter().map(String::as_str).collect();
        assert!(
            matches!(operations[..], ["collected" | "voided"] | ["collected", "repaid"]),
            "{payment}: {operations:?}"
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
    let ledger_amounts = |predicate: fn(&PaymentEntries) -> bool| {
        let mut amounts: Vec<i64> = ledger
            .values()
            .filter(|entries| predicate(entries))
            .map(|entries| entries.amount)
            .collect();
        amounts.sort_unstable();
        amounts
    };
    assert_eq!(
        amounts("paid", "total"),
        ledger_amounts(PaymentEntries::is_kept),
        "money kept by the gateway"
    );
    let repaid = ledger_amounts(|entries| entries.was_collected() && !entries.is_kept());
    assert_eq!(amounts("cancelled", "refunded"), repaid, "refunded money");
    println!(
        "{} payments kept, {} repaid, {} requested",
        amounts("paid", "total").len(),
        repaid.len(),
        ledger.len()
    );
    // Every collected payment was recorded once, and no order was paid twice.
    let trail = shop.all("/api/audit?resource=payment&action=UPDATE&").await;
    let mut recorded: Vec<String> = trail
        .iter()
        .filter(|entry| entry["after"]["status"] == "succeeded")
        .map(|entry| text(&entry["resourceId"]))
        .collect();
    recorded.sort_unstable();
    let collected: Vec<String> = ledger
        .iter()
        .filter(|(_, entries)| entries.was_collected())
        .map(|(payment, _)| payment.clone())
        .collect();
    assert_eq!(recorded, collected);
    let paid: Vec<String> = shop
        .all("/api/audit?resource=order&action=PAY&")
        .await
        .iter()
        .map(|entry| text(&entry["resourceId"]))
        .collect();
    let unique: BTreeSet<&String> = paid.iter().collect();
    assert_eq!(unique.len(), paid.len(), "an order was paid twice");
}

/// A server that is killed at any point of its start does not prevent the next start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_succeeds_after_interrupted_starts() {
    let home = Home::sqlite();
    for step in 1..=8 {
        let mut server = Server::spawn(home.command(&["serve", "--demo"]));
        // Not a wait for a condition: the moment of the kill is what is tested.
        let delay = Duration::from_millis(step * 15);
        let _ = tokio::time::timeout(delay, server.line("listening on ")).await;
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
