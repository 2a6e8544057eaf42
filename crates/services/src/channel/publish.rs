//! Publishes in a room.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_engine::{CacheView, Query, QueryContext, UseCase};

/// Checks that the caller may publish in rooms. Nothing is stored: the subscribers receive the message.
#[derive(Debug, Clone)]
pub struct PublishInRoom;

impl UseCase for PublishInRoom {
    const NAME: &'static str = "room.publish";
    const ACCESS: Access = Access::permission(Permission::PUBLISH_ROOM);
    type Output = ();
}

impl Query for PublishInRoom {
    fn cached(&self, _cached: &CacheView<'_>) -> Option<()> {
        Some(())
    }

    async fn run(self, _cx: &mut QueryContext<'_>) -> Result<()> {
        Ok(())
    }
}
