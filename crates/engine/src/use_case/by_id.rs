//! Use cases for the one resource that a path names.

use super::declaration::UseCase;
use mainstay_domain::state::ExpectedVersion;
use std::str::FromStr;

/// A use case for the one resource that a path names.
pub trait ById: UseCase {
    /// The id in the path; text that is none names no resource: 404.
    type Id: FromStr + Send + 'static;

    /// The use case for this resource. A command applies only to a resource in an `expected` state; a query ignores it.
    fn by_id(id: Self::Id, expected: ExpectedVersion) -> Self;
}
