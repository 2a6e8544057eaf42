//! Opens a connection that messages are delivered over.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_engine::{CacheView, Query, QueryContext, UseCase};

/// Opens a WebSocket. A client may open it before it is signed in, and has to authenticate by its first frame then.
#[derive(Debug, Clone)]
pub struct Connect;

impl UseCase for Connect {
    const NAME: &'static str = "channel.connect";
    const ACCESS: Access = Access::signed_in();
    type Output = ();
}

impl Query for Connect {
    fn cached(&self, _cached: &CacheView<'_>) -> Option<()> {
        Some(())
    }

    async fn run(self, _cx: &mut QueryContext<'_>) -> Result<()> {
        Ok(())
    }
}

/// Opens a stream of server-sent events.
#[derive(Debug, Clone)]
pub struct Stream;

impl UseCase for Stream {
    const NAME: &'static str = "channel.stream";
    const ACCESS: Access = Access::signed_in();
    const RATE: Rate = Rate::per_minute(120);
    type Output = ();
}

impl Query for Stream {
    fn cached(&self, _cached: &CacheView<'_>) -> Option<()> {
        Some(())
    }

    async fn run(self, _cx: &mut QueryContext<'_>) -> Result<()> {
        Ok(())
    }
}
