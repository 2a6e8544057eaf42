//! Errors on their way to the client.

use super::status;
use crate::public_error::PublicError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use mainstay_domain::error::Code;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};

/// An error response that is not rendered yet. The middleware renders it, because only the middleware knows which
/// error format the client accepts and the request id.
#[derive(Debug, Clone)]
pub enum ApiError {
    /// An error of the domain or of a use case.
    Meant(Error),
    /// The body exceeds this number of bytes, the limit of the route.
    TooLarge(usize),
    /// The route does not read bodies of this media type or coding.
    UnsupportedMedia(&'static str),
    /// Bodies or responses of other requests use up the memory budget.
    Busy,
    /// The path exists, and not with this method.
    MethodNotAllowed,
    /// A handler panicked. The panic hook has logged it.
    Panicked,
}

impl ApiError {
    /// The stable error code that clients can rely on.
    pub fn code(&self) -> Code {
        match self {
            Self::Meant(error) => error.code(),
            own => own.public().code,
        }
    }

    /// What the client learns of it.
    pub fn public(&self) -> PublicError<'_> {
        match self {
            Self::Meant(error) => error.into(),
            Self::TooLarge(most) => PublicError::new(
                Code::PayloadTooLarge,
                format!("the request body is too large: {most} bytes are allowed here"),
            ),
            Self::UnsupportedMedia(what) => PublicError::new(Code::UnsupportedMediaType, *what),
            Self::Busy => PublicError::busy(),
            Self::MethodNotAllowed => {
                PublicError::new(Code::MethodNotAllowed, "this method is not allowed here")
            }
            Self::Panicked => PublicError::new(Code::InternalError, "internal error"),
        }
    }

    /// Returns the value, or every validation error that was collected while it was built.
    ///
    /// # Errors
    /// `VALIDATION_FAILED`.
    pub fn unless_good<T>(errors: ValidationErrors, value: Option<T>) -> Result<T, Self> {
        errors.finish(value).map_err(Self::from)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Meant(error)
    }
}

impl From<ValidationErrors> for ApiError {
    fn from(errors: ValidationErrors) -> Self {
        Self::Meant(Error::Invalid(errors))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status::of(self.code());
        response.extensions_mut().insert(self);
        response
    }
}
