//! Writers refuse a permit for another action or another row, and then nothing is changed.

use crate::fixtures::*;
use crate::harness::{Store, on_both};
use mainstay_domain::access::{SystemCaller, permit_all};
use mainstay_domain::error::Error;
use mainstay_domain::order::Order;
use mainstay_domain::page::PageRequest;
use mainstay_domain::product::{Product, ProductStatus};
use mainstay_domain::session::Session;
use mainstay_domain::user::User;
use mainstay_domain::{Result, order::OrderTransition};
use mainstay_repositories::{Credentials, DeferredWrites, Orders, PersonalGrant, Products, Sessions, Users};

fn refused<T>(answer: &Result<T>) -> bool {
    matches!(answer, Err(Error::Internal(bug)) if bug.to_string().contains("a permit"))
}

async fn stock(store: &Store) -> i64 {
    let product: Result<Product> = write!(store, [], |tx| {
        Products::new(tx).find(&everything(), id(1)).await
    });
    product.unwrap().stock
}

#[test]
fn a_permit_to_grant_sets_no_password() {
    on_both(async |store| {
        let ann = user(1);
        put_user(&store, &ann).await;
        for action in [
            User::GRANT,
            User::REVOKE,
            User::LOGOUT,
            User::SET_ROLE,
            Product::UPDATE,
        ] {
            let set = write!(store, [ann], |tx| {
                Credentials::new(tx)
                    .set(&permit_to(action, &ann), &ann, "hash", at(1))
                    .await
            });
            assert!(refused(&set), "{action:?}: {set:?}");
        }
        let hash = write!(store, [ann], |tx| {
            Credentials::new(tx).find(&everything(), ann.id).await
        });
        assert_eq!(hash.unwrap(), None);
    });
}

#[test]
fn a_permit_to_change_a_name_grants_nothing_and_deletes_nothing() {
    on_both(async |store| {
        let ann = user(1);
        put_user(&store, &ann).await;
        let grant = PersonalGrant {
            permission: "read:audit".to_owned(),
            expires_at: None,
            granted_by: None,
            created_at: at(1),
        };
        let granted = write!(store, [ann, grant], |tx| {
            Users::new(tx)
                .grant(&permit_to(Product::UPDATE, &ann), &ann, &grant)
                .await
        });
        assert!(refused(&granted), "{granted:?}");
        let deleted = write!(store, [ann], |tx| {
            Users::new(tx)
                .delete(&permit_to(Product::UPDATE, &ann), &ann)
                .await
        });
        assert!(refused(&deleted), "{deleted:?}");
        let left = write!(store, [ann], |tx| {
            Ok((
                Users::new(tx).find(&everything(), ann.id).await?,
                Users::new(tx).grants(&everything(), ann.id).await?,
            ))
        });
        assert_eq!(left.unwrap(), (ann.clone(), Vec::new()));
    });
}

#[test]
fn stock_is_taken_and_put_back_only_for_the_order_of_the_permit() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        let (order, other) = (order(1, id(1), &product(1), 1), order(2, id(1), &product(1), 1));
        for (permit, wanted) in [
            (Order::PLACE, &other),
            (Order::PAY, &order),
            (Order::CANCEL, &order),
        ] {
            let taken = write!(store, [order, wanted], |tx| {
                let permit = permit_to(permit, &order);
                Products::new(tx)
                    .take(&permit, wanted.id, (id(1), 1), at(1))
                    .await
            });
            assert!(refused(&taken), "{permit:?}: {taken:?}");
        }
        for (permit, wanted) in [
            (Order::CANCEL, &other),
            (Order::PLACE, &order),
            (Order::REFUND, &order),
        ] {
            let back = write!(store, [order, wanted], |tx| {
                let permit = permit_to(permit, &order);
                Products::new(tx).put_back(&permit, &wanted, at(1)).await
            });
            assert!(refused(&back), "{permit:?}: {back:?}");
        }
        assert_eq!(stock(&store).await, 10);
    });
}

#[test]
fn an_order_is_not_inserted_under_the_permit_of_another_one() {
    on_both(async |store| {
        put_product(&store, &product(1)).await;
        let (placed, other) = (order(1, id(1), &product(1), 1), order(2, id(1), &product(1), 1));
        let inserted = write!(store, [placed, other], |tx| {
            Orders::new(tx)
                .insert(&permit_to(Order::PLACE, &other), &placed)
                .await
        });
        assert!(refused(&inserted), "{inserted:?}");
        let mut deferred = DeferredWrites::new();
        assert!(refused(
            &deferred.order(&permit_to(Order::PLACE, &other), placed.clone())
        ));
        assert!(refused(
            &deferred.order(&permit_to(Order::PAY, &placed), placed.clone())
        ));
        put_order(&store, &placed).await;
        let cancelled: Order = placed.clone().step(OrderTransition::Cancel, at(2)).unwrap();
        let saved = write!(store, [cancelled], |tx| {
            Orders::new(tx)
                .save(&permit_to(Order::PLACE, &cancelled), &cancelled)
                .await
        });
        assert!(refused(&saved), "{saved:?}");
        let found = write!(store, [placed], |tx| {
            Orders::new(tx).find(&everything(), placed.id).await
        });
        assert_eq!(found.unwrap(), placed);
    });
}

#[test]
fn all_sessions_end_only_for_the_account_of_the_permit() {
    on_both(async |store| {
        let (ann, bob) = (user(1), user(2));
        put_user(&store, &bob).await;
        let open = session(1, bob.id);
        write!(store, [open], |tx| {
            Sessions::new(tx)
                .insert(&permit_to(Session::LOGIN, &open), &open, b"")
                .await
        })
        .unwrap();
        for permit in [permit_to(User::LOGOUT, &ann), permit_to(User::GRANT, &bob)] {
            let permit = std::sync::Arc::new(permit);
            let ended = write!(store, [permit, bob], |tx| {
                Sessions::new(tx).end_all(&permit, bob.id, None, at(3)).await
            });
            assert!(refused(&ended), "{ended:?}");
        }
        let pruned = write!(store, [], |tx| {
            let permit = permit_all(SystemCaller::SWEEPER, User::LOGOUT);
            Sessions::new(tx).prune(&permit, at(9000)).await
        });
        assert!(refused(&pruned), "{pruned:?}");
        let live = write!(store, [bob], |tx| {
            let page = PageRequest::From {
                cursor: None,
                limit: 10,
            };
            Sessions::new(tx).list(&everything(), bob.id, at(4), &page).await
        });
        assert_eq!(live.unwrap().items, [open]);
    });
}

#[test]
fn a_permit_to_delete_archives_a_product_and_changes_nothing_else_of_it() {
    on_both(async |store| {
        let thing = product(1);
        put_product(&store, &thing).await;
        let renamed = Product {
            name: "Other".to_owned(),
            status: ProductStatus::Archived,
            ..thing.clone().touched(at(200))
        };
        let saved = write!(store, [renamed], |tx| {
            Products::new(tx)
                .save(&permit_to(Product::DELETE, &renamed), &renamed)
                .await
        });
        assert!(refused(&saved), "{saved:?}");
        for expected in [true, false] {
            let archived = write!(store, [renamed], |tx| {
                Products::new(tx)
                    .archive(&permit_to(Product::DELETE, &renamed), &renamed)
                    .await
            });
            assert_eq!(
                archived.is_ok(),
                expected,
                "the second one has an outdated version"
            );
        }
        let found = write!(store, [], |tx| {
            Products::new(tx).find(&everything(), id(1)).await
        });
        let archived = Product {
            name: thing.name.clone(),
            ..renamed
        };
        assert_eq!(found.unwrap(), archived);
    });
}
