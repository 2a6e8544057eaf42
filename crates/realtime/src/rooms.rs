//! Rooms: what members publish, kept in the memory of this process.

use crate::message::Message;
use mainstay_domain::channel::RoomName;
use mainstay_domain::id::UserId;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use uuid::Uuid;

/// How many messages of a room a client can miss and still recover.
const HISTORY: usize = 100;
/// How many rooms are kept that have no member.
const MAX_EMPTY: usize = 1000;

/// One room.
#[derive(Debug)]
pub(crate) struct Room {
    /// Names this run of the room: its offsets begin anew when the process does.
    pub(crate) epoch: Uuid,
    /// The offset of the last message; 0 before the first.
    pub(crate) last: i64,
    recent: VecDeque<Arc<Message>>,
    members: BTreeMap<UserId, usize>,
}

impl Room {
    /// The messages after an offset, and whether they are all that there were.
    pub(crate) fn since(&self, epoch: &str, offset: i64) -> (Vec<Arc<Message>>, bool) {
        let oldest = self.recent.front().and_then(|message| message.offset);
        let is_known = epoch == self.epoch.to_string()
            && offset <= self.last
            && offset >= oldest.map_or(self.last, |oldest| oldest - 1);
        match is_known {
            true => {
                let missed = self.recent.iter().filter(|message| message.offset > Some(offset));
                (missed.cloned().collect(), true)
            }
            false => (Vec::new(), false),
        }
    }

    /// The offset of the next message.
    pub(crate) fn advance(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    /// Keeps a message for those who miss it.
    pub(crate) fn keep(&mut self, message: Arc<Message>) {
        self.recent.push_back(message);
        if self.recent.len() > HISTORY {
            self.recent.pop_front();
        }
    }

    /// Counts a connection of a member; whether it is the member's first.
    pub(crate) fn enter(&mut self, user: UserId) -> bool {
        let connections = self.members.entry(user).or_default();
        *connections += 1;
        *connections == 1
    }

    /// Removes a connection of a member; whether it was the member's last.
    pub(crate) fn exit(&mut self, user: UserId) -> bool {
        let Some(connections) = self.members.get_mut(&user) else {
            return false;
        };
        *connections -= 1;
        if *connections > 0 {
            return false;
        }
        self.members.remove(&user);
        true
    }

    /// The members, each with the number of their connections.
    pub(crate) fn members(&self) -> Vec<(UserId, usize)> {
        self.members.iter().map(|(user, count)| (*user, *count)).collect()
    }
}

/// All rooms of a process.
#[derive(Debug, Default)]
pub(crate) struct Rooms(HashMap<RoomName, Room>);

impl Rooms {
    /// The room of a name, which is made where there is none. `epoch` names it then.
    pub(crate) fn open(&mut self, name: &RoomName, epoch: Uuid) -> &mut Room {
        if !self.0.contains_key(name) {
            let empty = self.0.values().filter(|room| room.members.is_empty()).count();
            if empty > MAX_EMPTY {
                self.0.retain(|_, room| !room.members.is_empty());
            }
        }
        self.0.entry(name.clone()).or_insert_with(|| Room {
            epoch,
            last: 0,
            recent: VecDeque::new(),
            members: BTreeMap::new(),
        })
    }

    /// The room of a name, if there is one.
    pub(crate) fn find(&mut self, name: &RoomName) -> Option<&mut Room> {
        self.0.get_mut(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::channel::Channel;
    use mainstay_domain::time::Timestamp;

    #[test]
    fn a_client_recovers_as_long_as_the_room_remembers() {
        let (mut rooms, name): (_, RoomName) = (Rooms::default(), "lobby".parse().unwrap());
        let room = rooms.open(&name, Uuid::from_u128(7));
        let epoch = room.epoch.to_string();
        assert_eq!(room.since(&epoch, 0), (Vec::new(), true));
        assert!(!room.since("other", 0).1 && !room.since(&epoch, 1).1);
        for _ in 0..HISTORY + 5 {
            let (offset, channel) = (room.advance(), Channel::Room(name.clone()));
            let message = Message::new(channel, offset, Timestamp::from_seconds(0), &"x");
            room.keep(Arc::new(message));
        }
        assert!(!room.since(&epoch, 4).1);
        let (missed, recovered) = room.since(&epoch, 5);
        assert!(recovered && missed.len() == HISTORY && missed[0].offset == Some(6));
        assert_eq!(room.since(&epoch, room.last), (Vec::new(), true));
    }

    #[test]
    fn rooms_without_members_are_forgotten_when_there_are_many() {
        let mut rooms = Rooms::default();
        let user = UserId::from_uuid(Uuid::from_u128(1));
        let kept: RoomName = "kept".parse().unwrap();
        rooms.open(&kept, Uuid::nil()).enter(user);
        for number in 0..MAX_EMPTY + 10 {
            rooms.open(&format!("room-{number}").parse().unwrap(), Uuid::nil());
        }
        assert!(rooms.0.len() < MAX_EMPTY && rooms.find(&kept).is_some());
    }
}
