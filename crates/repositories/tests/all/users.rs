//! Accounts, passwords, roles and grants.

use crate::fixtures::*;
use crate::harness::on_both;
use mainstay_domain::access::{Permission, RoleName};
use mainstay_domain::error::Error;
use mainstay_domain::id::UserId;
use mainstay_domain::resources;
use mainstay_domain::user::{User, UserStatus};
use mainstay_repositories::{Credentials, PersonalGrant, Roles, UserFilter, UserSort, Users};

#[test]
fn an_account_is_read_back_as_it_was_written() {
    on_both(async |store| {
        let ann = User {
            email_verified: true,
            ..user(1)
        };
        put_user(&store, &ann).await;
        let found = write!(store, [], |tx| {
            Users::new(tx).find(&everything(), id(1)).await
        })
        .unwrap();
        assert_eq!(found, ann);
        let email = ann.email.clone();
        let found = write!(store, [email], |tx| {
            Users::new(tx).find_by_email(&everything(), &email).await
        });
        assert_eq!(found.unwrap(), Some(ann));
    });
}

#[test]
fn users_find_only_their_own_account() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        put_user(&store, &user(2)).await;
        let seen = write!(store, [], |tx| {
            let mut users = Users::new(tx);
            let (me, other) = (own::<User>(id(1)), anonymous::<User>());
            assert!(users.find(&me, id(1)).await.is_ok());
            assert!(matches!(users.find(&me, id(2)).await, Err(Error::NotFound)));
            assert!(matches!(users.find(&other, id(1)).await, Err(Error::NotFound)));
            assert_eq!(users.find_by_email(&me, &user(2).email).await?, None);
            assert_eq!(users.access_facts(&me, id(2)).await?, None);
            assert!(users.grants(&me, id(2)).await?.is_empty());
            assert!(users.access_facts_since(&me, 0).await?.is_empty());
            let all = users
                .list(
                    &me,
                    &UserFilter::default(),
                    (UserSort::Name, false),
                    &numbered(1, 10),
                )
                .await?;
            let none = users
                .list(
                    &other,
                    &UserFilter::default(),
                    (UserSort::Name, false),
                    &numbered(1, 10),
                )
                .await?;
            let counts = (total(&all), total(&none));
            Ok((all.items, counts))
        });
        assert_eq!(seen.unwrap(), (vec![user(1)], (1, 0)));
    });
}

#[test]
fn an_address_is_unique() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        let duplicate = User {
            email: user(1).email,
            ..user(2)
        };
        let error = write!(store, [duplicate], |tx| {
            Users::new(tx)
                .insert(&permit_to(User::CREATE, &duplicate), &duplicate)
                .await
        })
        .unwrap_err();
        assert!(
            matches!(&error, Error::Conflict(why) if why == "this e-mail address is taken"),
            "{error:?}"
        );
        put_user(&store, &user(2)).await;
        let duplicate = duplicate.touched(at(200));
        let error = write!(store, [duplicate], |tx| {
            Users::new(tx)
                .save(&permit_to(User::UPDATE, &duplicate), &duplicate)
                .await
        })
        .unwrap_err();
        assert!(matches!(error, Error::Conflict(_)), "{error:?}");
    });
}

#[test]
fn a_change_of_an_outdated_version_is_refused() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        let changed = User {
            mfa_enabled: true,
            ..user(1)
        }
        .touched(at(200));
        write!(store, [changed], |tx| {
            Users::new(tx)
                .save(&permit_to(User::UPDATE, &changed), &changed)
                .await
        })
        .unwrap();
        let error = write!(store, [changed], |tx| {
            Users::new(tx)
                .save(&permit_to(User::UPDATE, &changed), &changed)
                .await
        });
        assert!(lost_a_race(&error), "{error:?}");
        let found = write!(store, [], |tx| {
            Users::new(tx).find(&everything(), id(1)).await
        })
        .unwrap();
        assert_eq!(found, changed);
    });
}

#[test]
fn a_permit_for_another_row_is_refused() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        let error = write!(store, [], |tx| {
            Users::new(tx)
                .delete(&permit_to(User::DELETE, &user(2)), &user(1))
                .await
        });
        assert!(matches!(error, Err(Error::Internal(_))), "{error:?}");
        assert!(
            write!(store, [], |tx| {
                Users::new(tx).find(&everything(), id(1)).await
            })
            .is_ok()
        );
    });
}

#[test]
fn a_search_matches_its_text_literally() {
    on_both(async |store| {
        for (number, name) in [(1, "100% Ann"), (2, "Ann_a"), (3, "annea"), (4, "Bob' OR 1=1 --")] {
            put_user(
                &store,
                &User {
                    name: mainstay_domain::name::PersonName::stored(name.into()),
                    ..user(number)
                },
            )
            .await;
        }
        for (q, wanted) in [
            ("ANN", vec![1, 2, 3]),
            ("0%", vec![1]),
            ("n_", vec![2]),
            ("' or 1", vec![4]),
            ("user2@", vec![2]),
            ("\0", vec![]),
        ] {
            let filter = UserFilter {
                q: Some(q.to_owned()),
                ..UserFilter::default()
            };
            let found = write!(store, [filter], |tx| {
                Users::new(tx)
                    .list(
                        &everything(),
                        &filter,
                        (UserSort::CreatedAt, false),
                        &numbered(1, 10),
                    )
                    .await
            });
            let ids: Vec<UserId> = found.unwrap().items.iter().map(|user| user.id).collect();
            assert_eq!(ids, wanted.into_iter().map(id).collect::<Vec<UserId>>(), "{q}");
        }
    });
}

#[test]
fn filters_are_combined() {
    on_both(async |store| {
        put_user(
            &store,
            &User {
                role: RoleName::admin(),
                ..user(1)
            },
        )
        .await;
        put_user(
            &store,
            &User {
                role: RoleName::admin(),
                status: UserStatus::Disabled,
                ..user(2)
            },
        )
        .await;
        put_user(&store, &user(3)).await;
        let filter = UserFilter {
            role: Some(RoleName::admin()),
            status: Some(UserStatus::Active),
            q: None,
        };
        let (listed, admins) = write!(store, [filter], |tx| {
            let mut users = Users::new(tx);
            let listed = users
                .list(&everything(), &filter, (UserSort::Email, true), &numbered(1, 10))
                .await?;
            Ok((listed, users.active_admins(&everything()).await?))
        })
        .unwrap();
        assert_eq!(
            (listed.items.len(), total(&listed), listed.items[0].id, admins),
            (1, 1, id(1), 1)
        );
    });
}

#[test]
fn of_two_administrators_who_demote_each_other_one_remains() {
    on_both(async |store| {
        for number in [1, 2] {
            put_user(
                &store,
                &User {
                    role: RoleName::admin(),
                    ..user(number)
                },
            )
            .await;
        }
        let demote = |number: u128| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move {
                write!(store, [], |tx| {
                    let mut users = Users::new(tx);
                    if users.active_admins(&everything()).await? < 2 {
                        return Err(Error::Conflict("the last".into()));
                    }
                    let other = users.find(&everything(), id(number)).await?;
                    let other = User {
                        role: RoleName::customer(),
                        ..other
                    }
                    .touched(at(200));
                    users.save(&permit_to(User::UPDATE, &other), &other).await
                })
            })
        };
        let (one, two) = (demote(1), demote(2));
        let done = [one.await.unwrap().is_ok(), two.await.unwrap().is_ok()];
        assert_eq!(done.into_iter().filter(|done| *done).count(), 1);
        let left = write!(store, [], |tx| {
            Users::new(tx).active_admins(&everything()).await
        });
        assert_eq!(left.unwrap(), 1);
    });
}

#[test]
fn grants_are_replaced_and_revoked_and_are_access_changes() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        put_user(&store, &user(2)).await;
        let grant = PersonalGrant {
            permission: "read:audit".to_owned(),
            expires_at: Some(at(500)),
            granted_by: Some(id(2)),
            created_at: at(300),
        };
        let longer = PersonalGrant {
            expires_at: None,
            granted_by: None,
            created_at: at(310),
            ..grant.clone()
        };
        write!(store, [grant, longer], |tx| {
            let mut users = Users::new(tx);
            users
                .grant(&permit_to(User::GRANT, &user(1)), &user(1), &grant)
                .await?;
            assert_eq!(users.grants(&everything(), id(1)).await?, [grant]);
            users
                .grant(&permit_to(User::GRANT, &user(1)), &user(1), &longer)
                .await?;
            assert_eq!(users.grants(&own(id(1)), id(1)).await?, [longer]);
            let facts = users
                .access_facts(&everything(), id(1))
                .await?
                .expect("it is there");
            assert_eq!((facts.change, facts.grants.len()), (2, 1));
            assert!(users.access_facts_since(&everything(), 2).await?.is_empty());
            assert_eq!(users.access_facts_since(&everything(), 1).await?, [facts]);
            assert_eq!(
                users.access_facts_since(&everything(), 0).await?.len(),
                1,
                "an account that never changed has no number"
            );
            assert!(
                users
                    .revoke_grant(
                        &permit_to(User::REVOKE, &user(1)),
                        &user(1),
                        "read:audit",
                        at(400)
                    )
                    .await?
            );
            assert!(
                !users
                    .revoke_grant(
                        &permit_to(User::REVOKE, &user(1)),
                        &user(1),
                        "read:audit",
                        at(410)
                    )
                    .await?
            );
            let changed = users.access_facts_since(&everything(), 2).await?;
            assert_eq!((changed.len(), changed[0].grants.len()), (1, 0));
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn deleting_an_account_removes_its_password_and_hides_its_row() {
    on_both(async |store| {
        put_user(&store, &user(1)).await;
        write!(store, [], |tx| {
            let ann = user(1);
            Credentials::new(tx)
                .set(&permit_to(User::CREATE, &ann), &ann, "first", at(1))
                .await?;
            Credentials::new(tx)
                .set(&permit_to(User::CREATE, &ann), &ann, "second", at(2))
                .await?;
            assert_eq!(
                Credentials::new(tx).find(&everything(), ann.id).await?.as_deref(),
                Some("second")
            );
            assert_eq!(
                Credentials::new(tx).find(&own(ann.id), ann.id).await?.as_deref(),
                Some("second")
            );
            assert_eq!(Credentials::new(tx).find(&own(id(9)), ann.id).await?, None);
            let erased = ann.clone().erased(at(3));
            Users::new(tx)
                .delete(&permit_to(User::DELETE, &ann), &erased)
                .await?;
            assert_eq!(Credentials::new(tx).find(&everything(), ann.id).await?, None);
            let mut users = Users::new(tx);
            assert!(matches!(
                users.find(&everything(), ann.id).await,
                Err(Error::NotFound)
            ));
            assert_eq!(users.find_by_email(&everything(), &erased.email).await?, None);
            // Every node still learns that the account is disabled.
            let facts = users.access_facts(&everything(), ann.id).await?;
            assert_eq!(facts.map(|facts| facts.status), Some(UserStatus::Disabled));
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn the_built_in_roles_have_only_declared_permissions() {
    on_both(async |store| {
        let roles = write!(store, [], |tx| {
            assert!(Roles::new(tx).exists(&RoleName::admin()).await?);
            assert!(
                !Roles::new(tx)
                    .exists(&RoleName::parse("unknown").expect("a good name"))
                    .await?
            );
            Roles::new(tx).all().await
        })
        .unwrap();
        let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
        assert_eq!(names, ["admin", "customer", "manager", "support"]);
        assert!(roles.iter().all(|role| role.built_in));
        assert!(roles[0].permissions.is_empty());
        assert!(roles[1].permissions.iter().eq(["create:order"]));
        let known: Vec<&str> = resources::built_in()
            .permissions()
            .into_iter()
            .map(Permission::as_str)
            .collect();
        for permission in roles.iter().flat_map(|role| &role.permissions) {
            assert!(known.contains(&permission.as_str()), "{permission}");
        }
    });
}
