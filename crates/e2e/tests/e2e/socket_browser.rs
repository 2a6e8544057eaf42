//! The code of `docs/realtime.md` in a real browser.

use crate::SECOND;
use crate::openid_provider::keep_time;
use mainstay_testkit::{Browser, TestApp, TestProduct, TestUser, on_both_engines};
use serde_json::{Value, json};
use std::path::Path;

on_both_engines! {
    the_code_of_the_page_reconnects_and_recovers_in_chromium;
}

/// The code of the page, between its fences.
fn code() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/realtime.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```js\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// Signs in by cookies, and connects by the code of the page. The test decides when the page connects again.
fn connecting() -> String {
    let code = code();
    format!(
        "async ({{ email, password }}) => {{
          {code}
          const headers = {{ 'content-type': 'application/json' }};
          const body = JSON.stringify({{ email, password, transport: 'cookie' }});
          const answer = await fetch('/api/auth/login', {{ method: 'POST', headers, body }});
          if (answer.status !== 200) throw new Error(await answer.text());
          const Real = window.WebSocket;
          window.WebSocket = class extends Real {{
            constructor(url) {{ super(url); window.socket = this; }}
          }};
          const later = window.setTimeout;
          window.wait = (time) => new Promise((done) => later(done, time));
          window.setTimeout = (open) => {{ window.reopen = open; }};
          window.received = []; window.gaps = [];
          const url = location.origin.replace('http', 'ws') + '/ws';
          connect(url, ['products'], (channel, payload) => received.push(payload), (channel) => gaps.push(channel));
        }}"
    )
}

const BREAK: &str = "async () => { socket.close(4000); while (!window.reopen) await wait(10); }";
const REOPEN: &str = "async () => { window.reopen(); }";
const RECEIVED: &str = "async (count) => {
  for (let tries = 0; received.length < count && tries < 1000; tries++) await wait(10);
  return { received, gaps };
}";

async fn change(app: &TestApp, admin: &TestUser, product: &TestProduct) {
    let stock = json!({"delta": 1, "reason": "delivery"});
    let path = format!("{}/stock", product.path);
    admin.post(&path, stock).await.expect(200);
    app.run_jobs().await;
}

/// Waits until the hub has so many subscriptions.
async fn until_subscribed(app: &TestApp, count: usize) {
    let subscribed = async {
        while app.node().hub_counts().subscriptions != count {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(20 * SECOND, subscribed).await;
    assert!(waited.is_ok(), "{:?}", app.node().hub_counts());
}

async fn the_code_of_the_page_reconnects_and_recovers_in_chromium(app: &TestApp) {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    // Otherwise the cookies have expired already.
    keep_time(app);
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let product = app.product(0, 100).await;
    app.run_jobs().await;
    browser.open(&format!("{}/docs/", app.node().url())).await;
    let account = json!({"email": ann.email, "password": ann.password});
    browser.evaluate(&connecting(), account).await;
    until_subscribed(app, 1).await;
    change(app, &admin, &product).await;
    browser.evaluate(RECEIVED, json!(1)).await;
    browser.evaluate(BREAK, json!(null)).await;
    until_subscribed(app, 0).await;
    for _ in 0..2 {
        change(app, &admin, &product).await;
    }
    browser.evaluate(REOPEN, json!(null)).await;
    until_subscribed(app, 1).await;
    change(app, &admin, &product).await;
    let page = browser.evaluate(RECEIVED, json!(4)).await;
    let payloads = page["received"].as_array().unwrap();
    let stocks: Vec<&Value> = payloads
        .iter()
        .map(|payload| &payload["product"]["stock"])
        .collect();
    assert_eq!(stocks, [1, 2, 3, 4]);
    assert_eq!(page["gaps"], json!([]));
    app.leave_jobs();
}
