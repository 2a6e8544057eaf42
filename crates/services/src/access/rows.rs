//! The built-in resources whose rows can be named.

use crate::repositories::ShopRepositories;
use mainstay_domain::access::Target;
use mainstay_domain::api_key::ApiKey;
use mainstay_domain::id::Id;
use mainstay_domain::identity::Identity;
use mainstay_domain::job::Job;
use mainstay_domain::order::Order;
use mainstay_domain::payment::Payment;
use mainstay_domain::product::Product;
use mainstay_domain::security::SecurityEvent;
use mainstay_domain::session::Session;
use mainstay_domain::user::User;
use mainstay_engine::{Repositories, RowFinders};

/// Finds the rows of the built-in resources.
pub fn row_finders() -> RowFinders {
    RowFinders::new()
        .with_table::<ApiKey>()
        .with_table::<Identity>()
        .with_table::<Job>()
        .with_table::<Payment>()
        .with_table::<SecurityEvent>()
        .with::<User>(|cx, id| {
            Box::pin(async move {
                // A caller who may ask about accounts finds all of them for that purpose.
                let scope = cx.scope_to(User::EXPLAIN);
                Ok(Target::of(&cx.users().find(&scope, Id::from_uuid(id)).await?))
            })
        })
        .with::<Session>(|cx, id| {
            Box::pin(async move {
                let scope = cx.scope();
                Ok(Target::of(&cx.sessions().find(&scope, Id::from_uuid(id)).await?))
            })
        })
        .with::<Product>(|cx, id| {
            Box::pin(async move {
                let scope = cx.scope();
                Ok(Target::of(&cx.products().find(&scope, Id::from_uuid(id)).await?))
            })
        })
        .with::<Order>(|cx, id| {
            Box::pin(async move {
                let scope = cx.scope();
                Ok(Target::of(&cx.orders().find(&scope, Id::from_uuid(id)).await?))
            })
        })
}
