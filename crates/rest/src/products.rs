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

/// Clients may cache what every caller may see, and must revalidate it each time.
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

pub(crate) fn routes() -> Routes {
    const ONE: &str = "/api/products/{id}";
    Routes::tagged("products")
        .list::<ListProducts, ProductView>("/api/products", "Lists products.", "Products")
        .add(route!(ReadProduct, read))
        .create::<ProductInput, ProductView>("/api/products", "Creates a product.", "Created")
        .change::<ProductPatchInput, ProductView>(
            HttpMethod::Patch,
            ONE,
            "Changes a product; fields that are left out stay. The response to a request that changes nothing is the unchanged product.",
            "The changed product",
        )
        .remove::<DeleteProduct>(
            ONE,
            "Deletes a product. One that was ever ordered is archived instead.",
            "Deleted or archived",
        )
        .change::<StockInput, ProductView>(
            HttpMethod::Post,
            "/api/products/{id}/stock",
            "Changes the stock of a product.",
            "The changed product",
        )
}

/// Reads a product.
#[utoipa::path(get, path = "/api/products/{id}", tag = "products",
    params(("id" = String, Path, format = Uuid), ("If-None-Match" = Option<String>, Header, description = "The entity tag of the representation that the client has")),
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
