//! Products.

mod input;

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use input::{ProductInput, ProductPatchInput, StockInput};
use mainstay_domain::id::ProductId;
use mainstay_edge::answer::{Data, Tag};
use mainstay_edge::input::{IfNoneMatch, PathId};
use mainstay_edge::{Answer, Operation, Routes, route};
use mainstay_services::product::{DeleteProduct, ListProducts, ReadProduct};
use mainstay_views::ProductView;
use std::sync::Arc;
use utoipa::openapi::path::HttpMethod;

/// What anybody may see may be kept, as long as it is asked each time whether it is still right.
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

pub(crate) fn routes() -> Routes {
    const ONE: &str = "/api/products/{id}";
    Routes::tagged("products")
        .list::<ListProducts, ProductView>("/api/products", "Lists products.", "Products")
        .add(route!(ReadProduct, read))
        .create::<ProductInput, ProductView>("/api/products", "Adds a product.", "Added")
        .change::<ProductPatchInput, ProductView>(
            HttpMethod::Patch,
            ONE,
            "Changes a product; what is left out stays. A change of nothing is answered with the product as it is.",
            "The product as it is now",
        )
        .remove::<DeleteProduct>(
            ONE,
            "Takes a product off sale. One that was ordered is archived, not lost.",
            "Off sale",
        )
        .change::<StockInput, ProductView>(
            HttpMethod::Post,
            "/api/products/{id}/stock",
            "Changes how many there are.",
            "The product as it is now",
        )
}

/// Reads a product.
#[utoipa::path(get, path = "/api/products/{id}", tag = "products",
    params(("id" = String, Path, format = Uuid), ("If-None-Match" = Option<String>, Header, description = "The state that the client has")),
    responses((status = 200, description = "The product", body = Data<ProductView>), (status = 304, description = "Unchanged")))]
async fn read(
    operation: Operation<ReadProduct>,
    PathId(id): PathId<ProductId>,
    known: IfNoneMatch,
) -> Answer {
    let product = operation.query(ReadProduct { id }).await?;
    let mut response =
        Tag::of(product.version).answer(&known, &ProductView::from(Arc::unwrap_or_clone(product)))?;
    response.headers_mut().insert(CACHE_CONTROL, REVALIDATE);
    Ok(response)
}
