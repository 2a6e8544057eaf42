//! Products, their stock and their search.

use crate::fixtures::*;
use crate::harness::{Store, on_both, runtime};
use mainstay_domain::error::Error;
use mainstay_domain::id::ProductId;
use mainstay_domain::order::Order;
use mainstay_domain::product::{Product, ProductStatus, Sku};
use mainstay_platform::database::{Engine, sqlite_connection};
use mainstay_repositories::{ProductFilter, ProductSort, Products};
use proptest::prelude::*;
use std::sync::Arc;

fn any_order() -> Order {
    order(1, id(1), &product(1), 1)
}

async fn found(store: &Store, q: &str) -> Vec<ProductId> {
    let filter = ProductFilter {
        q: Some(q.to_owned()),
        ..ProductFilter::default()
    };
    let listing = write!(store, [filter], |tx| {
        Products::new(tx)
            .list(
                &everything(),
                &filter,
                (ProductSort::CreatedAt, false),
                &numbered(1, 100),
            )
            .await
    });
    let listing = listing.unwrap();
    assert_eq!(total(&listing), listing.items.len() as u64);
    listing.items.iter().map(|product| product.id).collect()
}

fn ids(numbers: &[u128]) -> Vec<ProductId> {
    numbers.iter().map(|number| id(*number)).collect()
}

#[test]
fn a_product_comes_back_as_it_went() {
    on_both(async |store| {
        let thing = Product {
            category: Some("toys".to_owned()),
            ..product(1)
        };
        put_product(&store, &thing).await;
        let found = write!(store, [], |tx| {
            Products::new(tx).find(&everything(), id(1)).await
        })
        .unwrap();
        assert_eq!(found, thing);
    });
}

#[test]
fn drafts_are_for_those_who_see_everything() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        put_product(
            &store,
            &Product {
                status: ProductStatus::Draft,
                ..product(2)
            },
        )
        .await;
        write!(store, [], |tx| {
            let mut products = Products::new(tx);
            assert!(matches!(
                products.find(&anonymous(), id(2)).await,
                Err(Error::NotFound)
            ));
            assert!(products.find(&anonymous(), id(1)).await.is_ok());
            assert!(products.find(&everything(), id(2)).await.is_ok());
            let by = (ProductSort::Price, false);
            let all = products
                .list(&everything(), &ProductFilter::default(), by, &numbered(1, 10))
                .await?;
            let shown = products
                .list(&anonymous(), &ProductFilter::default(), by, &numbered(1, 10))
                .await?;
            let drafts = ProductFilter {
                status: Some(ProductStatus::Draft),
                ..ProductFilter::default()
            };
            let hidden = products.list(&own(id(1)), &drafts, by, &numbered(1, 10)).await?;
            assert_eq!(
                (all.items.len(), shown.items.len(), hidden.items.len()),
                (2, 1, 0)
            );
            assert!(matches!(
                products.is_ordered(&anonymous(), id(1)).await,
                Err(Error::NotFound)
            ));
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn the_sku_of_an_archived_product_is_free() {
    on_both(async |store| {
        let of = |number, status| Product {
            sku: product(1).sku,
            status,
            ..product(number)
        };
        let archived = ProductStatus::Archived;
        put_product(&store, &of(1, archived)).await;
        put_product(&store, &of(2, archived)).await;
        put_product(&store, &of(3, ProductStatus::Draft)).await;
        for status in [ProductStatus::Draft, ProductStatus::Active] {
            let back = of(1, status).touched(at(200));
            let error = write!(store, [back], |tx| {
                Products::new(tx)
                    .save(&permit_to(Product::UPDATE, &back), &back)
                    .await
            });
            assert!(matches!(&error, Err(Error::Conflict(_))), "{error:?}");
        }
        let gone = of(3, archived).touched(at(200));
        let back = of(1, ProductStatus::Active).touched(at(300));
        write!(store, [gone, back], |tx| {
            Products::new(tx)
                .save(&permit_to(Product::UPDATE, &gone), &gone)
                .await?;
            Products::new(tx)
                .save(&permit_to(Product::UPDATE, &back), &back)
                .await
        })
        .unwrap();
    });
}

#[test]
fn a_sku_is_taken_once_and_changes_are_of_what_was_read() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        let twin = Product {
            sku: product(1).sku,
            ..product(2)
        };
        let error = write!(store, [twin], |tx| {
            Products::new(tx)
                .insert(&permit_to(Product::CREATE, &twin), &twin)
                .await
        });
        assert!(
            matches!(&error, Err(Error::Conflict(why)) if why.starts_with("this SKU is taken")),
            "{error:?}"
        );
        let changed = Product {
            stock: 3,
            category: Some("x".into()),
            ..product(1)
        }
        .touched(at(200));
        write!(store, [changed], |tx| {
            Products::new(tx)
                .save(&permit_to(Product::UPDATE, &changed), &changed)
                .await
        })
        .unwrap();
        let error = write!(store, [changed], |tx| {
            Products::new(tx)
                .save(&permit_to(Product::UPDATE, &changed), &changed)
                .await
        });
        assert!(lost_a_race(&error), "{error:?}");
        let found = write!(store, [], |tx| {
            Products::new(tx).find(&everything(), id(1)).await
        })
        .unwrap();
        assert_eq!(found, changed);
    });
}

#[test]
fn what_was_ordered_is_not_deleted() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        put_product(&store, &product(2)).await;
        put_order(&store, &order(1, id(1), &product(1), 1)).await;
        write!(store, [], |tx| {
            let mut products = Products::new(tx);
            assert!(products.is_ordered(&everything(), id(1)).await?);
            assert!(!products.is_ordered(&everything(), id(2)).await?);
            products
                .delete(&permit_to(Product::DELETE, &product(2)), &product(2))
                .await?;
            assert!(matches!(
                products
                    .delete(&permit_to(Product::DELETE, &product(2)), &product(2))
                    .await,
                Err(Error::NotFound)
            ));
            Ok(())
        })
        .unwrap();
        let refused = write!(store, [], |tx| {
            Products::new(tx)
                .delete(&permit_to(Product::DELETE, &product(1)), &product(1))
                .await
        });
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    });
}

#[test]
fn stock_is_taken_and_put_back_and_never_below_zero() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        put_product(
            &store,
            &Product {
                status: ProductStatus::Archived,
                ..product(2)
            },
        )
        .await;
        write!(store, [], |tx| {
            let mut products = Products::new(tx);
            let (order, thing) = (any_order(), product(1));
            let taken = products
                .take(&permit_to(Order::PLACE, &order), order.id, (id(1), 7), at(200))
                .await?
                .expect("there are ten");
            assert_eq!(
                (taken.sku, taken.name, taken.price, taken.stock_left),
                (thing.sku.clone(), thing.name.clone(), thing.price, 3)
            );
            assert_eq!(
                products
                    .take(&permit_to(Order::PLACE, &order), order.id, (id(1), 4), at(200))
                    .await?,
                None
            );
            assert_eq!(
                products.shortage(&anonymous(), id(1)).await?,
                Some((ProductStatus::Active, 3))
            );
            assert_eq!(
                products
                    .take(&permit_to(Order::PLACE, &order), order.id, (id(2), 1), at(200))
                    .await?,
                None
            );
            assert_eq!(
                products.shortage(&everything(), id(2)).await?,
                Some((ProductStatus::Archived, 10))
            );
            assert_eq!(products.shortage(&anonymous(), id(2)).await?, None);
            assert_eq!(
                products
                    .take(&permit_to(Order::PLACE, &order), order.id, (id(3), 1), at(200))
                    .await?,
                None
            );
            assert_eq!(products.shortage(&everything(), id(3)).await?, None);
            products
                .put_back(&permit_to(Order::CANCEL, &order), &order, at(300))
                .await?;
            assert_eq!(
                products
                    .add_stock(&permit_to(Product::STOCK, &thing), &thing, -6, at(400))
                    .await?,
                None
            );
            for delta in [i64::MIN, i64::MAX, 1_000_000_000] {
                assert_eq!(
                    products
                        .add_stock(&permit_to(Product::STOCK, &thing), &thing, delta, at(400))
                        .await?,
                    None,
                    "{delta}"
                );
            }
            let now = products
                .add_stock(&permit_to(Product::STOCK, &thing), &thing, -4, at(400))
                .await?
                .expect("there are four");
            assert_eq!(
                now,
                Product {
                    stock: 0,
                    version: 4,
                    updated_at: at(400),
                    ..thing
                }
            );
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn the_last_ones_are_sold_once() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        let buyers: Vec<_> = (0..16)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    write!(store, [], |tx| {
                        Products::new(tx)
                            .take(
                                &permit_to(Order::PLACE, &any_order()),
                                any_order().id,
                                (id(1), 1),
                                at(200),
                            )
                            .await
                    })
                })
            })
            .collect();
        let mut left = Vec::new();
        for buyer in buyers {
            left.extend(buyer.await.unwrap().unwrap().map(|taken| taken.stock_left));
        }
        left.sort_unstable();
        assert_eq!(left, (0..10).collect::<Vec<i64>>());
    });
}

#[test]
fn search_finds_beginnings_of_words_and_follows_changes() {
    on_both(async |store| {
        let named = |number: u128, name: &str, description: &str| Product {
            name: name.to_owned(),
            description: description.to_owned(),
            sku: Sku::parse(&format!("AB-{number}/x")).unwrap(),
            ..product(number)
        };
        put_product(&store, &named(1, "Blue T-Shirt", "of cotton (100%)")).await;
        put_product(
            &store,
            &named(2, "Red shirt", "see www.example.com/shirts or -12.5e3"),
        )
        .await;
        put_product(&store, &named(3, "Grüße aus Köln", "blue, too")).await;
        for (q, wanted) in [
            ("shirt", &[1, 2][..]),
            ("SHI", &[1, 2]),
            ("blue", &[1, 3]),
            ("blue shirt", &[1]),
            ("t-shirt", &[1]),
            ("shirt blue cot", &[1]),
            ("hirt", &[]),
            ("grüße", &[3]),
            ("Kö", &[3]),
            ("ab-2", &[2]),
            ("ab-2/x", &[2]),
            ("www.example.com", &[2]),
            ("12.5", &[2]),
            ("100%", &[1]),
            ("!!!", &[]),
            ("", &[]),
        ] {
            assert_eq!(found(&store, q).await, ids(wanted), "{q}");
        }
        let renamed = named(2, "Green trousers", "").touched(at(200));
        write!(store, [renamed], |tx| {
            let mut products = Products::new(tx);
            products
                .save(&permit_to(Product::UPDATE, &renamed), &renamed)
                .await?;
            products
                .delete(&permit_to(Product::DELETE, &product(3)), &product(3))
                .await
        })
        .unwrap();
        assert_eq!(found(&store, "shirt").await, ids(&[1]));
        assert_eq!(found(&store, "green").await, ids(&[2]));
        assert_eq!(found(&store, "blue").await, ids(&[1]));
    });
}

/// What an engine that asks the locale, or its own table of letters, takes for a letter or a small one.
async fn find_in_many_scripts(store: &Arc<Store>) {
    for (number, name) in [
        (1, "ÄRMEL"),
        (2, "rot—grün"),
        (3, "L’Été…«bleu»"),
        (4, "ΣΟΦΟΣ"),
        (5, "Ёлка №5"),
        (6, "𞤀𞤁 \u{1C89}x"),
        (7, "½ 𝟙 ²"),
    ] {
        let named = Product {
            name: name.to_owned(),
            ..product(number)
        };
        put_product(store, &named).await;
    }
    for (q, wanted) in [
        ("ärmel", &[1][..]),
        ("ÄRM", &[1]),
        ("Armel", &[]),
        ("grün", &[2]),
        ("ROT—GR", &[2]),
        ("été", &[3]),
        ("bleu", &[3]),
        ("l’é", &[3]),
        ("σοφος", &[4]),
        ("ΣΟΦΟΣ", &[4]),
        ("σοφ", &[4]),
        ("ёлка", &[5]),
        ("𞤢𞤣", &[6]),
        ("\u{1C8A}", &[6]),
        ("½ 𝟙", &[7]),
        // As the 2 that it is, and so is that of the second one's SKU.
        ("²", &[2, 7]),
        ("no5", &[5]),
    ] {
        assert_eq!(found(store, q).await, ids(wanted), "{q}");
    }
}

#[test]
fn what_a_letter_is_does_not_depend_on_the_engine_or_its_locale() {
    on_both(async |store| find_in_many_scripts(&store).await);
    runtime().block_on(async {
        for locale in ["C", "C.UTF-8"] {
            if let Some(store) = Store::of_locale(locale).await {
                find_in_many_scripts(&Arc::new(store)).await;
            }
        }
    });
}

#[test]
fn a_change_of_the_stock_does_not_touch_the_index() {
    runtime().block_on(async {
        let store = Store::fresh(Engine::Sqlite).await.unwrap();
        put_product(&store, &product(1)).await;
        let index = "SELECT group_concat(hex(block)) FROM products_search_data";
        let cached = || {
            let connection = sqlite_connection(&store.options).unwrap();
            connection
                .query_one(index, [], |row| row.get::<_, String>(0))
                .unwrap()
        };
        let before = cached();
        write!(store, [], |tx| {
            let mut products = Products::new(tx);
            products
                .add_stock(&permit_to(Product::STOCK, &product(1)), &product(1), -1, at(200))
                .await?;
            let read = products.find(&everything(), id(1)).await?;
            let read = Product { stock: 3, ..read }.touched(at(300));
            products.save(&permit_to(Product::UPDATE, &read), &read).await
        })
        .unwrap();
        assert_eq!(cached(), before);
    });
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "proptest's runner is not async, and waits on a thread that may block"
)]
fn nothing_that_is_typed_breaks_out_of_the_search() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        let hostile = [
            "\"",
            "'",
            "thing\"",
            "' OR 1=1 --",
            "thing*",
            "name:thing",
            "NEAR(thing, 1)",
            "thing AND",
            "NOT thing",
            "^thing",
            "{name} : thing",
            "a & !b",
            "(((",
            "thing:*",
            "<->",
            "\\",
            "\0",
            "$1",
            "?1",
            "*",
            "+",
            "\u{FFFF}",
            "½",
            "𝟙",
            "ﬀ",
            "AND",
            "OR NOT NEAR",
            "İ",
        ];
        for q in hostile {
            found(&store, q).await;
        }
        assert_eq!(found(&store, "thing").await, ids(&[1]));
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
            cases: 150,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let handle = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| {
            runner.run(&".{0,40}", |q| {
                handle.block_on(found(&store, &q));
                Ok(())
            })
        })
        .unwrap();
    });
}

#[test]
fn a_category_is_an_exact_word() {
    on_both(async |store| {
        put_product(
            &store,
            &Product {
                category: Some("toys".into()),
                ..product(1)
            },
        )
        .await;
        put_product(
            &store,
            &Product {
                category: Some("toy".into()),
                ..product(2)
            },
        )
        .await;
        put_product(&store, &product(3)).await;
        for (category, wanted) in [
            ("toys", &[1][..]),
            ("TOYS", &[]),
            ("toy' OR 'a'='a", &[]),
            ("\0", &[]),
        ] {
            let filter = ProductFilter {
                category: Some(category.into()),
                ..ProductFilter::default()
            };
            let listed = write!(store, [filter], |tx| {
                Products::new(tx)
                    .list(&anonymous(), &filter, (ProductSort::Name, true), &first(10))
                    .await
            });
            let listed: Vec<ProductId> = listed.unwrap().items.iter().map(|product| product.id).collect();
            assert_eq!(listed, ids(wanted), "{category}");
        }
    });
}
