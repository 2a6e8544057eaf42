//! One client: its caller, its queue and its subscriptions.

use crate::history::History;
use crate::hub::Hub;
use crate::message::Message;
use crate::queue::Queue;
use mainstay_domain::channel::Channel;
use mainstay_domain::id::UserId;
use mainstay_domain::{Error, Result};
use mainstay_edge::LiveCaller;
use mainstay_services::channel::OpenChannel;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Maximum number of channels of one connection.
pub(crate) const MAX_CHANNELS: usize = 100;
/// How long a client waits for the hub to be ready.
const READY: Duration = Duration::from_secs(5);

/// Where a client was when it lost its connection.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Since {
    pub(crate) epoch: String,
    pub(crate) offset: i64,
}

/// The answer to a subscription, and what follows it.
#[derive(Debug)]
pub(crate) struct Subscribed {
    pub(crate) epoch: String,
    /// The offset of the last message that was published before the subscription.
    pub(crate) offset: i64,
    /// Whether nothing was missed; `None` when the client did not say where it was.
    pub(crate) recovered: Option<bool>,
    pub(crate) history: History,
}

/// A signed-in client of the hub. Dropping it ends all its subscriptions.
pub(crate) struct Subscriber {
    hub: Arc<Hub>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) caller: LiveCaller,
    connection: u64,
    ids: HashMap<Channel, u64>,
    subscriptions: HashMap<u64, Subscription>,
}

struct Subscription {
    channel: Channel,
    owner: Option<UserId>,
}

impl Subscriber {
    /// A client without subscriptions.
    pub(crate) fn new(hub: &Arc<Hub>, caller: LiveCaller) -> Self {
        let queue = Arc::new(Queue::default());
        queue.set_checked_until(caller.good_until());
        Self {
            connection: hub.connect(&queue),
            hub: Arc::clone(hub),
            queue,
            caller,
            ids: HashMap::new(),
            subscriptions: HashMap::new(),
        }
    }

    /// Number of subscriptions.
    pub(crate) fn channels(&self) -> usize {
        self.ids.len()
    }

    /// Whether the client subscribes to a channel.
    pub(crate) fn has(&self, channel: &Channel) -> bool {
        self.ids.contains_key(channel)
    }

    /// Subscribes to a channel, or again, in place of the earlier subscription.
    ///
    /// # Errors
    /// `FORBIDDEN`; `UNAVAILABLE`.
    pub(crate) async fn subscribe(&mut self, channel: &Channel, since: Option<&Since>) -> Result<Subscribed> {
        let opened = self
            .caller
            .query(OpenChannel {
                channel: channel.clone(),
            })
            .await?;
        let ready = timeout(READY, self.hub.ready()).await;
        ready.map_err(|_elapsed| Error::Unavailable {
            what: "the log of events",
            source: None,
        })?;
        self.unsubscribe(channel);
        let (id, subscribed) = match channel {
            Channel::Room(name) => {
                let user = self.caller.caller().user_id();
                let user = user.ok_or_else(|| Error::bug("a subscriber is signed in"))?;
                let since = since.map(|since| (&*since.epoch, since.offset));
                let place = self.hub.enter(name, &self.queue, user, since);
                let subscribed = Subscribed {
                    epoch: place.epoch.to_string(),
                    offset: place.last,
                    recovered: place.recovered,
                    history: History::of(channel.clone(), place.missed),
                };
                (place.id, subscribed)
            }
            Channel::User(_) | Channel::Orders(_) | Channel::Products => {
                let (positions, epoch) = (opened.positions, opened.positions.epoch.to_string());
                let known = since.filter(|since| {
                    since.epoch == epoch && since.offset >= positions.pruned && since.offset <= positions.last
                });
                let offset = known.map(|since| since.offset);
                let place = self.hub.subscribe(channel, &self.queue, offset);
                let subscribed = Subscribed {
                    epoch,
                    // The client may have been connected to a node that is ahead of this one.
                    offset: offset.map_or(place.last, |offset| offset.max(place.last)),
                    recovered: since.map(|_| known.is_some()),
                    history: History::between(channel.clone(), offset.unwrap_or(place.last), place.last),
                };
                (place.id, subscribed)
            }
        };
        self.ids.insert(channel.clone(), id);
        let (channel, owner) = (channel.clone(), opened.owner);
        self.subscriptions.insert(id, Subscription { channel, owner });
        Ok(subscribed)
    }

    /// Ends the subscription to a channel; whether there was one.
    pub(crate) fn unsubscribe(&mut self, channel: &Channel) -> bool {
        let Some(id) = self.ids.remove(channel) else {
            return false;
        };
        self.subscriptions.remove(&id);
        self.hub.unsubscribe(channel, id);
        true
    }

    /// The next message that waits for the client, and that the caller may see.
    pub(crate) fn next(&self) -> Option<Arc<Message>> {
        loop {
            let item = self.queue.pop()?;
            // Of a subscription that has ended, messages may still wait.
            let is_subscribed = self.subscriptions.contains_key(&item.subscription);
            let message = item.message;
            if is_subscribed
                && (message.is_published || message.channel.shows_unpublished(self.caller.caller()))
            {
                return Some(message);
            }
        }
    }

    /// Checks the caller again where something may have changed; returns the channels to which the right has ended.
    ///
    /// # Errors
    /// The credential is no longer accepted, or that cannot be found out.
    pub(crate) async fn check(&mut self) -> Result<Vec<Channel>> {
        if self.caller.is_current() {
            return Ok(Vec::new());
        }
        self.caller.renew(Channel::ACCESS).await?;
        Ok(self.recheck())
    }

    /// Ends the subscriptions that the caller, who may be another one now, has no right to.
    fn recheck(&mut self) -> Vec<Channel> {
        self.queue.set_checked_until(self.caller.good_until());
        let caller = self.caller.caller();
        let ended = self.subscriptions.values();
        let ended = ended.filter(|one| !one.channel.is_open_to(caller, one.owner));
        let ended: Vec<Channel> = ended.map(|one| one.channel.clone()).collect();
        for channel in &ended {
            self.unsubscribe(channel);
        }
        ended
    }

    /// Authenticates by a fresh token, which extends the connection; returns the channels to which the right has ended.
    ///
    /// # Errors
    /// 401 or 403 when the token is not accepted; `FORBIDDEN` when it is another account's.
    pub(crate) async fn authenticate(
        &mut self,
        token: &str,
        operation: &'static str,
    ) -> Result<Vec<Channel>> {
        let mut caller = self.caller.clone();
        caller.authenticate(token, Channel::ACCESS, operation).await?;
        if caller.caller().user_id() != self.caller.caller().user_id() {
            return Err(Error::Denied(mainstay_domain::error::Denied::Ownership));
        }
        self.caller = caller;
        Ok(self.recheck())
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        for (channel, id) in self.ids.drain() {
            self.hub.unsubscribe(&channel, id);
        }
        self.hub.disconnect(self.connection);
    }
}
