//! Outgoing webhooks: endpoints, and the deliveries to them.

use crate::parse;
use http::StatusCode;
use mainstay_domain::string_enum::StringEnum as _;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::webhook::{WebhookEndpointId, WebhookEndpointStatus};
use mainstay_edge::answer::{self, Data};
use mainstay_edge::input::{Body, PathId, PathPair};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::webhook::{
    CreateWebhookEndpoint, DeleteWebhookEndpoint, ListWebhookDeliveries, ListWebhookEndpoints,
    ReadWebhookEndpoint, ReplayWebhookDelivery, RotateWebhookSecret, TestWebhookEndpoint,
    UpdateWebhookEndpoint,
};
use mainstay_views::{NewWebhookSecretView, WebhookDeliveryView, WebhookEndpointView};
use serde::Deserialize;
use utoipa::ToSchema;

const PATH: &str = "/api/webhook-endpoints";

pub(crate) fn routes() -> Routes {
    Routes::tagged("webhooks")
        .list::<ListWebhookEndpoints, WebhookEndpointView>(
            PATH,
            "Lists the endpoints, newest first.",
            "Endpoints",
        )
        .add(route!(CreateWebhookEndpoint, create))
        .add(route!(ReadWebhookEndpoint, read))
        .add(route!(UpdateWebhookEndpoint, update))
        .add(route!(DeleteWebhookEndpoint, delete))
        .add(route!(RotateWebhookSecret, rotate_secret))
        .add(route!(TestWebhookEndpoint, test))
        .list_of::<ListWebhookDeliveries, WebhookDeliveryView>(
            "/api/webhook-endpoints/{id}/deliveries",
            "Lists the deliveries to an endpoint, newest first. They are kept for thirty days.",
            "Deliveries",
        )
        .add(route!(ReplayWebhookDelivery, replay))
}

/// A kind of events, `order.paid`; a family of kinds, `order.*`; or `*`.
#[derive(ToSchema)]
#[schema(as = EventKinds, max_length = 100, example = "order.*")]
#[expect(dead_code, reason = "only its shape is shown")]
struct KindShape(String);

/// An endpoint to register.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewWebhookEndpoint {
    /// An `https:` URL with a public address; in the networks of `WEBHOOK_NETWORKS`, `http:` too.
    #[schema(min_length = 1, max_length = 2000, example = "https://hooks.example/mainstay")]
    url: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
    #[schema(value_type = Vec<KindShape>, min_items = 1, max_items = 50)]
    kinds: Vec<String>,
}

/// The fields of an endpoint to change; the others stay.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WebhookEndpointPatch {
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    url: Option<String>,
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(nullable = false, max_length = 200)]
    description: Option<String>,
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(value_type = Vec<KindShape>, min_items = 1, max_items = 50, required = false)]
    kinds: Option<Vec<String>>,
    /// `enabled` or `disabled`.
    #[serde(default, deserialize_with = "parse::given")]
    #[schema(nullable = false, pattern = "^(enabled|disabled)$")]
    status: Option<String>,
}

/// Registers an endpoint. The secret is in this answer only.
#[utoipa::path(post, path = "/api/webhook-endpoints", tag = "webhooks", request_body = NewWebhookEndpoint,
    responses((status = 201, description = "Registered", body = Data<NewWebhookSecretView>)))]
async fn create(operation: Operation<CreateWebhookEndpoint>, Body(new): Body<NewWebhookEndpoint>) -> Answer {
    let created = operation
        .command(CreateWebhookEndpoint {
            url: new.url,
            description: new.description,
            kinds: new.kinds,
        })
        .await?;
    let location = format!("{PATH}/{}", created.endpoint.id);
    answer::created(&location, &NewWebhookSecretView::from(created))
}

/// Reads an endpoint.
#[utoipa::path(get, path = "/api/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The endpoint", body = Data<WebhookEndpointView>)))]
async fn read(operation: Operation<ReadWebhookEndpoint>, PathId(id): PathId<WebhookEndpointId>) -> Answer {
    let endpoint = operation.query(ReadWebhookEndpoint { id }).await?;
    answer::data(&WebhookEndpointView::from(endpoint))
}

/// Changes an endpoint. One that is enabled again is sent the deliveries that wait for it.
#[utoipa::path(patch, path = "/api/webhook-endpoints/{id}", tag = "webhooks", request_body = WebhookEndpointPatch,
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The endpoint", body = Data<WebhookEndpointView>)))]
async fn update(
    operation: Operation<UpdateWebhookEndpoint>,
    PathId(id): PathId<WebhookEndpointId>,
    Body(patch): Body<WebhookEndpointPatch>,
) -> Answer {
    let status = patch.status.as_deref().map(WebhookEndpointStatus::from_name);
    if status == Some(None) {
        let errors = ValidationErrors::one("status", "FORMAT", "must be one of enabled, disabled");
        return Err(ApiError::from(mainstay_domain::Error::Invalid(errors)));
    }
    let update = UpdateWebhookEndpoint {
        id,
        url: patch.url,
        description: patch.description,
        kinds: patch.kinds,
        status: status.flatten(),
    };
    answer::data(&WebhookEndpointView::from(operation.command(update).await?))
}

/// Deletes an endpoint with its deliveries.
#[utoipa::path(delete, path = "/api/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "Deleted")))]
async fn delete(
    operation: Operation<DeleteWebhookEndpoint>,
    PathId(id): PathId<WebhookEndpointId>,
) -> Answer {
    operation.command(DeleteWebhookEndpoint { id }).await?;
    Ok(answer::nothing())
}

/// Makes a new secret. For a day, deliveries are signed with both.
#[utoipa::path(post, path = "/api/webhook-endpoints/{id}/rotate-secret", tag = "webhooks",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The new secret", body = Data<NewWebhookSecretView>)))]
async fn rotate_secret(
    operation: Operation<RotateWebhookSecret>,
    PathId(id): PathId<WebhookEndpointId>,
) -> Answer {
    let rotated = operation.command(RotateWebhookSecret { id }).await?;
    answer::data(&NewWebhookSecretView::from(rotated))
}

/// Sends an event of the kind `webhook-endpoint.test` to an endpoint.
#[utoipa::path(post, path = "/api/webhook-endpoints/{id}/test", tag = "webhooks",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 202, description = "On its way", body = Data<WebhookDeliveryView>)))]
async fn test(operation: Operation<TestWebhookEndpoint>, PathId(id): PathId<WebhookEndpointId>) -> Answer {
    let delivery = operation.command(TestWebhookEndpoint { id }).await?;
    let data = WebhookDeliveryView::from(delivery);
    answer::json(StatusCode::ACCEPTED, &Data { data })
}

/// Sends a delivery again, with the same id and body.
#[utoipa::path(post, path = "/api/webhook-endpoints/{id}/deliveries/{delivery}/replay", tag = "webhooks",
    params(("id" = String, Path, format = Uuid), ("delivery" = String, Path, format = Uuid)),
    responses((status = 202, description = "On its way", body = Data<WebhookDeliveryView>), (status = 409)))]
async fn replay(
    operation: Operation<ReplayWebhookDelivery>,
    PathPair(endpoint, delivery): PathPair<WebhookEndpointId>,
) -> Answer {
    let not_found = |_unparsable| ApiError::from(mainstay_domain::Error::NotFound);
    let delivery = delivery.parse().map_err(not_found)?;
    let replay = ReplayWebhookDelivery { endpoint, delivery };
    let delivery = operation.command(replay).await?;
    let data = WebhookDeliveryView::from(delivery);
    answer::json(StatusCode::ACCEPTED, &Data { data })
}
