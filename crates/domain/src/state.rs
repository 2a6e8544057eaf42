//! Versions of resources, and preconditions of changes (`If-Match`).

use crate::error::{Error, Result};
use std::sync::Arc;

/// The state of a resource: its version, and a digest of other data that is rendered with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The version of the resource itself.
    pub version: i64,
    /// The digest, when the representation depends on more than the resource's version.
    pub facts: Option<u32>,
}

impl State {
    /// The state of a resource whose representation depends on nothing else.
    pub fn of(version: i64) -> Self {
        Self { version, facts: None }
    }

    /// The state of a resource that is rendered together with other data, `facts`.
    pub fn with<'f>(version: i64, facts: impl IntoIterator<Item = &'f str>) -> Self {
        // FNV-1a: the digest only has to be the same on every node and after every restart.
        let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let bytes = facts.into_iter().flat_map(|fact| fact.bytes().chain([b'\n']));
        Self {
            version,
            facts: Some(bytes.fold(0x811c_9dc5, step)),
        }
    }
}

/// A resource with a version, which its entity tag shows to clients.
pub trait Versioned {
    /// The state of its representation.
    fn state(&self) -> State;
}

impl<T: Versioned> Versioned for Arc<T> {
    fn state(&self) -> State {
        T::state(self)
    }
}

/// The states in which a change applies (`If-Match`, RFC 9110, 13.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Any state: no precondition.
    #[default]
    Any,
    /// One of these; an empty list never matches.
    OneOf(Vec<State>),
}

impl ExpectedVersion {
    /// Whether there is no precondition.
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// Checks that the resource is in one of the states.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn check(&self, state: State) -> Result<()> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(states) if states.contains(&state) => Ok(()),
            Self::OneOf(_) => Err(Error::Stale),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_applies_only_to_the_states_that_it_lists() {
        let seven = ExpectedVersion::OneOf(vec![State::of(6), State::of(7)]);
        assert!(seven.check(State::of(7)).is_ok() && seven.check(State::of(8)).is_err());
        assert!(ExpectedVersion::Any.check(State::of(8)).is_ok());
        assert!(ExpectedVersion::OneOf(Vec::new()).check(State::of(0)).is_err());
    }

    #[test]
    fn the_digest_is_part_of_the_state() {
        let state = State::with(7, ["a", "b"]);
        assert_ne!(state, State::with(7, ["ab"]));
        assert_ne!(state, State::of(7));
        assert!(ExpectedVersion::OneOf(vec![State::of(7)]).check(state).is_err());
        assert!(
            ExpectedVersion::OneOf(vec![state])
                .check(State::with(7, ["a", "b"]))
                .is_ok()
        );
    }
}
