//! Reads what a subscriber missed.

use super::owner_of;
use mainstay_domain::Result;
use mainstay_domain::access::Resource as _;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::channel::Channel;
use mainstay_domain::event::PositionedEvent;
use mainstay_domain::order::Order;
use mainstay_domain::product::Product;
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};
use mainstay_repositories::{EventsOf, Outbox};

/// Reads the events of a channel between two positions, in order.
#[derive(Debug, Clone)]
pub struct ReadHistory {
    /// The channel.
    pub channel: Channel,
    /// Events at this position and before are left out.
    pub after: i64,
    /// Events after this position are left out.
    pub until: i64,
    /// Maximum number of events.
    pub limit: u32,
}

impl UseCase for ReadHistory {
    const NAME: &'static str = "channel.history";
    const ACCESS: Access = Channel::ACCESS;
    const RATE: Rate = Rate::per_minute(6000);
    type Output = Vec<PositionedEvent>;
}

impl Query for ReadHistory {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Vec<PositionedEvent>> {
        owner_of(&self.channel, cx).await?;
        let id;
        let events = match &self.channel {
            Channel::User(user) => EventsOf::Owner(*user),
            // Orders change the stock of their products.
            Channel::Products => EventsOf::Kinds([Product::NAME, Order::NAME]),
            Channel::Orders(order) => {
                id = order.to_string();
                EventsOf::Resource(Order::NAME, &id)
            }
            // What was published in a room is not stored.
            Channel::Room(_) => return Ok(Vec::new()),
        };
        Outbox::new(cx.tx())
            .relayed(events, self.after, self.until, self.limit)
            .await
    }
}
