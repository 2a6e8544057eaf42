//! Explains why a JSON document does not match its type: reports every finding, not only the first.

use super::finding::{JsonFinding, Step};
use crate::answer::ApiError;
use mainstay_domain::Error;
use mainstay_domain::validation::{FieldError, ValidationErrors};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

/// Maximum number of reported findings.
const MAX_COUNT: usize = 32;
/// In longer documents only the first finding is reported: each further one costs another pass, and a tree of values
/// takes many times the memory of its text.
const MAX_LENGTH: usize = 64 * 1024;

/// Why the bytes are not a valid `T`.
pub(super) fn body<T: DeserializeOwned>(bytes: &[u8]) -> ApiError {
    if bytes.trim_ascii().is_empty() {
        return unreadable("the request body is empty");
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return unreadable("something follows the JSON document");
    };
    if !error.inner().is_data() {
        return unreadable(&format!("the request body is not JSON: {}", error.inner()));
    }
    let first = JsonFinding::of(error.path(), &error.inner().to_string());
    // A document may match at first, then fail, and after that not even be JSON.
    let found = match bytes.len() <= MAX_LENGTH {
        true => serde_json::from_slice::<Value>(bytes).map(all::<T>),
        false => serde_json::from_slice::<IgnoredAny>(bytes).map(|_| Vec::new()),
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => return unreadable(&format!("the request body is not JSON: {error}")),
    };
    // Findings of the text alone, such as a duplicate field, do not appear in the parsed value.
    as_errors(if found.is_empty() {
        vec![first.fault]
    } else {
        found
    })
    .into()
}

/// Deserializes the value as `T`.
///
/// # Errors
/// All findings.
pub(super) fn value<T: DeserializeOwned>(value: Value) -> Result<T, ValidationErrors> {
    serde_json::from_value(value.clone()).map_err(|_| as_errors(all::<T>(value)))
}

fn unreadable(why: &str) -> ApiError {
    Error::BadRequest(why.to_owned()).into()
}

fn as_errors(found: Vec<FieldError>) -> ValidationErrors {
    let mut errors = ValidationErrors::new();
    found
        .into_iter()
        .for_each(|fault| errors.add(fault.path, fault.code, fault.message));
    errors
}

/// Collects findings: after each one, replaces the value at its path by one that fits, and deserializes again.
fn all<T: DeserializeOwned>(mut value: Value) -> Vec<FieldError> {
    let mut found = Vec::new();
    let mut mended: Vec<Vec<Step>> = Vec::new();
    let mut left: Vec<Value> = Vec::new();
    // Each path needs a few passes at most until a replacement fits.
    for _ in 0..MAX_COUNT * 8 {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&value) else {
            break;
        };
        let finding = JsonFinding::of(error.path(), &error.inner().to_string());
        let again = mended.last() == Some(&finding.location);
        if !mended
            .iter()
            .any(|location| finding.location.starts_with(location))
        {
            found.push(finding.fault);
        }
        if found.len() >= MAX_COUNT {
            break;
        }
        if finding.is_surplus {
            remove(&mut value, &finding.location);
            continue;
        }
        if !again {
            mended.push(finding.location.clone());
            left = vec![
                Value::Null,
                json!(false),
                json!({}),
                json!([]),
                json!(0),
                json!(""),
            ];
            left.extend(finding.variant.map(Value::String));
        }
        let Some(next) = left.pop() else { break };
        if put(&mut value, &finding.location, next).is_none() {
            break;
        }
    }
    found
}

fn step<'v>(value: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match (value, step) {
        (Value::Object(map), Step::Field(name)) => Some(map.entry(name.as_str()).or_insert(Value::Null)),
        (Value::Array(list), Step::Item(index)) => list.get_mut(*index),
        _ => None,
    }
}

fn put(value: &mut Value, location: &[Step], new: Value) -> Option<()> {
    *location.iter().try_fold(value, step)? = new;
    Some(())
}

fn remove(value: &mut Value, location: &[Step]) {
    let Some((Step::Field(name), above)) = location.split_last() else {
        return;
    };
    if let Some(Value::Object(map)) = above.iter().try_fold(value, step) {
        map.remove(name);
    }
}
