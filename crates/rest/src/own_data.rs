//! What an owner does with all of an account at once: its export, its deletion, and its restoration.

use crate::auth::{Transport, sign_in_tokens, signed_out};
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http::header::LOCATION;
use mainstay_edge::answer::{self, Data};
use mainstay_edge::cookies;
use mainstay_edge::input::Body;
use mainstay_edge::{Answer, Operation, Routes, route};
use mainstay_engine::Secret;
use mainstay_services::account::RestoreAccount;
use mainstay_services::data_export::{
    DownloadDataExport, ReadDataExport, ReadExportChunk, RequestDataExport,
};
use mainstay_services::user::DeleteMe;
use mainstay_views::{DataExportView, RequestedDeletionView, TokensView};
use serde::Deserialize;
use utoipa::ToSchema;

const EXPORT: &str = "/api/users/me/export";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(DeleteMe, delete_me))
        .add(route!(RestoreAccount, restore))
        .add(route!(RequestDataExport, request))
        .add(route!(ReadDataExport, read))
        .add(route!(DownloadDataExport, download))
}

/// The token of the answer to a sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Restoration {
    #[schema(max_length = 100)]
    restore_token: String,
    transport: Option<Transport>,
}

/// A ZIP archive.
#[derive(ToSchema)]
#[schema(as = Archive, value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its shape is shown")]
struct ArchiveSchema(Vec<u8>);

/// Has the caller's own account deleted; needs a step-up. All its sessions end, and none of its credentials works any more.
/// Until `deletionAt`, a sign-in is answered with the offer to restore it.
#[utoipa::path(delete, path = "/api/users/me", tag = "users",
    responses((status = 202, description = "The account is going to be deleted", body = Data<RequestedDeletionView>),
        (status = 204, description = "The account is deleted: this server leaves no time to restore it"), (status = 409)))]
async fn delete_me(operation: Operation<DeleteMe>) -> Answer {
    let route_state = operation.route_state().clone();
    let requested = operation.command(DeleteMe).await?;
    let Some(data) = RequestedDeletionView::of(requested) else {
        return Ok(signed_out(&route_state));
    };
    let mut response = answer::json(StatusCode::ACCEPTED, &Data { data })?;
    cookies::clear(response.headers_mut(), route_state.options().secure_cookies);
    Ok(response)
}

/// Restores an account whose deletion its owner requested, and signs in to it. The token is the one of the answer to a
/// sign-in: it is valid for ten minutes, and works once.
#[utoipa::path(post, path = "/api/auth/restore", tag = "auth", request_body = Restoration,
    responses((status = 200, description = "Restored and signed in", body = Data<TokensView>), (status = 401)))]
async fn restore(operation: Operation<RestoreAccount>, Body(input): Body<Restoration>) -> Answer {
    let route_state = operation.route_state().clone();
    let restore = RestoreAccount::new(Secret::new(input.restore_token));
    let tokens = operation.command(restore).await?;
    sign_in_tokens(&route_state, tokens, input.transport)
}

/// Requests an export of everything that is stored about the caller's account; needs a step-up. One at a time, and three a
/// day. A mail informs the owner when it can be downloaded.
#[utoipa::path(post, path = "/api/users/me/export", tag = "users",
    responses((status = 202, description = "The export is being made", body = Data<DataExportView>), (status = 409)))]
async fn request(operation: Operation<RequestDataExport>) -> Answer {
    let data = DataExportView::from(operation.command(RequestDataExport).await?);
    let mut response = answer::json(StatusCode::ACCEPTED, &Data { data })?;
    answer::set(&mut response, LOCATION, EXPORT);
    Ok(response)
}

/// Reads how far the export is that the caller requested last.
#[utoipa::path(get, path = "/api/users/me/export", tag = "users",
    responses((status = 200, description = "The export", body = Data<DataExportView>), (status = 404)))]
async fn read(operation: Operation<ReadDataExport>) -> Answer {
    let state = operation.query(ReadDataExport).await?;
    answer::data(&DataExportView::from(state))
}

/// Downloads the export that the caller requested last; needs a step-up. A ZIP archive of JSON files, one for each kind of
/// data.
#[utoipa::path(get, path = "/api/users/me/export/download", tag = "users",
    responses((status = 200, description = "The archive", body = ArchiveSchema, content_type = "application/zip"),
        (status = 404), (status = 409, description = "The export is not done")))]
async fn download(operation: Operation<DownloadDataExport>) -> Answer {
    let later = operation.later_queries();
    let export = operation.command(DownloadDataExport).await?;
    let name = format!("export-{}.zip", &export.created_at.to_string()[..10]);
    let (id, size) = (export.id, export.size.unwrap_or(0));
    let chunks = stream::try_unfold(0, move |number| {
        let later = later.clone();
        async move {
            let chunk = later.query(ReadExportChunk { export: id, number }).await?;
            Ok::<_, mainstay_domain::Error>(chunk.map(|chunk| (Bytes::from(chunk), number + 1)))
        }
    });
    Ok(answer::download("application/zip", &name, size, chunks))
}
