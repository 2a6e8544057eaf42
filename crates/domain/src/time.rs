//! Instants, and the clock.

use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// An instant in UTC, stored as microseconds since 1970.
///
/// On the wire it is RFC 3339 with milliseconds, in the database a 64-bit integer of microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since 1970, as tokens carry them (RFC 7519 `NumericDate`).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The instant `duration` later; saturates at the largest instant.
    pub fn after(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// The instant `duration` earlier; saturates at the smallest instant.
    pub fn before(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// The time from `earlier` to `self`; zero when `self` is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Parses RFC 3339 (`2026-11-22T10:00:00Z`, offsets allowed).
    ///
    /// # Errors
    /// [`NotAnInstant`] when the text is not one.
    pub fn parse(text: &str) -> Result<Self, NotAnInstant> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| NotAnInstant)?;
        Ok(Self(instant.as_microsecond()))
    }
}

/// The text is not an RFC 3339 instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 instant such as 2026-11-22T10:00:00.000Z")]
pub struct NotAnInstant;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            // Outside of the years -9999 to 9999 there is no RFC 3339 form; display the exact number instead.
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A list of orders has sixty of them: printed into place, each costs a third of what `Display` does.
        let mut text = Printed::default();
        let instant = jiff::Timestamp::from_microsecond(self.0).ok();
        match instant.map(|instant| MILLISECONDS.print_timestamp(&instant, &mut text)) {
            Some(Ok(())) => serializer.serialize_str(text.as_str()),
            _ => serializer.collect_str(self),
        }
    }
}

const MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// An instant as text, without a heap allocation: at most `-009999-01-01T00:00:00.000Z`.
#[derive(Default)]
struct Printed {
    bytes: [u8; 32],
    len: usize,
}

impl Printed {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).expect("only whole strings were written")
    }
}

impl jiff::fmt::Write for Printed {
    fn write_str(&mut self, text: &str) -> Result<(), jiff::Error> {
        let end = self.len + text.len();
        let Some(target) = self.bytes.get_mut(self.len..end) else {
            return Err(jiff::Error::from_args(format_args!(
                "an instant longer than 32 bytes"
            )));
        };
        target.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The source of the current time, and the only one: ambient clocks are banned.
pub trait Clock: Send + Sync {
    /// The current instant, in UTC.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_display_are_the_same() {
        for micros in [
            0,
            -1,
            1_795_600_000_123_456,
            253_402_300_799_999_999,
            -377_705_023_201_000_000,
            i64::MAX,
            i64::MIN,
        ] {
            let instant = Timestamp::from_micros(micros);
            assert_eq!(serde_json::to_value(instant).unwrap(), instant.to_string());
        }
    }

    #[test]
    fn wire_form_has_milliseconds() {
        let instant = Timestamp::parse("2026-11-22T12:00:00.5+02:00").unwrap();
        assert_eq!(instant.to_string(), "2026-11-22T10:00:00.500Z");
        assert_eq!(
            serde_json::to_string(&instant).unwrap(),
            "\"2026-11-22T10:00:00.500Z\""
        );
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end.after(Duration::from_secs(1)), end);
        assert_eq!(Timestamp::from_micros(i64::MIN).since(end), Duration::ZERO);
        assert!(!end.to_string().is_empty());
    }
}
