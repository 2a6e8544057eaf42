//! Channels: who may subscribe, what they have carried, and who may publish.

mod connect;
mod history;
mod open;
mod publish;

pub use connect::{Connect, Stream};
pub use history::ReadHistory;
pub use open::{OpenChannel, OpenedChannel};
pub use publish::PublishInRoom;

use mainstay_domain::channel::Channel;
use mainstay_domain::error::Denied;
use mainstay_domain::id::UserId;
use mainstay_domain::{Error, Result};
use mainstay_engine::QueryContext;

use crate::repositories::ShopRepositories;

/// The account that owns what a channel is about, if the caller may subscribe to the channel.
///
/// # Errors
/// `FORBIDDEN`, also where an order does not exist: the caller does not learn which.
async fn owner_of(channel: &Channel, cx: &mut QueryContext<'_>) -> Result<Option<UserId>> {
    let owner = match channel {
        Channel::Orders(id) => {
            let scope = cx.scope();
            match cx.orders().find(&scope, *id).await {
                Ok(order) => Some(order.user_id),
                Err(Error::NotFound) => return Err(Error::Denied(Denied::Ownership)),
                Err(error) => return Err(error),
            }
        }
        Channel::User(_) | Channel::Products | Channel::Room(_) => None,
    };
    match channel.is_open_to(cx.caller(), owner) {
        true => Ok(owner),
        false => Err(Error::Denied(Denied::Ownership)),
    }
}
