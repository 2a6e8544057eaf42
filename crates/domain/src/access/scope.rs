//! What a caller may see.

use super::Caller;
use super::policy::{Guarded, See};
use crate::id::UserId;
use std::marker::PhantomData;

/// What somebody may see of one noun. Finders ask for it and filter by it, in the query itself.
pub struct Scope<T> {
    reach: Reach,
    noun: PhantomData<fn() -> T>,
}

/// How far a scope reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All rows.
    Everything,
    /// Rows of one owner.
    Owned(UserId),
    /// Rows that are shown to everybody.
    Published,
    /// No row.
    Nothing,
}

impl<T> Scope<T> {
    /// How far it reaches.
    pub fn reach(&self) -> Reach {
        self.reach
    }
}

impl<T: Guarded> Scope<T> {
    /// Whether it reaches a row that is at hand already. Finders say the same in their queries.
    pub fn shows(&self, row: &T) -> bool {
        match self.reach {
            Reach::Everything => true,
            Reach::Owned(owner) => row.owner() == Some(owner),
            Reach::Published => row.is_published(),
            Reach::Nothing => false,
        }
    }
}

/// The scope of a caller: the first line of the noun's policy that fits, and nothing when none does. The system sees
/// everything, also of nouns that nobody else sees.
pub fn scope<T: Guarded>(caller: &Caller) -> Scope<T> {
    let fits = |see: &See| match (see, caller) {
        (See::Holder(permission), Caller::User(principal)) => principal
            .permissions
            .has(*permission)
            .then_some(Reach::Everything),
        (See::Owner, Caller::User(principal)) => Some(Reach::Owned(principal.id)),
        (See::Published, _) => Some(Reach::Published),
        (See::Holder(_) | See::Owner, Caller::Anonymous | Caller::System(_)) => None,
    };
    let reach = match caller {
        Caller::System(_) => Reach::Everything,
        Caller::User(_) | Caller::Anonymous => T::POLICY.see.iter().find_map(fits).unwrap_or(Reach::Nothing),
    };
    Scope {
        reach,
        noun: PhantomData,
    }
}
