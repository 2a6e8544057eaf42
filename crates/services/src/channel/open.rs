//! Opens a channel to a subscriber.

use super::owner_of;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::channel::Channel;
use mainstay_domain::event::EventPositions;
use mainstay_domain::id::UserId;
use mainstay_engine::outbox::positions;
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};
use mainstay_platform::database::ReadMode;

/// Checks that the caller may subscribe to a channel.
#[derive(Debug, Clone)]
pub struct OpenChannel {
    /// The channel to subscribe to.
    pub channel: Channel,
}

/// A channel that the caller may subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedChannel {
    /// The account that owns what the channel is about, for checking access again when it changes.
    pub owner: Option<UserId>,
    /// How far the events are, and how far back they are retained.
    pub positions: EventPositions,
}

impl UseCase for OpenChannel {
    const NAME: &'static str = "channel.subscribe";
    const ACCESS: Access = Channel::ACCESS;
    const RATE: Rate = Rate::per_minute(1200);
    type Output = OpenedChannel;
}

impl Query for OpenChannel {
    const READ: ReadMode = ReadMode::InPlace;

    async fn run(self, cx: &mut QueryContext<'_>) -> Result<OpenedChannel> {
        Ok(OpenedChannel {
            owner: owner_of(&self.channel, cx).await?,
            positions: positions(cx.tx()).await?,
        })
    }
}
