//! Delivers messages to the subscribers of this process.

use crate::message::Message;
use crate::queue::{Item, Queue};
use crate::request_log::RequestLog;
use crate::rooms::{Room, Rooms};
use mainstay_domain::channel::{Channel, RoomName};
use mainstay_domain::id::{UserId, uuid_v7};
use mainstay_domain::random::Random;
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_platform::telemetry::access_log::AccessLog;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The subscribers of this process, and the rooms. One per process; interfaces share it.
pub struct Hub {
    state: Mutex<State>,
    is_ready: watch::Sender<bool>,
    stopping: CancellationToken,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    delivered: AtomicU64,
    too_slow: AtomicU64,
    pub(crate) request_log: RequestLog,
}

#[derive(Default)]
struct State {
    /// The position of the last event that was delivered.
    last: i64,
    last_id: u64,
    channels: HashMap<Channel, HashMap<u64, Entry>>,
    connections: HashMap<u64, Arc<Queue>>,
    rooms: Rooms,
}

struct Entry {
    queue: Arc<Queue>,
    user: Option<UserId>,
    /// Messages up to this offset are not for this subscriber: it has them, or reads them from the history.
    after: i64,
}

/// What the hub has to do with clients at present, and has done since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubCounts {
    /// Open connections that are signed in.
    pub connections: usize,
    /// Subscriptions of these connections.
    pub subscriptions: usize,
    /// Messages delivered.
    pub delivered: u64,
    /// Connections closed because the client was too slow.
    pub too_slow: u64,
}

/// A subscription to a channel that is fed from the log.
pub(crate) struct NewSubscription {
    /// Names the subscription.
    pub(crate) id: u64,
    /// The offset after which the client receives messages as they arrive.
    pub(crate) last: i64,
}

/// A subscription to a room.
pub(crate) struct NewRoomSubscription {
    pub(crate) id: u64,
    pub(crate) last: i64,
    pub(crate) epoch: Uuid,
    pub(crate) missed: Vec<Arc<Message>>,
    pub(crate) recovered: Option<bool>,
}

impl Hub {
    /// A hub without subscribers.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>, access_log: AccessLog) -> Self {
        Self {
            state: Mutex::default(),
            is_ready: watch::Sender::new(false),
            stopping: CancellationToken::new(),
            clock,
            random,
            delivered: AtomicU64::new(0),
            too_slow: AtomicU64::new(0),
            request_log: RequestLog::new(access_log),
        }
    }

    /// The present counts.
    pub fn counts(&self) -> HubCounts {
        let state = self.state.lock();
        HubCounts {
            connections: state.connections.len(),
            subscriptions: state.channels.values().map(HashMap::len).sum(),
            delivered: self.delivered.load(Relaxed),
            too_slow: self.too_slow.load(Relaxed),
        }
    }

    /// Begins to deliver what is relayed after a position.
    pub(crate) fn begin(&self, last: i64) {
        self.state.lock().last = last;
        self.is_ready.send_replace(true);
    }

    /// Waits until the hub knows where it is in the log.
    pub(crate) async fn ready(&self) {
        // The sender lives as long as the hub.
        let _ = self.is_ready.subscribe().wait_for(|is_ready| *is_ready).await;
    }

    /// Cancelled when the process stops.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn new_epoch(&self) -> Uuid {
        uuid_v7(self.clock.now(), &*self.random)
    }

    /// Registers a connection, so that it is woken when its caller has to be checked again.
    pub(crate) fn connect(&self, queue: &Arc<Queue>) -> u64 {
        let mut state = self.state.lock();
        state.last_id += 1;
        let id = state.last_id;
        state.connections.insert(id, Arc::clone(queue));
        id
    }

    pub(crate) fn disconnect(&self, connection: u64) {
        let removed = self.state.lock().connections.remove(&connection);
        if removed.is_some_and(|queue| queue.has_overflowed()) {
            self.too_slow.fetch_add(1, Relaxed);
        }
    }

    /// Wakes all connections: access has changed.
    pub(crate) fn wake_all(&self) {
        self.state
            .lock()
            .connections
            .values()
            .for_each(|queue| queue.wake());
    }

    /// Wakes the connections whose callers have to be checked again at an instant.
    pub(crate) fn wake_due(&self, now: Timestamp) {
        let state = self.state.lock();
        state
            .connections
            .values()
            .for_each(|queue| queue.wake_if_due(now));
    }

    /// Subscribes to a channel that is fed from the log: messages after the returned offset will be in the queue. `since`
    /// is the offset of the last message that the client has, which may be ahead of this process.
    pub(crate) fn subscribe(
        &self,
        channel: &Channel,
        queue: &Arc<Queue>,
        since: Option<i64>,
    ) -> NewSubscription {
        let mut state = self.state.lock();
        let last = state.last;
        let after = since.map_or(last, |since| since.max(last));
        let id = state.add(channel, queue, None, after);
        NewSubscription { id, last }
    }

    /// Subscribes to a room.
    pub(crate) fn enter(
        &self,
        name: &RoomName,
        queue: &Arc<Queue>,
        user: UserId,
        since: Option<(&str, i64)>,
    ) -> NewRoomSubscription {
        let (epoch, channel) = (self.new_epoch(), Channel::Room(name.clone()));
        let mut state = self.state.lock();
        let room = state.rooms.open(name, epoch);
        let is_first = room.enter(user);
        let (last, epoch) = (room.last, room.epoch);
        let found = since.map(|(epoch, offset)| room.since(epoch, offset));
        if is_first {
            let joined = Message::presence(channel.clone(), "join", user.to_string());
            state.deliver(&Arc::new(joined));
        }
        let id = state.add(&channel, queue, Some(user), last);
        let (missed, recovered) = found.map_or((Vec::new(), None), |(missed, all)| (missed, Some(all)));
        NewRoomSubscription {
            id,
            last,
            epoch,
            missed,
            recovered,
        }
    }

    /// Ends a subscription.
    pub(crate) fn unsubscribe(&self, channel: &Channel, id: u64) {
        let mut state = self.state.lock();
        let Some(subscribers) = state.channels.get_mut(channel) else {
            return;
        };
        let Some(entry) = subscribers.remove(&id) else {
            return;
        };
        if subscribers.is_empty() {
            state.channels.remove(channel);
        }
        let (Channel::Room(name), Some(user)) = (channel, entry.user) else {
            return;
        };
        if state.rooms.find(name).is_some_and(|room| room.exit(user)) {
            let left = Message::presence(channel.clone(), "leave", user.to_string());
            state.deliver(&Arc::new(left));
        }
    }

    /// Delivers the messages of one relayed event, at its position.
    pub(crate) fn publish(&self, position: i64, messages: Vec<Message>) {
        let mut state = self.state.lock();
        if position <= state.last {
            return;
        }
        let count: usize = messages
            .into_iter()
            .map(|message| state.deliver(&Arc::new(message)))
            .sum();
        state.last = position;
        drop(state);
        self.delivered.fetch_add(count as u64, Relaxed);
    }

    /// Publishes in a room; returns the offset.
    pub(crate) fn publish_in_room(&self, name: &RoomName, payload: &RawValue) -> i64 {
        let (epoch, at) = (self.new_epoch(), self.now());
        let mut state = self.state.lock();
        let room: &mut Room = state.rooms.open(name, epoch);
        let offset = room.advance();
        let message = Arc::new(Message::new(Channel::Room(name.clone()), offset, at, &payload));
        room.keep(Arc::clone(&message));
        let count = state.deliver(&message);
        drop(state);
        self.delivered.fetch_add(count as u64, Relaxed);
        offset
    }

    /// The members of a room on this node, each with the number of their connections.
    pub(crate) fn members(&self, name: &RoomName) -> Vec<(UserId, usize)> {
        let mut state = self.state.lock();
        state.rooms.find(name).map_or(Vec::new(), |room| room.members())
    }
}

impl State {
    fn add(&mut self, channel: &Channel, queue: &Arc<Queue>, user: Option<UserId>, after: i64) -> u64 {
        self.last_id += 1;
        let (id, queue) = (self.last_id, Arc::clone(queue));
        let subscribers = self.channels.entry(channel.clone()).or_default();
        subscribers.insert(id, Entry { queue, user, after });
        id
    }

    /// Adds a message to the queue of each subscriber of its channel; returns their number.
    fn deliver(&self, message: &Arc<Message>) -> usize {
        let Some(subscribers) = self.channels.get(&message.channel) else {
            return 0;
        };
        for (id, entry) in subscribers {
            if message.offset.is_none_or(|offset| offset > entry.after) {
                entry.queue.push(Item {
                    subscription: *id,
                    message: Arc::clone(message),
                });
            }
        }
        subscribers.len()
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hub({:?})", self.counts())
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
