//! Products.

mod input;

use crate::parse;
use mainstay_views::ProductView;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use input::{ProductInput, ProductPatchInput, StockInput};
use mainstay_domain::id::ProductId;
use mainstay_domain::page::DEFAULT_LIMIT;
use mainstay_domain::product::{Product, ProductStatus};
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data, Listed, Tag};
use mainstay_edge::input::{Body, IfMatch, IfNoneMatch, PageParams, PathId, Query, page, sort};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::list::{ProductFilter, ProductSort};
use mainstay_services::product::{
    ChangeStock, CreateProduct, DeleteProduct, ListProducts, ReadProduct, UpdateProduct,
};
use serde::Deserialize;
use std::sync::Arc;

const SORTS: [(&str, ProductSort); 3] = [
    ("createdAt", ProductSort::CreatedAt),
    ("price", ProductSort::Price),
    ("name", ProductSort::Name),
];
const STATUSES: &str = "draft, active, archived";
/// What anybody may see may be kept, as long as it is asked each time whether it is still right.
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(ListProducts, list))
        .add(route!(ReadProduct, read))
        .add(route!(CreateProduct, create))
        .add(route!(UpdateProduct, update))
        .add(route!(DeleteProduct, delete))
        .add(route!(ChangeStock, stock))
}

/// Which products, and which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListProductsParams {
    #[param(min_length = 1, max_length = 200)]
    category: Option<String>,
    /// Words in the name or the description.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// `draft`, `active` or `archived`; all but `active` are shown to holders of `update:product` only.
    #[param(pattern = "^(draft|active|archived)$")]
    status: Option<String>,
    /// `createdAt`, `price` or `name`, with `-` before it for the last first.
    #[param(pattern = "^-?(createdAt|price|name)$")]
    sort: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1)]
    page: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// Instead of `page`: the `nextCursor` of this list with the same sort and filters; empty for the beginning.
    #[param(pattern = "^([0-9a-f]{2})*$")]
    cursor: Option<String>,
}

/// Lists products.
#[utoipa::path(get, path = "/api/products", tag = "products", params(ListProductsParams),
    responses((status = 200, description = "Products", body = Listed<ProductView>)))]
async fn list(operation: Operation<ListProducts>, Query(params): Query<ListProductsParams>) -> Answer {
    let mut errors = ValidationErrors::new();
    let category = errors.take_optional("category", params.category.as_deref().map(parse::words));
    let q = errors.take_optional("q", params.q.as_deref().map(parse::words));
    let status = params
        .status
        .as_deref()
        .map(|text| parse::word(text, ProductStatus::find, STATUSES));
    let status = errors.take_optional("status", status);
    let sort = sort(
        &mut errors,
        params.sort.as_deref(),
        &SORTS,
        (ProductSort::CreatedAt, true),
    );
    let asked = PageParams {
        page: params.page.as_deref(),
        limit: params.limit.as_deref(),
        cursor: params.cursor.as_deref(),
    };
    let page = page(&mut errors, asked, DEFAULT_LIMIT);
    let (sort, page) = ApiError::unless_good(errors, sort.zip(page))?;
    let filter = ProductFilter { category, q, status };
    answer::list(
        operation.query(ListProducts { filter, sort, page }).await?,
        ProductView::from,
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

/// Adds a product.
#[utoipa::path(post, path = "/api/products", tag = "products", request_body = ProductInput,
    responses((status = 201, description = "Added", body = Data<ProductView>), (status = 409)))]
async fn create(operation: Operation<CreateProduct>, Body(input): Body<ProductInput>) -> Answer {
    let product = operation.command(CreateProduct { new: input.read()? }).await?;
    let (tag, location) = (Tag::of(product.version), format!("/api/products/{}", product.id));
    Ok(tag.put(answer::created(&location, &ProductView::from(product))?))
}

/// Changes a product; what is left out stays. A change of nothing is answered with the product as it is.
#[utoipa::path(patch, path = "/api/products/{id}", tag = "products", request_body = ProductPatchInput,
    params(("id" = String, Path, format = Uuid), ("If-Match" = Option<String>, Header, description = "The state that is meant")),
    responses((status = 200, description = "The product as it is now", body = Data<ProductView>), (status = 409)))]
async fn update(
    operation: Operation<UpdateProduct>,
    PathId(id): PathId<ProductId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<ProductPatchInput>,
) -> Answer {
    shown(
        operation
            .command(UpdateProduct {
                id,
                patch: input.read()?,
                expected,
            })
            .await?,
    )
}

/// Takes a product off sale. One that was ordered is archived, not lost.
#[utoipa::path(delete, path = "/api/products/{id}", tag = "products",
    params(("id" = String, Path, format = Uuid), ("If-Match" = Option<String>, Header, description = "The state that is meant")),
    responses((status = 204, description = "Off sale"), (status = 409)))]
async fn delete(
    operation: Operation<DeleteProduct>,
    PathId(id): PathId<ProductId>,
    IfMatch(expected): IfMatch,
) -> Answer {
    operation.command(DeleteProduct { id, expected }).await?;
    Ok(answer::nothing())
}

/// Changes how many there are.
#[utoipa::path(post, path = "/api/products/{id}/stock", tag = "products", request_body = StockInput,
    params(("id" = String, Path, format = Uuid), ("If-Match" = Option<String>, Header, description = "The state that is meant")),
    responses((status = 200, description = "The product as it is now", body = Data<ProductView>)))]
async fn stock(
    operation: Operation<ChangeStock>,
    PathId(id): PathId<ProductId>,
    IfMatch(expected): IfMatch,
    Body(input): Body<StockInput>,
) -> Answer {
    let (delta, reason) = input.read()?;
    let change = ChangeStock {
        id,
        delta,
        reason,
        expected,
    };
    shown(operation.command(change).await?)
}

fn shown(product: Product) -> Answer {
    let tag = Tag::of(product.version);
    Ok(tag.put(answer::data(&ProductView::from(product))?))
}
