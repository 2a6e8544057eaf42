//! Orders with their items.

use crate::fixtures::*;
use crate::harness::on_both;
use mainstay_domain::error::Error;
use mainstay_domain::id::OrderId;
use mainstay_domain::order::{Order, OrderStatus, OrderTransition};
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_repositories::{OrderFilter, OrderSort, Orders, Payments};

const NEWEST: (OrderSort, bool) = (OrderSort::CreatedAt, true);

#[test]
fn an_order_is_read_back_with_all_lines_in_order() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        for (number, lines) in [(1, 1), (2, 7), (3, 8), (4, 9), (5, 100)] {
            let placed = order(number, id(1), &product(1), lines);
            put_order(&store, &placed).await;
            let found = write!(store, [], |tx| {
                Orders::new(tx).find(&own(id(1)), id(number)).await
            })
            .unwrap();
            assert_eq!(found, placed);
        }
    });
}

#[test]
fn a_page_contains_each_order_with_its_own_lines() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        let mut placed: Vec<Order> = (1..=30)
            .map(|number| Order {
                created_at: at(1000 - i64::from(number)),
                ..order(number.into(), id(1), &product(1), number % 4 + 1)
            })
            .collect();
        for order in &placed {
            put_order(&store, order).await;
        }
        put_order(&store, &order(99, id(2), &product(1), 1)).await;
        let all = write!(store, [], |tx| {
            Orders::new(tx)
                .list(&own(id(1)), &OrderFilter::default(), NEWEST, &numbered(1, 100))
                .await
        });
        assert_eq!(all.unwrap().items, placed);
        let page = write!(store, [], |tx| {
            Orders::new(tx)
                .list(&own(id(1)), &OrderFilter::default(), NEWEST, &numbered(2, 12))
                .await
        })
        .unwrap();
        assert_eq!((page.items.as_slice(), total(&page)), (&placed[12..24], 30));
        placed.reverse();
        let oldest = write!(store, [], |tx| {
            let by = (OrderSort::CreatedAt, false);
            Orders::new(tx)
                .list(&own(id(1)), &OrderFilter::default(), by, &first(1))
                .await
        });
        assert_eq!(oldest.unwrap().items, placed[..1]);
    });
}

#[test]
fn another_customer_finds_nothing() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        put_order(&store, &order(1, id(1), &product(1), 2)).await;
        write!(store, [], |tx| {
            let mut orders = Orders::new(tx);
            assert!(matches!(
                orders.find(&own(id(2)), id(1)).await,
                Err(Error::NotFound)
            ));
            assert!(matches!(
                orders.find(&anonymous(), id(1)).await,
                Err(Error::NotFound)
            ));
            assert!(orders.find(&everything(), id(1)).await.is_ok());
            let mine = OrderFilter {
                user_id: Some(id(1)),
                status: None,
            };
            assert!(
                orders
                    .list(&own(id(2)), &mine, NEWEST, &numbered(1, 9))
                    .await?
                    .items
                    .is_empty()
            );
            assert!(
                orders
                    .list(&anonymous(), &mine, NEWEST, &first(9))
                    .await?
                    .items
                    .is_empty()
            );
            assert_eq!(
                orders
                    .list(&everything(), &mine, NEWEST, &numbered(1, 9))
                    .await?
                    .items
                    .len(),
                1
            );
            assert!(
                orders
                    .overdue(&own(id(2)), (at(100_000), at(0)), 9)
                    .await?
                    .is_empty()
            );
            assert!(
                orders
                    .overdue(&anonymous(), (at(100_000), at(0)), 9)
                    .await?
                    .is_empty()
            );
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn a_transition_from_an_outdated_status_is_refused() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        let placed = order(1, id(1), &product(1), 2);
        put_order(&store, &placed).await;
        let cancelled = placed.clone().step(OrderTransition::Cancel, at(200)).unwrap();
        let paid = placed.step(OrderTransition::Settle, at(200)).unwrap();
        write!(store, [cancelled], |tx| {
            Orders::new(tx)
                .save(&permit_to(Order::CANCEL, &cancelled), &cancelled)
                .await
        })
        .unwrap();
        let late = write!(store, [paid], |tx| {
            Orders::new(tx)
                .save(&permit_to(Order::SETTLE, &paid), &paid)
                .await
        });
        assert!(lost_a_race(&late), "{late:?}");
        let found = write!(store, [], |tx| {
            Orders::new(tx).find(&everything(), id(1)).await
        })
        .unwrap();
        assert_eq!(found, cancelled);
        let filter = OrderFilter {
            status: Some(OrderStatus::Cancelled),
            user_id: None,
        };
        let listed = write!(store, [filter], |tx| {
            Orders::new(tx)
                .list(&everything(), &filter, NEWEST, &numbered(1, 9))
                .await
        });
        assert_eq!(listed.unwrap().items, [cancelled]);
    });
}

#[test]
fn an_order_number_is_unique_and_the_second_order_leaves_no_trace() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        put_order(&store, &order(1, id(1), &product(1), 1)).await;
        let duplicate = Order {
            number: "N-1".to_owned(),
            ..order(2, id(1), &product(1), 1)
        };
        let error = write!(store, [duplicate], |tx| {
            Orders::new(tx)
                .insert(&permit_to(Order::PLACE, &duplicate), &duplicate)
                .await
        });
        assert!(matches!(error, Err(Error::Unavailable { .. })), "{error:?}");
        let none = write!(store, [], |tx| {
            Orders::new(tx).find(&everything(), id(2)).await
        });
        assert!(matches!(none, Err(Error::NotFound)));
    });
}

#[test]
fn unpaid_expired_orders_are_overdue() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        let reserved = |number: u128, until: i64| Order {
            reserved_until: at(until),
            ..order(number, id(1), &product(1), 2)
        };
        for (number, until) in [(1, 500), (2, 400), (3, 300), (4, 2000)] {
            put_order(&store, &reserved(number, until)).await;
        }
        let paid = reserved(5, 100).step(OrderTransition::Settle, at(200)).unwrap();
        put_order(&store, &Order { version: 1, ..paid }).await;
        let payment = Payment::begin(id(1), id(3), id(1), usd(1), at(200));
        let failed = Payment {
            status: PaymentStatus::Failed,
            ..Payment::begin(id(2), id(2), id(1), usd(1), at(200))
        };
        write!(store, [payment, failed], |tx| {
            Payments::new(tx)
                .insert(&permit_to(Order::PAY, &payment), &payment)
                .await?;
            Payments::new(tx)
                .insert(&permit_to(Order::PAY, &failed), &failed)
                .await
        })
        .unwrap();
        let overdue = write!(store, [], |tx| {
            Orders::new(tx)
                .overdue(&everything(), (at(600), at(150)), 10)
                .await
        })
        .unwrap();
        assert_eq!(overdue, [reserved(2, 400), reserved(1, 500)]);
        let one = write!(store, [], |tx| {
            Orders::new(tx).overdue(&own(id(1)), (at(600), at(150)), 1).await
        });
        assert_eq!(
            one.unwrap()
                .iter()
                .map(|order| order.id)
                .collect::<Vec<OrderId>>(),
            [id(2)]
        );
        // A pending payment that never completes protects its order only until it is too old.
        let overdue = write!(store, [], |tx| {
            Orders::new(tx)
                .overdue(&everything(), (at(600), at(200)), 10)
                .await
        })
        .unwrap();
        assert_eq!(overdue, [reserved(3, 300), reserved(2, 400), reserved(1, 500)]);
    });
}
