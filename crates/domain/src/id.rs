//! Typed identifiers: UUIDv7 (RFC 9562), so that they sort by creation time.

use crate::random::Random;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::any::type_name;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use uuid::Uuid;

pub use crate::api_key::ApiKeyId;
pub use crate::audit::{AuditId, AuditWriterId};
pub use crate::event::EventId;
pub use crate::identity::IdentityId;
pub use crate::job::JobId;
pub use crate::key::KeyId;
pub use crate::order::OrderId;
pub use crate::passkey::PasskeyId;
pub use crate::payment::PaymentId;
pub use crate::product::ProductId;
pub use crate::security::SecurityEventId;
pub use crate::session::SessionId;
pub use crate::user::UserId;

/// The identifier of a `T`: a UUID that does not mix with the identifiers of other types. A new resource declares
/// nothing for it: its id is `Id<Review>`.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Id<T> {
    uuid: Uuid,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// Types a UUID that was stored or parsed before.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            of: PhantomData,
        }
    }

    /// Makes a new identifier from a given instant and given randomness.
    pub fn make(now: Timestamp, random: &dyn Random) -> Self {
        Self::from_uuid(uuid_v7(now, random))
    }

    /// The untyped UUID, for storage.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

// Derived implementations would require the same traits of `T`, of which no value is stored.

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}

/// With the name of the type, without its path: `Id<Order>(0190…)`.
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = type_name::<T>();
        let name = path.rsplit("::").next().unwrap_or(path);
        write!(f, "Id<{name}>({})", self.uuid)
    }
}

impl<T> FromStr for Id<T> {
    type Err = NotAnId;

    /// Parses the one accepted format: 36 characters, hyphenated. Every other is refused, so that each resource has
    /// exactly one URL.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() != 36 {
            return Err(NotAnId);
        }
        Uuid::try_parse(text).map(Self::from_uuid).map_err(|_| NotAnId)
    }
}

/// The text is not a hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct NotAnId;

/// A UUID of version 7: 48 bits of milliseconds, then the microseconds within, then randomness.
pub fn uuid_v7(now: Timestamp, random: &dyn Random) -> Uuid {
    let mut bytes = [0u8; 10];
    random.fill(&mut bytes);
    let micros = now.micros().max(0);
    let sub = u16::try_from((micros % 1000) * 4).unwrap_or(0);
    // RFC 9562, 6.2, method 3: sub-millisecond precision goes into `rand_a`.
    bytes[..2].copy_from_slice(&sub.to_be_bytes());
    let millis = u64::try_from(micros / 1000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Counting;

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let random = Counting::default();
        let early = UserId::make(Timestamp::from_micros(1_700_000_000_000_001), &random);
        let late = UserId::make(Timestamp::from_micros(1_700_000_000_000_900), &random);
        assert!(early < late);
        assert_eq!(early.uuid().get_version_num(), 7);
    }

    #[test]
    fn only_hyphenated_uuids_are_parsed() {
        let id = UserId::make(Timestamp::from_micros(5), &Counting::default());
        assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
        for other in [
            "",
            "x",
            "{00000000-0000-0000-0000-000000000000}",
            "00000000000000000000000000000000",
        ] {
            assert_eq!(other.parse::<UserId>(), Err(NotAnId), "{other}");
        }
    }

    /// A type that implements nothing.
    struct Bare;

    #[test]
    fn an_id_demands_nothing_of_the_type_it_names() {
        const fn usable<I: Copy + Ord + Hash + Send + Sync + Serialize + for<'de> Deserialize<'de>>() {}
        usable::<Id<Bare>>();
        let id = Id::<Bare>::from_uuid(Uuid::nil());
        assert_eq!(
            format!("{id:?} {id}"),
            "Id<Bare>(00000000-0000-0000-0000-000000000000) 00000000-0000-0000-0000-000000000000"
        );
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<Id<Bare>>(&json).unwrap(), id);
    }
}
