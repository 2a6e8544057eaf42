//! A client that follows the cursors of a list sees each row once, whatever the sort order.

use crate::fixtures::*;
use crate::harness::{Store, on_both};
use mainstay_domain::error::Error;
use mainstay_domain::id::ProductId;
use mainstay_domain::page::{Cursor, CursorKey, Page, PageRequest};
use mainstay_domain::product::{Product, ProductStatus};
use mainstay_repositories::{ProductFilter, ProductSort, Products};
use proptest::prelude::*;

const SORTS: [ProductSort; 3] = [ProductSort::CreatedAt, ProductSort::Price, ProductSort::Name];

/// Few different values, so that many rows share a key.
fn things() -> impl Strategy<Value = Vec<Product>> {
    let names = prop::sample::select(vec!["a", "A", "b", "Äa", "ä", "a b", "a' --", "%", "", "zz"]);
    let rows = prop::collection::vec((names, 0..3i64, 0..3i64, any::<bool>()), 0..24);
    rows.prop_map(|rows| {
        let thing = |(number, (name, price, created, active)): (usize, (&str, i64, i64, bool))| Product {
            name: name.to_owned(),
            price: usd(price),
            created_at: at(created),
            status: if active {
                ProductStatus::Active
            } else {
                ProductStatus::Draft
            },
            // Ids that do not follow the order of insertion.
            id: id((number as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)),
            ..product(number as u128 + 1)
        };
        rows.into_iter().enumerate().map(thing).collect()
    })
}

async fn page(
    store: &Store,
    staff: bool,
    sort: (ProductSort, bool),
    page: &PageRequest,
) -> (Vec<Product>, Option<Cursor>) {
    let page = page.clone();
    let listing = write!(store, [page], |tx| {
        let scope = if staff { everything() } else { anonymous() };
        Products::new(tx)
            .list(&scope, &ProductFilter::default(), sort, &page)
            .await
    })
    .unwrap();
    let next = if matches!(page, PageRequest::From { .. }) {
        next(&listing)
    } else {
        None
    };
    (listing.items, next)
}

fn expected(things: &[Product], staff: bool, (sort, descending): (ProductSort, bool)) -> Vec<ProductId> {
    let mut listed: Vec<&Product> = things
        .iter()
        .filter(|thing| staff || thing.status == ProductStatus::Active)
        .collect();
    listed.sort_by(|a, b| {
        let by_key = match sort {
            ProductSort::CreatedAt => a.created_at.cmp(&b.created_at),
            ProductSort::Price => a.price.amount.cmp(&b.price.amount),
            ProductSort::Name => a.name.to_ascii_lowercase().cmp(&b.name.to_ascii_lowercase()),
        };
        by_key.then(a.id.cmp(&b.id))
    });
    if descending {
        listed.reverse();
    }
    listed.into_iter().map(|thing| thing.id).collect()
}

async fn assert_each_row_is_listed_once(store: &Store, things: &[Product], limit: u32, staff: bool) {
    for sort in SORTS.into_iter().flat_map(|sort| [(sort, false), (sort, true)]) {
        let in_order = expected(things, staff, sort);
        let (mut listed, mut cursor) = (Vec::new(), None);
        loop {
            let (items, next) = page(store, staff, sort, &PageRequest::From { cursor, limit }).await;
            assert!(items.len() <= limit as usize);
            listed.extend(items.iter().map(|thing| thing.id));
            // Encoded and decoded, as a client receives it.
            cursor = next.map(|next| Cursor::decode(&next.encode()).unwrap());
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(listed, in_order, "{sort:?} by cursor, {limit} at once");
        let mut listed = Vec::new();
        for number in 1..=(in_order.len() as u32 / limit + 1) {
            listed.extend(
                page(store, staff, sort, &numbered(number, limit))
                    .await
                    .0
                    .iter()
                    .map(|thing| thing.id),
            );
        }
        assert_eq!(listed, in_order, "{sort:?} by number, {limit} at once");
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "proptest's runner is not async, and waits on a thread that may block"
)]
fn each_row_is_listed_once_in_every_sort_order() {
    on_both(async |store| {
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
            cases: 12,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let handle = tokio::runtime::Handle::current();
        let inputs = (things(), 1..6u32, any::<bool>());
        tokio::task::block_in_place(|| {
            runner.run(&inputs, |(things, limit, staff)| {
                handle.block_on(async {
                    for thing in &things {
                        put_product(&store, thing).await;
                    }
                    assert_each_row_is_listed_once(&store, &things, limit, staff).await;
                    let all = things.clone();
                    write!(store, [all], |tx| {
                        for thing in &all {
                            Products::new(tx)
                                .delete(&permit_to(Product::DELETE, thing), thing)
                                .await?;
                        }
                        Ok(())
                    })
                    .unwrap();
                });
                Ok(())
            })
        })
        .unwrap();
    });
}

#[test]
fn the_total_is_the_same_on_every_page() {
    on_both(async |store| {
        for number in 1..=5 {
            put_product(&store, &product(number)).await;
        }
        for (number, limit, length) in [
            (1, 2, 2),
            (3, 2, 1),
            (4, 2, 0),
            (1, 5, 5),
            (1, 6, 5),
            (2, 5, 0),
            (1_000_000, 100, 0),
        ] {
            let listing = write!(store, [], |tx| {
                let by = (ProductSort::Name, false);
                Products::new(tx)
                    .list(
                        &anonymous(),
                        &ProductFilter::default(),
                        by,
                        &numbered(number, limit),
                    )
                    .await
            })
            .unwrap();
            assert_eq!(
                (listing.items.len(), total(&listing)),
                (length, 5),
                "page {number} of {limit}"
            );
        }
    });
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    on_both(async |store| {
        fill(&store).await;
        let category = |name: &str| ProductFilter {
            category: Some(name.to_owned()),
            ..ProductFilter::default()
        };
        let mut lists = Vec::new();
        for sort in SORTS {
            for descending in [false, true] {
                lists.push((true, ProductFilter::default(), (sort, descending)));
                lists.push((false, ProductFilter::default(), (sort, descending)));
                lists.push((true, category("a"), (sort, descending)));
                lists.push((true, category("b"), (sort, descending)));
            }
        }
        for (at, list) in lists.iter().enumerate() {
            let cursor = next(&listed(&store, list, None).await.unwrap()).expect("there is more than one");
            for (other, other_list) in lists.iter().enumerate() {
                let listed = listed(&store, other_list, Some(cursor.clone())).await;
                let good = match listed {
                    Ok(_) => true,
                    Err(Error::Invalid(errors)) if errors.list()[0].path == "cursor" => false,
                    Err(error) => panic!("{error:?}"),
                };
                assert_eq!(good, at == other, "{list:?} {other_list:?}");
            }
        }
    });
}

#[test]
fn a_cursor_with_a_key_of_another_kind_is_refused() {
    on_both(async |store| {
        fill(&store).await;
        for sort in SORTS {
            let list = (true, ProductFilter::default(), (sort, false));
            let good = next(&listed(&store, &list, None).await.unwrap()).expect("there is more than one");
            for (key, of_text) in [
                (CursorKey::Number(1), Some(false)),
                (CursorKey::Text("' OR 1=1".into()), Some(true)),
                (CursorKey::Text("\0".into()), None),
            ] {
                let mut cursor = good.clone();
                cursor.position.key = key;
                let fits = of_text == Some(sort == ProductSort::Name);
                let listed = listed(&store, &list, Some(cursor.clone())).await;
                assert!(
                    listed.is_ok() == fits && (fits || matches!(listed, Err(Error::Invalid(_)))),
                    "{sort:?} {cursor:?}"
                );
            }
        }
    });
}

/// Products of two categories, two in each, on sale.
async fn fill(store: &Store) {
    for number in 1..=4u128 {
        let new = Product {
            category: Some(if number % 2 == 0 { "a" } else { "b" }.to_owned()),
            status: ProductStatus::Active,
            ..product(number)
        };
        put_product(store, &new).await;
    }
}

/// The list for a caller who sees all products or the published ones, with one product a page.
async fn listed(
    store: &Store,
    (staff, filter, sort): &(bool, ProductFilter, (ProductSort, bool)),
    cursor: Option<Cursor>,
) -> Result<Page<Product>, Error> {
    let page = PageRequest::From { cursor, limit: 1 };
    let (staff, filter, sort) = (*staff, filter.clone(), *sort);
    write!(store, [page, filter], |tx| {
        let scope = if staff { everything() } else { anonymous() };
        Products::new(tx).list(&scope, &filter, sort, &page).await
    })
}
