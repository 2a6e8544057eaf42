//! Who may do what, and why.

use crate::order_cancel_expire::place;
use crate::role::holder;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    the_answer_names_the_rule_that_decided;
    the_answer_is_what_happens;
    questions_need_the_permission_and_a_known_action;
}

async fn answer_to(client: &mainstay_testkit::TestUser, user: &str, question: &str) -> Value {
    let path = format!("/api/users/{user}/access?can={question}");
    client.get(&path).await.expect(200).data()
}

async fn the_answer_names_the_rule_that_decided(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let mia = app.member("mia", "support").await;
    let order = place(&ann, &app.product(5, 100).await, 1).await;
    let order = order.rsplit('/').next().unwrap();
    let rule = "allowed to the owner, holders of update:order";
    let row = format!("cancel:order&resource=order/{order}");
    for (user, question, allowed, because) in [
        (
            &ann.id,
            row.as_str(),
            true,
            format!("{rule}: the account owns it"),
        ),
        (
            &mia.id,
            &row,
            true,
            format!("{rule}: the role support has update:order"),
        ),
        (
            &admin.id,
            &row,
            true,
            format!("{rule}: the role admin has every permission"),
        ),
        (
            &ann.id,
            "export:data",
            false,
            "neither the role nor a grant of the account has export:data".to_owned(),
        ),
        (
            &ann.id,
            "read:audit",
            false,
            "holders of read:audit see all rows: none of this is true of the account".to_owned(),
        ),
    ] {
        let expected = json!({"allowed": allowed, "because": because});
        assert_eq!(answer_to(&admin, user, question).await, expected);
    }
    let grants = format!("/api/users/{}/permissions", ann.id);
    let lent = json!({"permission": "read:audit", "expiresIn": 60});
    admin.post(&grants, lent).await.expect(201);
    let until = format!(
        "holders of read:audit see all rows: read:audit is granted to the account until {}",
        app.now().after(crate::MINUTE)
    );
    let lent = json!({"allowed": true, "because": until});
    assert_eq!(answer_to(&admin, &ann.id, "read:audit").await, lent);
    app.advance(crate::MINUTE);
    assert_eq!(
        answer_to(&admin, &ann.id, "read:audit").await["allowed"],
        json!(false)
    );
    let path = format!("/api/users/{}", ann.id);
    admin
        .patch(&path, json!({"status": "disabled"}))
        .await
        .expect(200);
    let disabled = json!({"allowed": false, "because": "the account is disabled"});
    assert_eq!(answer_to(&admin, &ann.id, &row).await, disabled);
}

async fn the_answer_is_what_happens(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let product = app.product(50, 100).await;
    for caller in [
        ann.clone(),
        app.customer("bob").await,
        app.member("mia", "support").await,
        holder(app, "reader", &["read:order"]).await,
    ] {
        let order = place(&ann, &product, 1).await;
        let id = order.rsplit('/').next().unwrap();
        let asks = |verb: &str| format!("{verb}:order&resource=order/{id}");
        let read = answer_to(&admin, &caller.id, &asks("read")).await;
        let seen = caller.get(&order).await;
        assert_eq!(read["allowed"], json!(seen.status == 200), "{read} {seen:?}");
        let cancel = answer_to(&admin, &caller.id, &asks("cancel")).await;
        let cancelled = caller.post_nothing(&format!("{order}/cancel")).await;
        assert_eq!(
            cancel["allowed"],
            json!(cancelled.status == 200),
            "{cancel} {cancelled:?}"
        );
    }
}

async fn questions_need_the_permission_and_a_known_action(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let path = format!("/api/users/{}/access", ann.id);
    ann.get(&format!("{path}?can=read:order"))
        .await
        .expect_error(403, "FORBIDDEN");
    let order = place(&ann, &app.product(5, 100).await, 1).await;
    let order = order.rsplit('/').next().unwrap();
    for (question, expected) in [
        ("", "can REQUIRED"),
        ("?can=order", "can UNKNOWN_ACTION"),
        ("?can=fly:plane", "can UNKNOWN_ACTION"),
        ("?can=read:order&resource=order", "resource FORMAT"),
        (
            &format!("?can=read:product&resource=order/{order}"),
            "resource FORMAT",
        ),
        ("?can=read:order&why=1", "why UNKNOWN_FIELD"),
    ] {
        let answer = admin.get(&format!("{path}{question}")).await;
        let answer = answer.expect_error(400, "VALIDATION_FAILED");
        assert_eq!(answer.validation_errors(), [expected], "{question}");
    }
    for row in ["order/nothing", "order/0199b1f4-7c00-7000-8000-000000000001"] {
        let question = format!("{path}?can=read:order&resource={row}");
        admin.get(&question).await.expect_error(404, "NOT_FOUND");
    }
    // An order that the asking caller may not see does not exist for them.
    let asks = holder(app, "asks", &["read:access"]).await;
    let hidden = format!("{path}?can=read:order&resource=order/{order}");
    asks.get(&hidden).await.expect_error(404, "NOT_FOUND");
    assert_eq!(
        answer_to(&asks, &ann.id, "read:order").await["allowed"],
        json!(false)
    );
    let unknown = "/api/users/0199b1f4-7c00-7000-8000-000000000001/access?can=read:order";
    admin.get(unknown).await.expect_error(404, "NOT_FOUND");
}
