//! Failures on their way out.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use mainstay_domain::error::Code;
use mainstay_domain::validation::{FieldError, ValidationErrors};
use mainstay_domain::{Error, Result};

/// Why a request is not answered as it hoped. The chain dresses it: only there it is known what form the client
/// accepts and how the request is called.
#[derive(Debug, Clone)]
pub enum ApiError {
    /// What the house says.
    Meant(Error),
    /// The body has more than so many bytes, which are allowed here.
    TooLarge(usize),
    /// The body is of a kind that is not read here.
    UnsupportedMedia(&'static str),
    /// Bodies or responses of other requests take the memory that there is for them.
    Busy,
    /// The path exists, and not with this method.
    MethodNotAllowed,
    /// A handler panicked. It was logged where it happened.
    Panicked,
}

impl ApiError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Meant(error) => error.code(),
            Self::TooLarge(_) => Code::PayloadTooLarge,
            Self::Busy => Code::Unavailable,
            Self::UnsupportedMedia(_) => Code::UnsupportedMediaType,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::Panicked => Code::InternalError,
        }
    }

    /// For a person.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Meant(error) => error.to_string(),
            Self::TooLarge(most) => format!("the request body is too large: {most} bytes are allowed here"),
            Self::Busy => "the server has no room for this request now: try again".to_owned(),
            Self::UnsupportedMedia(what) => (*what).to_owned(),
            Self::MethodNotAllowed => "this method is not allowed here".to_owned(),
            Self::Panicked => "internal error".to_owned(),
        }
    }

    pub(crate) fn details(&self) -> &[FieldError] {
        match self {
            Self::Meant(error) => error.details(),
            Self::TooLarge(_)
            | Self::Busy
            | Self::UnsupportedMedia(_)
            | Self::MethodNotAllowed
            | Self::Panicked => &[],
        }
    }

    /// The value, or every fault that was found while it was made.
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
        *response.status_mut() = super::render::status(self.code());
        response.extensions_mut().insert(self);
        response
    }
}
