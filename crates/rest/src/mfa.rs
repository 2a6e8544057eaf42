//! Second factors, and proving again who one is.

use mainstay_edge::answer;
use mainstay_edge::input::Body;
use mainstay_edge::{Answer, Operation, Routes, route};
use mainstay_services::account::{Password, StepUp};
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new().add(route!(StepUp, step_up))
}

/// What proves again who the caller is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Proof {
    /// The password of the account.
    #[schema(format = Password, max_length = 128)]
    password: String,
}

/// Proves again who the caller is. For ten minutes, this session may then do what needs it: other requests answer
/// `STEP_UP_REQUIRED`.
#[utoipa::path(post, path = "/api/auth/step-up", tag = "auth", request_body = Proof,
    responses((status = 204, description = "In force for ten minutes")))]
async fn step_up(operation: Operation<StepUp>, Body(input): Body<Proof>) -> Answer {
    operation
        .command(StepUp::with_password(Password::new(input.password)))
        .await?;
    Ok(answer::nothing())
}
