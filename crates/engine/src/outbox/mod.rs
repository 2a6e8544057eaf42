//! Events after their commit: the relay turns them into the jobs of their subscribers and publishes them in this
//! process.

mod event_log;
mod live;
mod relay;
mod subscriptions;

pub use event_log::{EventLog, positions};
pub use live::Live;
pub use relay::Relay;
pub use subscriptions::{EventSubscriber, Subscriptions};
