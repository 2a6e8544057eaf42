//! Demo data: a few products and a customer.

use crate::account::{Password, Register};
use crate::product::{CreateProduct, NewProduct};
use mainstay_domain::access::SystemCaller;
use mainstay_domain::currency::Currency;
use mainstay_domain::email::Email;
use mainstay_domain::error::{Error, Result};
use mainstay_domain::money::Money;
use mainstay_domain::name::PersonName;
use mainstay_domain::product::{Attributes, ProductStatus, Sku};
use mainstay_domain::validation::{Invalid, ValidationErrors};
use mainstay_engine::{Pipeline, RequestContext};
use serde_json::{Map, json};

/// SKU, name, description, price in cents, stock, category, colour.
const PRODUCTS: [(&str, &str, &str, i64, i64, &str, &str); 6] = [
    (
        "MUG-01",
        "Enamel mug",
        "Holds 350 ml and survives a fall.",
        1_450,
        120,
        "kitchen",
        "white",
    ),
    (
        "MUG-02",
        "Enamel mug, large",
        "Holds half a litre.",
        1_750,
        80,
        "kitchen",
        "blue",
    ),
    (
        "LMP-01",
        "Desk lamp",
        "Warm light, a long arm, a quiet switch.",
        6_900,
        25,
        "office",
        "black",
    ),
    (
        "NTB-01",
        "Notebook, dotted",
        "192 pages that lie flat.",
        1_290,
        300,
        "office",
        "grey",
    ),
    (
        "BAG-01",
        "Canvas bag",
        "Carries what a market sells.",
        2_400,
        60,
        "travel",
        "natural",
    ),
    (
        "BTL-01",
        "Steel bottle",
        "Keeps tea hot for six hours.",
        3_150,
        45,
        "travel",
        "steel",
    ),
];

/// Address, password and name of the customer.
const CUSTOMER: (&str, &str, &str) = ("demo@example.com", "browse the shelves", "Demo Customer");

/// Adds a few products and a customer; what exists already stays. Returns the customer's address and password.
///
/// # Errors
/// The database is unavailable.
pub async fn add_demo(pipeline: &Pipeline) -> Result<(&'static str, &'static str)> {
    let cx = RequestContext::system(SystemCaller::SETUP);
    for row in PRODUCTS {
        let new = product(row).map_err(invalid_demo)?;
        ignore_conflict(pipeline.command(&cx, CreateProduct { new }).await)?;
    }
    let (email, password, name) = CUSTOMER;
    let email = Email::parse(email).map_err(invalid_demo)?;
    let name = PersonName::parse(name).map_err(invalid_demo)?;
    let register = Register::new(email, Password::new(password.to_owned()), name);
    ignore_conflict(pipeline.command(&cx, register).await)?;
    Ok((CUSTOMER.0, CUSTOMER.1))
}

fn product(
    (sku, name, about, cents, stock, category, colour): (&str, &str, &str, i64, i64, &str, &str),
) -> Result<NewProduct, Invalid> {
    Ok(NewProduct {
        sku: Sku::parse(sku)?,
        name: name.to_owned(),
        description: about.to_owned(),
        price: Money::price(cents, Currency::parse("USD")?)?,
        stock,
        category: Some(category.to_owned()),
        attributes: Attributes::new(Map::from_iter([("colour".to_owned(), json!(colour))]))?,
        status: ProductStatus::Active,
    })
}

fn ignore_conflict<T>(result: Result<T>) -> Result<()> {
    match result {
        Ok(_) | Err(Error::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn invalid_demo(invalid: Invalid) -> Error {
    Error::Invalid(ValidationErrors::one("demo", invalid.code, invalid.message))
}
