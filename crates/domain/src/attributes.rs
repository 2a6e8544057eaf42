//! Parses free-form JSON of clients: it is stored exactly as sent, or rejected.
//!
//! JSON leaves open what a number beyond a double means and which of two equal keys counts (RFC 8259, 4 and 6; RFC
//! 7493). A parser that decides silently changes the client's data, and differently on each engine.

mod number;

use crate::text;
use crate::validation::Invalid;
use number::Numbers;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Parses a JSON object. Keys and texts are stored in Unicode normalization form C.
///
/// # Errors
/// `TYPE` when it is not an object, `RANGE` for a number that cannot be stored exactly, `DUPLICATE` for a key that
/// occurs twice in one object (in any spelling), `FORMAT` when it is not JSON or nested too deeply.
pub fn read(json: &str) -> Result<Map<String, Value>, Invalid> {
    if !json.trim_start().starts_with('{') {
        return Err(Invalid::new("TYPE", "must be an object"));
    }
    let numbers = Numbers::of(json)
        .map(number::exact)
        .collect::<Result<Vec<Number>, Invalid>>()?;
    let mut reader = Reader {
        numbers: numbers.into_iter(),
        twice: None,
    };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = Part(&mut reader).deserialize(&mut deserializer);
    match (
        read.and_then(|value| deserializer.end().map(|()| value)),
        reader.twice,
    ) {
        (_, Some(key)) => Err(Invalid::new(
            "DUPLICATE",
            format!("has the key {:?} twice", short(&key)),
        )),
        (Ok(Value::Object(map)), None) => Ok(map),
        (Ok(_), None) => Err(Invalid::new("TYPE", "must be an object")),
        (Err(error), None) => Err(Invalid::new("FORMAT", format!("cannot be read: {error}"))),
    }
}

/// The beginning of a client's text, for an error message.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}

/// The state of the parser.
struct Reader {
    /// The document's numbers, in order.
    numbers: std::vec::IntoIter<Number>,
    /// The first key that occurs twice.
    twice: Option<String>,
}

/// Parses one value of the document.
struct Part<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Part<'_> {
    /// The number at this position, as written and not as the JSON parser understood it.
    fn number<E: serde::de::Error>(self) -> Result<Value, E> {
        let number = self.0.numbers.next().map(Value::Number);
        number.ok_or_else(|| E::custom("more numbers than were counted"))
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Value, E> {
        self.number()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Value, E> {
        self.number()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Value, E> {
        self.number()
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(text::normalized(value).into_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Part(&mut *self.0))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let key = text::normalized(&key).into_owned();
            if map.contains_key(&key) {
                self.0.twice = Some(key);
                return Err(A::Error::custom("a key twice"));
            }
            let value = entries.next_value_seed(Part(&mut *self.0))?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(json: &str) -> (&'static str, String) {
        let flaw = read(json).expect_err(json);
        (flaw.code, flaw.message)
    }

    #[test]
    fn what_is_kept_is_what_was_sent() {
        let text = r#"{"a":[1,-2.5,"1e400",{"b":null,"c":[true,18446744073709551615,-9223372036854775808]}],"d":0.30000000000000004}"#;
        assert_eq!(Value::Object(read(text).unwrap()).to_string(), text);
        assert_eq!(read(" {} ").unwrap(), Map::new());
        assert_eq!(
            Value::Object(read(r#"{"-1 \" 2": "\\", "x": 3}"#).unwrap()),
            json!({"-1 \" 2": "\\", "x": 3})
        );
    }

    #[test]
    fn what_would_change_is_refused_with_its_name() {
        let (code, message) = refused(r#"{"weight": {"g": [1, 18446744073709551616]}}"#);
        assert_eq!(code, "RANGE");
        assert!(message.contains("18446744073709551616"), "{message}");
        let (code, message) = refused(r#"{"a": {"größe": 1, "gro\u0308ße": 2}}"#);
        assert_eq!(code, "DUPLICATE");
        assert!(message.contains("größe"), "{message}");
        assert_eq!(refused(r#"{"a": 1, "\u0061": 2}"#).0, "DUPLICATE");
    }

    #[test]
    fn one_text_has_one_spelling() {
        let read = read("{\"cre\u{300}me\": [\"bru\u{302}le\u{301}e\"]}").unwrap();
        assert_eq!(Value::Object(read), json!({"crème": ["brûlée"]}));
    }

    #[test]
    fn what_is_no_object_or_no_json_is_refused() {
        for bad in ["null", "[]", "1", "\"{}\"", ""] {
            assert_eq!(refused(bad).0, "TYPE", "{bad}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        for bad in ["{", "{\"a\":\"\\ud800\"}", "{} {}", "{\"a\":tru}", &deep] {
            assert_eq!(refused(bad).0, "FORMAT", "{bad:.40}");
        }
    }
}
