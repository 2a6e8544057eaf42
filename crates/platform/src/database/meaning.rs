//! Conversion of database errors to the error of the layers above.

use super::error::{DatabaseError, Retryable};
use mainstay_domain::Error;

impl From<DatabaseError> for Error {
    /// A conflict that a repository did not convert is an internal error, like every other refused statement.
    fn from(error: DatabaseError) -> Self {
        if error.is_late() {
            Self::Timeout
        } else if error.is_unavailable() {
            Self::unavailable("the database", error)
        } else {
            Self::internal(error)
        }
    }
}

impl Retryable for Error {
    fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Unavailable {
                source: Some(source), ..
            }
            | Self::Internal(source) => source.downcast_ref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::error::Code;

    #[test]
    fn what_may_pass_is_unavailable_and_keeps_its_cause() {
        let error = Error::from(DatabaseError::Retry);
        assert_eq!(error.code(), Code::Unavailable);
        assert!(error.database().is_some_and(DatabaseError::is_retryable));
    }

    #[test]
    fn a_mistake_of_ours_is_internal() {
        let error = Error::from(DatabaseError::WaitedElsewhere);
        assert_eq!(error.code(), Code::InternalError);
        assert!(!error.database().is_some_and(DatabaseError::is_retryable));
    }
}
