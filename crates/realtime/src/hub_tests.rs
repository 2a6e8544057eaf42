use super::*;
use crate::queue::MAX_MESSAGES;
use mainstay_domain::random::Counting;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1)
    }
}

fn hub() -> Hub {
    Hub::new(Arc::new(Fixed), Arc::new(Counting::default()), AccessLog::off())
}

fn message(offset: i64) -> Message {
    Message::new(Channel::Products, offset, Timestamp::from_seconds(0), &"x")
}

fn offsets(queue: &Queue) -> Vec<Option<i64>> {
    std::iter::from_fn(|| queue.pop())
        .map(|item| item.message.offset)
        .collect()
}

#[test]
fn a_subscriber_receives_what_follows_its_place_once() {
    let (hub, early, late) = (hub(), Arc::<Queue>::default(), Arc::<Queue>::default());
    hub.begin(10);
    let place = hub.subscribe(&Channel::Products, &early, None);
    assert_eq!(place.last, 10);
    // It was connected to a node that is ahead of this one.
    hub.subscribe(&Channel::Products, &late, Some(12));
    for position in [11, 12, 12, 11, 13] {
        hub.publish(position, vec![message(position)]);
    }
    assert_eq!(offsets(&early), [Some(11), Some(12), Some(13)]);
    assert_eq!(offsets(&late), [Some(13)]);
    hub.unsubscribe(&Channel::Products, place.id);
    hub.publish(14, vec![message(14)]);
    assert_eq!(offsets(&early), []);
    assert_eq!(hub.counts().subscriptions, 1);
}

#[test]
fn a_slow_subscriber_does_not_slow_others() {
    let (hub, slow, quick) = (hub(), Arc::<Queue>::default(), Arc::<Queue>::default());
    hub.begin(0);
    for queue in [&slow, &quick] {
        hub.subscribe(&Channel::Products, queue, None);
    }
    let count = i64::try_from(MAX_MESSAGES + 10).unwrap();
    for position in 1..=count {
        hub.publish(position, vec![message(position)]);
        assert_eq!(offsets(&quick), [Some(position)]);
    }
    assert!(slow.has_overflowed() && !quick.has_overflowed());
}

#[test]
fn members_enter_and_leave_once_whatever_their_connections() {
    let (hub, name): (_, RoomName) = (hub(), "lobby".parse().unwrap());
    let user = |number| UserId::from_uuid(Uuid::from_u128(number));
    let (first, other) = (Arc::<Queue>::default(), Arc::<Queue>::default());
    let frames = |queue: &Queue| -> Vec<String> {
        std::iter::from_fn(|| queue.pop())
            .map(|item| item.message.frame.to_string())
            .collect()
    };
    hub.enter(&name, &first, user(1), None);
    let places = [2, 2].map(|number| hub.enter(&name, &other, user(number), None));
    assert_eq!(hub.members(&name), [(user(1), 1), (user(2), 2)]);
    let noted = frames(&first);
    assert!(noted.len() == 1 && noted[0].contains("\"join\""), "{noted:?}");
    for place in &places {
        hub.unsubscribe(&Channel::Room(name.clone()), place.id);
    }
    let noted = frames(&first);
    assert!(noted.len() == 1 && noted[0].contains("\"leave\""), "{noted:?}");
    assert_eq!(hub.members(&name), [(user(1), 1)]);
}
