//! Products of the catalogue.

use crate::access::{Action, Permission, Policy, Resource, Rule, Visibility};
use crate::id::{Id, UserId};
use crate::money::Money;
use crate::state::{State, Versioned};
use crate::string_enum;
use crate::text;
use crate::time::Timestamp;
use crate::validation::Invalid;
use serde::{Deserialize, Serialize};

/// Names a product.
pub type ProductId = Id<Product>;

string_enum! {
    /// Whether a product is on sale.
    pub enum ProductStatus {
        /// In preparation; visible to staff only.
        Draft = "draft",
        /// On sale.
        Active = "active",
        /// Off sale; stays because orders refer to it.
        Archived = "archived",
    }
}

/// Free-form data about a product: a JSON object of at most [`Attributes::MAX_ATTRIBUTE_BYTES`] bytes,
/// [`Attributes::MAX_VALUES`] values and [`Attributes::MAX_DEPTH`] levels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(serde_json::Map<String, serde_json::Value>);

impl Attributes {
    /// Maximum size, in bytes of its JSON.
    pub const MAX_ATTRIBUTE_BYTES: usize = 16 * 1024;
    /// Maximum number of values, including those inside of lists and objects.
    pub const MAX_VALUES: usize = 1000;
    /// Maximum nesting of its values: 1 for an object of plain values.
    pub const MAX_DEPTH: usize = 8;

    /// Checks an untrusted object.
    ///
    /// # Errors
    /// `LENGTH`, `DEPTH` or `FORMAT`.
    pub fn new(map: serde_json::Map<String, serde_json::Value>) -> Result<Self, Invalid> {
        // Checked first: many small values take many times more memory than their text.
        within_bounds(map.values(), 1, &mut 0)?;
        let made = Self(map);
        if made.to_json().len() > Self::MAX_ATTRIBUTE_BYTES {
            return Err(Invalid::new(
                "LENGTH",
                format!("must be at most {} bytes of JSON", Self::MAX_ATTRIBUTE_BYTES),
            ));
        }
        // PostgreSQL's JSONB cannot store NUL, and no client needs it.
        if made
            .0
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value))
        {
            return Err(Invalid::new("FORMAT", "must not contain the character U+0000"));
        }
        Ok(made)
    }

    /// Parses untrusted JSON text. It is stored exactly as sent: see [`crate::attributes::read`].
    ///
    /// # Errors
    /// `TYPE`, `RANGE`, `DUPLICATE`, `FORMAT` or `LENGTH`.
    pub fn parse(json: &str) -> Result<Self, Invalid> {
        Self::new(crate::attributes::read(json)?)
    }

    /// Parses stored attributes.
    ///
    /// # Errors
    /// The text is not a JSON object.
    pub fn stored(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The attributes as JSON text.
    pub fn to_json(&self) -> String {
        serde_json::Value::Object(self.0.clone()).to_string()
    }
}

/// Counts values and levels.
fn within_bounds<'v>(
    values: impl Iterator<Item = &'v serde_json::Value>,
    depth: usize,
    count: &mut usize,
) -> Result<(), Invalid> {
    if depth > Attributes::MAX_DEPTH {
        let most = Attributes::MAX_DEPTH;
        return Err(Invalid::new(
            "DEPTH",
            format!("must not be nested deeper than {most} levels"),
        ));
    }
    for value in values {
        *count += 1;
        if *count > Attributes::MAX_VALUES {
            let most = Attributes::MAX_VALUES;
            return Err(Invalid::new("LENGTH", format!("must have at most {most} values")));
        }
        match value {
            serde_json::Value::Array(values) => within_bounds(values.iter(), depth + 1, count)?,
            serde_json::Value::Object(map) => within_bounds(map.values(), depth + 1, count)?,
            _ => {}
        }
    }
    Ok(())
}

fn has_nul(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(values) => values.iter().any(has_nul),
        serde_json::Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => false,
    }
}

/// A product of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Its id in URLs.
    pub id: ProductId,
    /// The merchant's number; unique among the products that are not archived.
    pub sku: Sku,
    /// The display name.
    pub name: String,
    /// The description for customers.
    pub description: String,
    /// The price of one unit.
    pub price: Money,
    /// Units left to sell, without those reserved by unpaid orders.
    pub stock: i64,
    /// The category, which lists filter by.
    pub category: Option<String>,
    /// Free-form data.
    pub attributes: Attributes,
    /// Whether it is on sale.
    pub status: ProductStatus,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Incremented by every change, including those of the stock; the entity tag.
    pub version: i64,
}

/// A stock-keeping unit: 1 to 64 of letters, digits, `-`, `_`, `.` and `/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sku(String);

impl Sku {
    /// Parses a SKU from untrusted text.
    ///
    /// # Errors
    /// `FORMAT`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        if (1..=64).contains(&text.len()) && text.chars().all(good) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "FORMAT",
                "must be 1 to 64 of letters, digits, '-', '_', '.' and '/'",
            ))
        }
    }

    /// A SKU read from the database, where only checked ones are stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The SKU as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Maximum stock of one product.
pub const MAX_STOCK: i64 = 1_000_000_000;

/// Checks a stock from untrusted numbers.
///
/// # Errors
/// `RANGE`.
pub fn stock(count: i64) -> Result<i64, Invalid> {
    if (0..=MAX_STOCK).contains(&count) {
        Ok(count)
    } else {
        Err(Invalid::new("RANGE", format!("must be from 0 to {MAX_STOCK}")))
    }
}

impl Product {
    /// The words that searches find it by, those of SKU, name, description and category, separated by spaces.
    pub fn search_text(&self) -> String {
        let texts = [self.sku.as_str(), &self.name, &self.description];
        let texts = texts.into_iter().chain(self.category.as_deref());
        texts.flat_map(text::words).collect::<Vec<_>>().join(" ")
    }

    /// Marks the product as changed: sets `updated_at` and increments the version.
    pub fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl Product {
    pub const CREATE: Action = Action::new("create");
    pub const UPDATE: Action = Action::new("update");
    pub const STOCK: Action = Action::new("stock");
    pub const DELETE: Action = Action::new("delete");
}

#[expect(missing_docs, reason = "the descriptions are the documentation")]
impl Permission {
    pub const CREATE_PRODUCT: Self = Self::new("create:product", "Add products");
    pub const UPDATE_PRODUCT: Self = Self::new(
        "update:product",
        "Change products and their stock, and see drafts",
    );
    pub const DELETE_PRODUCT: Self = Self::new("delete:product", "Take products off sale");
}

impl Resource for Product {
    const NAME: &'static str = "product";
    const POLICY: Policy = Policy {
        visible: &[
            Visibility::Holder(Permission::UPDATE_PRODUCT),
            Visibility::Published,
        ],
        actions: &[
            (Self::CREATE, Rule::Holder(Permission::CREATE_PRODUCT)),
            (Self::UPDATE, Rule::Holder(Permission::UPDATE_PRODUCT)),
            (Self::STOCK, Rule::Holder(Permission::UPDATE_PRODUCT)),
            (Self::DELETE, Rule::Holder(Permission::DELETE_PRODUCT)),
        ],
    };
    const PERMISSIONS: &'static [Permission] = &[
        Permission::CREATE_PRODUCT,
        Permission::UPDATE_PRODUCT,
        Permission::DELETE_PRODUCT,
    ];
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
    fn is_published(&self) -> bool {
        self.status == ProductStatus::Active
    }
}

impl Versioned for Product {
    fn state(&self) -> State {
        State::of(self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attributes_are_bounded_and_hold_nothing_a_database_cannot() {
        let made = |value: serde_json::Value| Attributes::new(value.as_object().cloned().unwrap_or_default());
        assert!(made(json!({"size": {"cm": [1, 2, 3]}})).is_ok());
        for bad in [
            json!({"a\u{0}": 1}),
            json!({"a": "\u{0}"}),
            json!({"a": [{"b\u{0}": 1}]}),
            json!({"a": "x".repeat(20_000)}),
        ] {
            assert!(made(bad).is_err());
        }
    }

    #[test]
    fn attributes_have_a_bound_of_values_and_of_depth() {
        let code = |value: serde_json::Value| {
            Attributes::new(serde_json::Map::from_iter([("a".to_owned(), value)]))
                .err()
                .map(|flaw| flaw.code)
        };
        let deep = |levels: usize| (1..levels).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(code(deep(Attributes::MAX_DEPTH)), None);
        assert_eq!(code(deep(Attributes::MAX_DEPTH + 1)), Some("DEPTH"));
        assert_eq!(code(json!(vec![0; Attributes::MAX_VALUES - 1])), None);
        assert_eq!(code(json!(vec![0; Attributes::MAX_VALUES])), Some("LENGTH"));
    }

    #[test]
    fn a_sku_is_one_word() {
        assert!(Sku::parse("MUG-01/b_2.x").is_ok());
        for bad in ["", "a b", "ä", "a\n", &"x".repeat(65)] {
            assert!(Sku::parse(bad).is_err(), "{bad:?}");
        }
    }
}
