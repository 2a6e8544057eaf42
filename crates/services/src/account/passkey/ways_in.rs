//! How an account may be signed in to.

use crate::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::id::UserId;
use mainstay_engine::{CommandContext, Repositories};

/// Whether an account of the caller would have no way in left if it lost one of its identities or passkeys.
pub(in crate::account) async fn is_last_way_in(cx: &mut CommandContext<'_>, user: UserId) -> Result<bool> {
    let (users, identities, passkeys) = (cx.scope(), cx.scope(), cx.scope());
    let has_password = cx.credentials().find(&users, user).await?.is_some();
    let identities = cx.identities().count_of(&identities, user).await?;
    let passkeys = cx.passkeys().count_of(&passkeys, user).await?;
    Ok(!has_password && identities + passkeys <= 1)
}
