//! States of things that change, and which of them a change is meant for.

use crate::error::{Error, Result};

/// One state of a thing: its version, and a digest of other facts that are shown with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The version of the thing itself.
    pub version: i64,
    /// The digest, when what is shown depends on more than the thing's version.
    pub facts: Option<u32>,
}

impl State {
    /// The state of a thing that is shown as it is.
    pub fn of(version: i64) -> Self {
        Self { version, facts: None }
    }

    /// The state of a thing that is shown together with other facts.
    pub fn with<'f>(version: i64, facts: impl IntoIterator<Item = &'f str>) -> Self {
        // FNV-1a: it has to be the same on every node and after every restart, and nothing more.
        let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let bytes = facts.into_iter().flat_map(|fact| fact.bytes().chain([b'\n']));
        Self {
            version,
            facts: Some(bytes.fold(0x811c_9dc5, step)),
        }
    }
}

/// The states that a change is meant for (`If-Match`, RFC 9110, 13.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is.
    #[default]
    Any,
    /// One of these; with none of them the change is never meant.
    OneOf(Vec<State>),
}

impl Expected {
    /// Whether any state will do.
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// That the thing is in one of the states.
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
    fn a_change_is_for_the_states_that_it_names() {
        let seven = Expected::OneOf(vec![State::of(6), State::of(7)]);
        assert!(seven.check(State::of(7)).is_ok() && seven.check(State::of(8)).is_err());
        assert!(Expected::Any.check(State::of(8)).is_ok());
        assert!(Expected::OneOf(Vec::new()).check(State::of(0)).is_err());
    }

    #[test]
    fn facts_belong_to_the_state() {
        let state = State::with(7, ["a", "b"]);
        assert_ne!(state, State::with(7, ["ab"]));
        assert_ne!(state, State::of(7));
        assert!(Expected::OneOf(vec![State::of(7)]).check(state).is_err());
        assert!(
            Expected::OneOf(vec![state])
                .check(State::with(7, ["a", "b"]))
                .is_ok()
        );
    }
}
