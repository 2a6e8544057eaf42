//! The templates of the product's mails, compiled once.

use super::order_paid::ORDER_PAID;
use mainstay_domain::Result;
use mainstay_engine::mail::{Template, Templates};
use std::sync::LazyLock;

/// Every mail of the product.
const ALL: [Template; 1] = [ORDER_PAID];

/// The templates are part of the program, so they are compiled once.
static COMPILED: LazyLock<Result<Templates>> = LazyLock::new(|| Templates::compile(&ALL));

/// The compiled templates.
///
/// # Errors
/// An internal error when one does not compile, which a test excludes.
pub(super) fn templates() -> Result<&'static Templates> {
    COMPILED.as_ref().map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::error::Code;
    use serde_json::json;

    #[test]
    fn every_template_compiles_and_refuses_to_render_without_a_value() {
        for template in &ALL {
            let error = templates().unwrap().render(template, &json!({"number": "1"}));
            assert_eq!(
                error.unwrap_err().code(),
                Code::InternalError,
                "{}",
                template.name
            );
        }
    }
}
