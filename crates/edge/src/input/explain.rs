//! Says what is wrong with a document that did not fit.

use crate::answer::Refusal;
use mainstay_domain::Error;
use mainstay_domain::fault::{Fault, Faults};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

/// More faults than this are not worth telling.
const MOST: usize = 32;

/// Why the bytes are no `T`.
pub(super) fn body<T: DeserializeOwned>(bytes: &[u8]) -> Refusal {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let first = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) if error.inner().is_data() => fault(error.path(), &error.inner().to_string()),
        Err(error) if bytes.trim_ascii().is_empty() => unreadable("the request body is empty", error.inner()),
        Err(error) => return unreadable("the request body is not JSON", error.inner()).0,
        // The document itself is right, so something stands after it.
        Ok(_) => return bad("there is something after the JSON document").0,
    };
    let first = match first {
        Found::Fault(fault) => fault,
        Found::Refusal(refusal) => return refusal,
    };
    let Ok(value) = serde_json::from_slice(bytes) else {
        return bad("the request body is not JSON").0;
    };
    all::<T>(value, Some(first)).into()
}
