//! Channels: streams of messages that clients subscribe to.

use crate::access::{Access, Caller, Permission, scope};
use crate::id::{OrderId, UserId};
use crate::order::Order;
use crate::product::Product;
use std::fmt;
use std::str::FromStr;

/// A stream of messages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// What happens to what an account owns: `user:<id>`. For its owner alone.
    User(UserId),
    /// The transitions of one order: `orders:<id>`. For callers who may see the order.
    Orders(OrderId),
    /// Stock and prices of products: `products`. Messages about a product that is not on sale are for callers who may
    /// see it.
    Products,
    /// What members publish: `room:<name>`. For everyone who is signed in.
    Room(RoomName),
}

/// The name of a room: 1 to 64 small letters, digits, `-`, `_` or `.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(Box<str>);

impl RoomName {
    /// Maximum length in bytes.
    pub const MAX_LENGTH: usize = 64;
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[expect(missing_docs, reason = "the description is the documentation")]
impl Permission {
    pub const PUBLISH_ROOM: Self = Self::new("publish:room", "Publish messages in rooms");
}

impl Channel {
    /// Which callers may subscribe to channels at all; [`Channel::is_open_to`] decides about each.
    pub const ACCESS: Access = Access::signed_in();

    /// Whether a caller may receive what is published to everyone in the channel. `owner` is the account that owns what
    /// the channel is about, as far as it has an owner. The policies of the resources decide.
    pub fn is_open_to(&self, caller: &Caller, owner: Option<UserId>) -> bool {
        match self {
            Self::User(id) => caller.user_id() == Some(*id),
            Self::Orders(_) => scope::<Order>(caller).includes(owner, false),
            Self::Products => scope::<Product>(caller).includes(None, true),
            Self::Room(_) => caller.principal().is_some(),
        }
    }

    /// Whether a caller who may subscribe receives a message about something that is not published.
    pub fn shows_unpublished(&self, caller: &Caller) -> bool {
        match self {
            Self::Products => scope::<Product>(caller).includes(None, false),
            Self::User(_) | Self::Orders(_) | Self::Room(_) => true,
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Orders(id) => write!(f, "orders:{id}"),
            Self::Products => f.write_str("products"),
            Self::Room(name) => write!(f, "room:{name}"),
        }
    }
}

/// The text names no channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a channel")]
pub struct NotAChannel;

impl FromStr for Channel {
    type Err = NotAChannel;

    fn from_str(text: &str) -> Result<Self, NotAChannel> {
        match text.split_once(':') {
            None if text == "products" => Ok(Self::Products),
            Some(("user", id)) => id.parse().map(Self::User).map_err(|_| NotAChannel),
            Some(("orders", id)) => id.parse().map(Self::Orders).map_err(|_| NotAChannel),
            Some(("room", name)) => name.parse().map(Self::Room),
            _ => Err(NotAChannel),
        }
    }
}

impl FromStr for RoomName {
    type Err = NotAChannel;

    fn from_str(text: &str) -> Result<Self, NotAChannel> {
        let is_allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
        };
        let is_name = (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_allowed);
        is_name.then(|| Self(text.into())).ok_or(NotAChannel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_has_one_spelling() {
        let id = "0190f8a0-0000-7000-8000-000000000001";
        for text in [
            "products".to_owned(),
            format!("user:{id}"),
            format!("orders:{id}"),
            "room:lobby-1".to_owned(),
        ] {
            assert_eq!(text.parse::<Channel>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "Products",
            "products:",
            "user:",
            "user:0190F8A0-0000-7000-8000-000000000001x",
            "orders:*",
            "room:",
            "room:Lobby",
            "room:a b",
            "jobs:1",
        ] {
            assert_eq!(text.parse::<Channel>(), Err(NotAChannel), "{text}");
        }
        assert!(format!("room:{}", "a".repeat(64)).parse::<Channel>().is_ok());
        assert!(format!("room:{}", "a".repeat(65)).parse::<Channel>().is_err());
    }

    #[test]
    fn an_anonymous_caller_receives_nothing_of_a_person() {
        let owner: UserId = "0190f8a0-0000-7000-8000-000000000001".parse().unwrap();
        for text in ["user", "orders"] {
            let channel: Channel = format!("{text}:{owner}").parse().unwrap();
            assert!(!channel.is_open_to(&Caller::Anonymous, Some(owner)), "{text}");
        }
        assert!(!Channel::Products.shows_unpublished(&Caller::Anonymous));
    }
}
