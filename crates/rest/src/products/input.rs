//! What clients say of products.

use crate::parse::{MoneyInput, given, word};
use mainstay_domain::id::ProductId;
use mainstay_domain::product::{self, Attributes, MAX_STOCK, ProductStatus, Sku};
use mainstay_domain::state::ExpectedVersion;
use mainstay_domain::text;
use mainstay_domain::validation::{Invalid, ValidationErrors};
use mainstay_edge::input::Object;
use mainstay_edge::routes::{ChangeInput, CreateInput};
use mainstay_services::product::{ChangeStock, CreateProduct, NewProduct, ProductPatch, UpdateProduct};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

const NAME: usize = 200;
const DESCRIPTION: usize = 10_000;
const CATEGORY: usize = 100;
const REASON: usize = 200;

/// A product to create.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProductInput {
    /// Unique among the products that are not archived; letters, digits, `-`, `_`, `.` and `/`.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._/-]+$")]
    sku: String,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(max_length = 10000)]
    description: Option<String>,
    #[schema(value_type = MoneyInput)]
    price: Object<MoneyInput>,
    /// 0 when left out.
    #[schema(minimum = 0)]
    stock: Option<i64>,
    #[schema(max_length = 100)]
    category: Option<String>,
    /// Free-form data, stored exactly: no key twice, and no number that a double or a whole number of 64 bits cannot hold.
    #[schema(schema_with = nullable_attributes_schema, required = false)]
    attributes: Option<Box<RawValue>>,
    /// `draft`, `active` (when left out) or `archived`.
    #[schema(pattern = "^(draft|active|archived)$")]
    status: Option<String>,
}

/// The fields of a product to change; the others stay.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProductPatchInput {
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 64,
        pattern = "^[A-Za-z0-9._/-]+$"
    )]
    sku: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_length = 10000)]
    description: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MoneyInput>, nullable = false)]
    price: Option<Object<MoneyInput>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 0)]
    stock: Option<i64>,
    /// `null` removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100)]
    category: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = attributes_schema, required = false)]
    attributes: Option<Box<RawValue>>,
    /// `draft`, `active` or `archived`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, pattern = "^(draft|active|archived)$")]
    status: Option<String>,
}

/// A change of stock.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StockInput {
    /// Number of pieces added, or removed when negative.
    delta: i64,
    /// The reason, for the audit trail.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// The shape of attributes; how large and deep they may be is said in words, for which JSON Schema has none.
fn attributes_schema() -> utoipa::openapi::schema::Object {
    shape(Type::Object.into())
}

fn nullable_attributes_schema() -> utoipa::openapi::schema::Object {
    shape(SchemaType::from_iter([Type::Object, Type::Null]))
}

fn shape(kind: SchemaType) -> utoipa::openapi::schema::Object {
    let (bytes, depth) = (Attributes::MAX_ATTRIBUTE_BYTES, Attributes::MAX_DEPTH);
    ObjectBuilder::new()
        .schema_type(kind)
        .max_properties(Some(Attributes::MAX_VALUES))
        .description(Some(format!(
            "Free-form data, stored exactly: no key twice, and no number that a double or a whole number of 64 bits cannot \
             hold. At most {bytes} bytes of JSON and {} values, nested ones included, at most {depth} levels deep.",
            Attributes::MAX_VALUES
        )))
        .build()
}

fn name(text: &str) -> Result<String, Invalid> {
    text::line(text, NAME)
}

fn description(text: &str) -> Result<String, Invalid> {
    text::paragraph(text, DESCRIPTION)
}

fn category(text: &str) -> Result<String, Invalid> {
    text::line(text, CATEGORY)
}

fn attributes(json: Option<&RawValue>) -> Result<Attributes, Invalid> {
    json.map_or_else(|| Ok(Attributes::default()), |json| Attributes::parse(json.get()))
}

fn status(text: &str) -> Result<ProductStatus, Invalid> {
    word(text, ProductStatus::find, ProductStatus::CHOICES)
}

impl CreateInput for ProductInput {
    type UseCase = CreateProduct;

    fn validate(self) -> Result<CreateProduct, ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let sku = errors.take("sku", Sku::parse(&self.sku));
        let name = errors.take("name", name(&self.name));
        let description = errors.take(
            "description",
            description(self.description.as_deref().unwrap_or_default()),
        );
        let price = self.price.0.price(&mut errors, "price");
        let stock = errors.take("stock", product::stock(self.stock.unwrap_or(0)));
        let category = errors.take_optional("category", self.category.as_deref().map(category));
        let attributes = errors.take("attributes", attributes(self.attributes.as_deref()));
        let status = errors.take(
            "status",
            self.status.as_deref().map_or(Ok(ProductStatus::Active), status),
        );
        let new = (|| {
            Some(NewProduct {
                sku: sku?,
                name: name?,
                description: description?,
                price: price?,
                stock: stock?,
                category,
                attributes: attributes?,
                status: status?,
            })
        })();
        errors.finish(new).map(|new| CreateProduct { new })
    }
}

impl ChangeInput for ProductPatchInput {
    type UseCase = UpdateProduct;
    type Id = ProductId;

    fn validate(self, id: ProductId, expected: ExpectedVersion) -> Result<UpdateProduct, ValidationErrors> {
        let mut errors = ValidationErrors::new();
        let patch = ProductPatch {
            sku: errors.take_optional("sku", self.sku.as_deref().map(Sku::parse)),
            name: errors.take_optional("name", self.name.as_deref().map(name)),
            description: errors.take_optional("description", self.description.as_deref().map(description)),
            price: self.price.and_then(|price| price.0.price(&mut errors, "price")),
            stock: errors.take_optional("stock", self.stock.map(product::stock)),
            category: match self.category {
                Some(Some(text)) => errors.take("category", category(&text)).map(Some),
                nothing => nothing,
            },
            attributes: errors.take_optional(
                "attributes",
                self.attributes.as_deref().map(|json| attributes(Some(json))),
            ),
            status: errors.take_optional("status", self.status.as_deref().map(status)),
        };
        errors.check()?;
        Ok(UpdateProduct { id, patch, expected })
    }
}

impl ChangeInput for StockInput {
    type UseCase = ChangeStock;
    type Id = ProductId;

    fn validate(self, id: ProductId, expected: ExpectedVersion) -> Result<ChangeStock, ValidationErrors> {
        let mut errors = ValidationErrors::new();
        if self.delta == 0 || self.delta.unsigned_abs() > MAX_STOCK.unsigned_abs() {
            errors.add(
                "delta",
                "RANGE",
                format!("must be from -{MAX_STOCK} to {MAX_STOCK}, and not 0"),
            );
        }
        let reason = errors.take("reason", text::line(&self.reason, REASON));
        let delta = self.delta;
        let change = reason.map(|reason| ChangeStock {
            id,
            delta,
            reason,
            expected,
        });
        errors.finish(change)
    }
}
