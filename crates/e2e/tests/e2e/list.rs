//! Lists: pages, cursors, order, filters.

use crate::SECOND;
use mainstay_testkit::{Answer, Client, TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    numbered_pages_cover_a_list_and_count_it;
    a_cursor_walks_a_list_without_gaps_or_repetitions;
    products_are_found_by_words_and_category;
    search_finds_words_in_any_alphabet;
    trap_06_bad_pages_and_unknown_fields_are_refused;
    a_cursor_is_of_one_list_sort_direction_and_filter;
    trap_05_a_list_shows_only_what_its_reader_may_see;
    people_are_found_by_name_role_and_status;
}

fn names(answer: &Answer, field: &str) -> Vec<String> {
    answer
        .list()
        .iter()
        .map(|item| item[field].as_str().unwrap().to_owned())
        .collect()
}

async fn shelf(app: &TestApp, names: &[&str]) {
    for (at, name) in names.iter().enumerate() {
        app.product_like(json!({
            "sku": format!("S-{at}"), "name": name, "status": "active",
            "price": {"amount": 100 * (at % 3 + 1), "currency": "USD"},
        }))
        .await;
        app.advance(SECOND);
    }
}

async fn numbered_pages_cover_a_list_and_count_it(app: &TestApp) {
    shelf(app, &["d", "B", "a", "C", "e"]).await;
    let client = app.client();
    let first = client.get("/api/products?limit=2&sort=name").await.expect(200);
    assert_eq!(
        first.pagination(),
        json!({"page": 1, "limit": 2, "total": 5, "pages": 3})
    );
    let mut all = names(&first, "name");
    for page in 2..=3 {
        all.extend(names(
            &client
                .get(&format!("/api/products?limit=2&sort=name&page={page}"))
                .await,
            "name",
        ));
    }
    assert_eq!(all, ["a", "B", "C", "d", "e"]);
    let beyond = client.get("/api/products?limit=2&page=4").await.expect(200);
    assert_eq!(
        (beyond.list().len(), beyond.pagination()["total"].clone()),
        (0, json!(5))
    );
    let default = client.get("/api/products").await.expect(200);
    assert_eq!(default.pagination()["limit"], 20);
    assert_eq!(
        names(&default, "name"),
        ["e", "C", "a", "B", "d"],
        "the newest first"
    );
    assert_eq!(
        names(&client.get("/api/products?sort=createdAt").await, "name"),
        ["d", "B", "a", "C", "e"]
    );
    assert_eq!(
        names(&client.get("/api/products?sort=-name").await, "name"),
        ["e", "d", "C", "B", "a"]
    );
}

/// Everything that a cursor walks over.
async fn walk(client: &Client, path: &str, field: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for _ in 0..100 {
        let page = client.get(&format!("{path}&cursor={cursor}")).await.expect(200);
        all.extend(names(&page, field));
        let around = page.pagination();
        assert!(around.get("total").is_none(), "{around}");
        match &around["nextCursor"] {
            Value::String(next) => cursor.clone_from(next),
            _ => {
                assert_eq!(around["hasMore"], false);
                return all;
            }
        }
        assert_eq!(around["hasMore"], true);
    }
    panic!("the walk has no end: {all:?}");
}

async fn a_cursor_walks_a_list_without_gaps_or_repetitions(app: &TestApp) {
    shelf(app, &["g", "b", "f", "a", "e", "c", "d"]).await;
    let client = app.client();
    for sort in ["name", "-name", "price", "-price", "createdAt", "-createdAt"] {
        for limit in [1, 2, 3, 7, 100] {
            let walked = walk(&client, &format!("/api/products?limit={limit}&sort={sort}"), "id").await;
            let whole = names(
                &client.get(&format!("/api/products?limit=100&sort={sort}")).await,
                "id",
            );
            assert_eq!(walked, whole, "{sort} by {limit}");
        }
    }
    // Items added meanwhile do not shift the remaining pages.
    let first = client.get("/api/products?limit=3&sort=-createdAt&cursor=").await;
    let next = first.pagination()["nextCursor"].as_str().unwrap().to_owned();
    shelf(app, &[]).await;
    app.product(1, 100).await;
    let second = client
        .get(&format!("/api/products?limit=3&sort=-createdAt&cursor={next}"))
        .await;
    assert_eq!(
        [names(&first, "name"), names(&second, "name")].concat(),
        ["d", "c", "e", "a", "f", "b"]
    );
}

async fn search_finds_words_in_any_alphabet(app: &TestApp) {
    shelf(app, &["ÄRMEL", "Stoff rot—grün", "L’Été «bleu»", "Äpfel"]).await;
    let (client, admin) = (app.client(), app.admin().await);
    let found = async |q: &str| {
        names(
            &client.get(&format!("/api/products?q={q}")).await.expect(200),
            "sku",
        )
    };
    for (q, wanted) in [
        ("ärmel", &["S-0"][..]),
        ("Ä", &["S-3", "S-0"]),
        ("grün", &["S-1"]),
        ("rot—gr", &["S-1"]),
        ("ROT GRÜN", &["S-1"]),
        ("été", &["S-2"]),
        ("l’é", &["S-2"]),
        ("bleu", &["S-2"]),
        ("äpfel", &["S-3"]),
        ("rmel", &[]),
        ("—", &[]),
    ] {
        assert_eq!(found(q).await, wanted, "{q}");
    }
    let apples = client.get("/api/products?q=äpf").await.list()[0]["id"].clone();
    let path = format!("/api/products/{}", apples.as_str().unwrap());
    let bought = json!({"delta": 3, "reason": "bought"});
    admin.post(&format!("{path}/stock"), bought).await.expect(200);
    assert_eq!(found("äpfel").await, ["S-3"]);
    admin.patch(&path, json!({"name": "Öl"})).await.expect(200);
    assert_eq!(found("ÖL").await, ["S-3"]);
    assert_eq!(found("äpfel").await, [""; 0]);
}

async fn products_are_found_by_words_and_category(app: &TestApp) {
    let shelf = [
        ("MUG-1", "Enamel mug", "Survives a fall", "kitchen"),
        ("MUG-2", "Glass mug", "Breaks in one", "kitchen"),
        ("LMP-1", "Desk lamp", "Größe 42, for mugs' owners", "office"),
    ];
    for (sku, name, description, category) in shelf {
        app.product_like(json!({
            "sku": sku, "name": name, "description": description, "category": category, "status": "active",
            "price": {"amount": 100, "currency": "USD"},
        }))
        .await;
        app.advance(SECOND);
    }
    let found = async |query: &str| {
        names(
            &app.client()
                .get(&format!("/api/products?sort=createdAt&{query}"))
                .await
                .expect(200),
            "sku",
        )
    };
    assert_eq!(
        found("q=mug").await,
        ["MUG-1", "MUG-2", "LMP-1"],
        "the beginning of a word"
    );
    assert_eq!(found("q=enam").await, ["MUG-1"]);
    assert_eq!(
        found("q=MUG%20fall").await,
        ["MUG-1"],
        "every word has to be there"
    );
    assert_eq!(found("q=gr%C3%B6%C3%9Fe").await, ["LMP-1"]);
    assert_eq!(found("q=LMP-1").await, ["LMP-1"]);
    assert_eq!(found("category=kitchen").await, ["MUG-1", "MUG-2"]);
    assert_eq!(found("category=kitchen&q=glass").await, ["MUG-2"]);
    assert_eq!(found("category=Kitch").await, [""; 0]);
    for odd in [
        "q=%27%3B%20DROP%20TABLE%20products%3B--",
        "q=%22",
        "q=*",
        "q=a%20OR%20b",
        "q=NEAR(",
        "q=%25",
        "category=%27",
        "q=--",
    ] {
        let answer = app.client().get(&format!("/api/products?{odd}")).await;
        assert!(matches!(answer.status, 200 | 400), "{answer:?}");
    }
    assert_eq!(found("").await.len(), 3);
}

async fn trap_06_bad_pages_and_unknown_fields_are_refused(app: &TestApp) {
    let admin = app.admin().await;
    let bad = [
        "page=0",
        "page=-1",
        "page=x",
        "page=1.5",
        "page=",
        "page=99999999999999999999",
        "page=1000001",
        "limit=0",
        "limit=101",
        "limit=-5",
        "limit=ten",
        "limit=1e2",
        "limit=",
        "sort=stock",
        "sort=password_hash",
        "sort=name;drop",
        "sort=--name",
        "sort=+name",
        "sort=",
        "cursor=x",
        "cursor=zz",
        "cursor=6e31",
        "page=1&cursor=",
        "colour=red",
        "Page=1",
        "cursor=27206f7220313d312d2d",
        "limit=1&limit=2",
    ];
    for list in ["/api/products", "/api/users", "/api/orders"] {
        for query in bad {
            let answer = admin
                .get(&format!("{list}?{query}"))
                .await
                .expect_error(400, "VALIDATION_FAILED");
            let field = query.split('=').next().unwrap();
            let faults = answer.validation_errors();
            assert!(
                faults
                    .iter()
                    .any(|fault| fault.contains(field) || fault.starts_with("cursor")),
                "{query}: {faults:?}"
            );
        }
    }
    for query in ["from=yesterday", "to=1", "userId=7", "limit=101"] {
        admin
            .get(&format!("/api/audit?{query}"))
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
    for query in ["state=asleep", "limit=0"] {
        admin
            .get(&format!("/api/jobs?{query}"))
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
    admin
        .get("/api/orders?status=lost")
        .await
        .expect_error(400, "VALIDATION_FAILED");
    admin
        .get("/api/users?role=Not%20A%20Role")
        .await
        .expect_error(400, "VALIDATION_FAILED");
    assert_eq!(
        admin.get("/api/products?limit=100").await.pagination()["limit"],
        100
    );
}

async fn a_cursor_is_of_one_list_sort_direction_and_filter(app: &TestApp) {
    shelf(app, &["a", "b", "c"]).await;
    let (ann, bob, admin) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.admin().await,
    );
    let product = app.product(50, 100).await;
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    for buyer in [&ann, &ann, &bob, &bob] {
        buyer.post("/api/orders", order.clone()).await.expect(201);
        app.advance(SECOND);
    }
    let mut lists: Vec<(&mainstay_testkit::TestUser, &str)> = [
        "/api/products?",
        "/api/products?sort=createdAt",
        "/api/products?sort=price",
        "/api/products?sort=-price",
        "/api/products?sort=name",
        "/api/products?sort=-name",
        "/api/products?status=active",
        "/api/users?",
        "/api/users?sort=name",
        "/api/users?sort=email",
        "/api/users?role=customer",
        "/api/users?status=active",
        "/api/orders?",
        "/api/orders?sort=createdAt",
        "/api/orders?status=pending",
        "/api/audit?",
        "/api/audit?action=CREATE",
        "/api/jobs?",
    ]
    .map(|list| (&admin, list))
    .into();
    lists.extend([(&ann, "/api/orders?"), (&bob, "/api/orders?")]);
    let mut checked = 0;
    for (at, (reader, list)) in lists.iter().enumerate() {
        let first = reader.get(&format!("{list}&limit=1&cursor=")).await.expect(200);
        let Some(cursor) = first.pagination()["nextCursor"].as_str().map(str::to_owned) else {
            continue;
        };
        checked += 1;
        for (other, (stranger, other_list)) in lists.iter().enumerate() {
            let answer = stranger
                .get(&format!("{other_list}&limit=2&cursor={cursor}"))
                .await;
            if at == other {
                answer.expect(200);
            } else {
                assert_eq!(
                    answer.validation_errors(),
                    ["cursor FORMAT"],
                    "{list} {other_list}: {answer:?}"
                );
                answer.expect_error(400, "VALIDATION_FAILED");
            }
        }
        // A cursor with any one character changed belongs to no list.
        for place in 0..36.min(cursor.len()) {
            let mut bent = cursor.clone().into_bytes();
            bent[place] = if bent[place] == b'0' { b'1' } else { b'0' };
            let bent = String::from_utf8(bent).unwrap();
            reader
                .get(&format!("{list}&cursor={bent}"))
                .await
                .expect_error(400, "VALIDATION_FAILED");
        }
    }
    assert!(checked >= 15, "{checked} of the lists have a second page");
    app.leave_jobs();
}

async fn trap_05_a_list_shows_only_what_its_reader_may_see(app: &TestApp) {
    let (ann, bob, product) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.product(50, 100).await,
    );
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    for _ in 0..3 {
        ann.post("/api/orders", order.clone()).await.expect(201);
        app.advance(SECOND);
    }
    let of_bob = bob.post("/api/orders", order).await.expect(201).data();
    for list in [
        "/api/orders",
        "/api/orders?status=pending",
        &format!("/api/orders?userId={}", bob.id),
        "/api/orders?cursor=",
    ] {
        let shown = ann.get(list).await.expect(200).list();
        assert!(
            shown.iter().all(|order| order["userId"] == json!(ann.id)),
            "{list}: {shown:?}"
        );
    }
    assert_eq!(
        ann.get("/api/orders").await.pagination()["total"],
        3,
        "nor are they counted"
    );
    assert_eq!(
        ann.get(&format!("/api/orders?userId={}", bob.id))
            .await
            .pagination()["total"],
        0
    );
    let sam = app.member("sam", "support").await;
    assert_eq!(sam.get("/api/orders").await.pagination()["total"], 4);
    let of_bobs = sam.get(&format!("/api/orders?userId={}", bob.id)).await.list();
    assert_eq!((of_bobs.len(), &of_bobs[0]["id"]), (1, &of_bob["id"]));
    assert_eq!(walk(&ann, "/api/orders?limit=2", "id").await.len(), 3);
    assert_eq!(ann.get("/api/orders?status=paid").await.pagination()["total"], 0);
    app.client()
        .get("/api/orders")
        .await
        .expect_error(401, "UNAUTHORIZED");
}

async fn people_are_found_by_name_role_and_status(app: &TestApp) {
    let admin = app.admin().await;
    let (ann, _bob) = (app.customer("ann").await, app.customer("bob").await);
    app.member("sam", "support").await;
    admin
        .patch(&format!("/api/users/{}", ann.id), json!({"status": "disabled"}))
        .await
        .expect(200);
    let found = async |query: &str| {
        names(
            &admin
                .get(&format!("/api/users?sort=name&{query}"))
                .await
                .expect(200),
            "name",
        )
    };
    assert_eq!(found("").await, ["ann", "bob", "Root", "sam"]);
    assert_eq!(found("q=AN").await, ["ann"]);
    assert_eq!(found("q=bob%40example").await, ["bob"]);
    assert_eq!(found("q=%25").await, [""; 0], "a wildcard is meant literally");
    assert_eq!(found("q=_nn").await, [""; 0]);
    assert_eq!(found("role=support").await, ["sam"]);
    assert_eq!(found("status=disabled").await, ["ann"]);
    assert_eq!(found("role=customer&status=active").await, ["bob"]);
    assert_eq!(
        walk(&admin, "/api/users?limit=2&sort=-email", "email")
            .await
            .len(),
        4
    );
}
