//! The identity of a list: its name, its sort, its direction and its filters.

use super::{Key, ListParams};
use mainstay_platform::crypto::sha256;
use mainstay_platform::database::Value;

impl ListParams<'_> {
    /// The digest that a cursor of this list carries. It covers names, not indexes, so that another sort or filter in
    /// the next version does not make an old cursor a position in another list.
    pub(super) fn digest(&self) -> u64 {
        let mut text = Vec::with_capacity(256);
        let mut add = |part: &[u8]| {
            text.extend((part.len() as u64).to_be_bytes());
            text.extend(part);
        };
        add(self.list.name.as_bytes());
        match self.list.keys[self.key] {
            Key::Number(key) | Key::Text(key) => add(key.as_bytes()),
            Key::Id => add(b"id"),
        }
        add(&[u8::from(self.descending)]);
        for (at, filter) in self.list.filters.iter().enumerate() {
            if self.chosen >> at & 1 == 1 {
                add(filter.as_bytes());
                let value = self.values[at].map(|value| value.value());
                match value.unwrap_or(Value::Null) {
                    Value::Integer(number) => add(&number.to_be_bytes()),
                    Value::Bool(value) => add(&[u8::from(value)]),
                    Value::Real(number) => add(&number.to_bits().to_be_bytes()),
                    Value::Text(text) | Value::Json(text) => add(text.as_bytes()),
                    Value::Bytes(bytes) => add(bytes),
                    Value::Uuid(id) => add(id.as_bytes()),
                    _ => add(b""),
                }
            }
        }
        let [a, b, c, d, e, f, g, h, ..] = sha256(&text);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::super::List;
    use super::*;

    static ROWS: List = List::new(
        "things",
        ("id", "things"),
        &["owner = {}", "kind = {}", "active"],
        &[Key::Number("created_at"), Key::Text("name"), Key::Id],
    );
    static OTHERS: List = List::new("others", ("id", "others"), &[], &[Key::Number("created_at")]);

    #[test]
    fn every_list_has_a_digest_of_its_own() {
        let (one, two) = ("a".to_owned(), "b".to_owned());
        let digests = [
            ROWS.by(0, true).digest(),
            ROWS.by(0, false).digest(),
            ROWS.by(1, true).digest(),
            ROWS.by(2, true).digest(),
            OTHERS.by(0, true).digest(),
            ROWS.by(0, true).with(0, Some(&one)).digest(),
            ROWS.by(0, true).with(0, Some(&two)).digest(),
            ROWS.by(0, true).with(1, Some(&one)).digest(),
            ROWS.by(0, true).only(2).digest(),
        ];
        let mut different = digests.to_vec();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), digests.len(), "{digests:?}");
        assert_eq!(
            ROWS.by(0, true).with(0, Some(&one)).digest(),
            ROWS.by(0, true).with(0, Some(&one)).digest()
        );
    }
}
