//! Typed identifiers: UUIDv7 (RFC 9562), so that they sort by creation time.

use crate::random::Random;
use crate::time::Timestamp;
use uuid::Uuid;

/// An identifier of one type of resource. Two types never mix, although both are UUIDs.
pub trait Id: Copy + Eq + Send + Sync + 'static {
    /// The untyped UUID, for storage.
    fn uuid(&self) -> Uuid;
    /// Converts a stored UUID to the typed identifier.
    fn from_uuid(uuid: Uuid) -> Self;
    /// Makes a new identifier from a given instant and given randomness.
    fn make(now: Timestamp, random: &dyn Random) -> Self {
        Self::from_uuid(uuid_v7(now, random))
    }
}

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

/// Declares an identifier type. Extensions use it for their own resources.
#[macro_export]
macro_rules! typed_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $crate::id::Id for $name {
            fn uuid(&self) -> uuid::Uuid {
                self.0
            }
            fn from_uuid(uuid: uuid::Uuid) -> Self {
                Self(uuid)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::id::NotAnId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::parse(text).map(Self)
            }
        }
    };
}

/// The text is not a hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct NotAnId;

/// Parses the one accepted format: 36 characters, hyphenated.
///
/// # Errors
/// [`NotAnId`] for every other format, so that each resource has exactly one URL.
pub fn parse(text: &str) -> Result<Uuid, NotAnId> {
    if text.len() != 36 {
        return Err(NotAnId);
    }
    Uuid::try_parse(text).map_err(|_| NotAnId)
}

typed_id!(
    /// A user account.
    UserId
);
typed_id!(
    /// One sign-in on one device.
    SessionId
);
typed_id!(
    /// A product in the catalogue.
    ProductId
);
typed_id!(
    /// An order of a customer.
    OrderId
);
typed_id!(
    /// An attempt to collect an order's payment.
    PaymentId
);
typed_id!(
    /// A background job.
    JobId
);
typed_id!(
    /// An entry of the audit trail.
    AuditId
);
typed_id!(
    /// A series of audit entries that one process numbers without gaps.
    AuditWriterId
);
typed_id!(
    /// An event of the outbox, delivered to subscribers.
    EventId
);
typed_id!(
    /// A denied or suspicious attempt.
    SecurityEventId
);
typed_id!(
    /// A key that signs access tokens.
    KeyId
);

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
}
