//! Invitations, as invited people accept them.

use crate::auth::{Transport, sign_in_tokens};
use mainstay_domain::name::PersonName;
use mainstay_domain::password;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::Data;
use mainstay_edge::input::Body;
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_engine::Secret;
use mainstay_services::account::{AcceptInvitation, Password};
use mainstay_views::TokensView;
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new().add(route!(AcceptInvitation, accept))
}

/// The token of the link in a mail, and what the user chooses.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Acceptance {
    #[schema(max_length = 100)]
    token: String,
    /// At least 8 characters, and none of those that attackers try first.
    #[schema(format = Password, min_length = 8, max_length = 256)]
    password: String,
    /// The name of the user; that of the invitation when it is left out.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    transport: Option<Transport>,
}

/// Accepts an invitation, once: confirms the address, sets the password and signs the user in.
#[utoipa::path(post, path = "/api/auth/invitation/accept", tag = "auth", request_body = Acceptance,
    responses((status = 200, description = "Signed in", body = Data<TokensView>), (status = 401), (status = 403)))]
async fn accept(operation: Operation<AcceptInvitation>, Body(input): Body<Acceptance>) -> Answer {
    let route_state = operation.route_state().clone();
    let mut errors = ValidationErrors::new();
    let name = errors.take_optional("name", input.name.as_deref().map(PersonName::parse));
    // The use case checks the password again, with the words of the account.
    let good = errors.take("password", password::check_new(&input.password, &[]));
    ApiError::unless_good(errors, good)?;
    let command = AcceptInvitation::new(Secret::new(input.token), Password::new(input.password), name);
    let tokens = operation.command(command).await?;
    sign_in_tokens(&route_state, tokens, input.transport)
}
