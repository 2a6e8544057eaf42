//! Sign-in by identity providers, and the identities of an account.

use crate::auth::{Transport, sign_in_answer};
use axum::extract::RawQuery;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName};
use mainstay_domain::id::IdentityId;
use mainstay_domain::page::{MAX_LIMIT, Page, PageInfo};
use mainstay_edge::answer::{self, Data, Listed};
use mainstay_edge::cookies::{self, ProviderBrowser, TokenPair};
use mainstay_edge::input::{PathId, Query};
use mainstay_edge::{Answer, ApiError, Operation, RouteState, Routes, route};
use mainstay_services::account::{
    BeginProviderSignIn, CallbackParams, FinishProviderSignIn, ListIdentities, ListProviders, ProviderAnswer,
    ProviderSignIn, ReturnTo, SignIn, UnlinkIdentity,
};
use mainstay_views::{IdentityView, ProviderView, SignInView};
use serde::Deserialize;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

pub(crate) fn routes() -> Routes {
    Routes::tagged("auth")
        .add(route!(ListProviders, list))
        .add(route!(BeginProviderSignIn, begin))
        .add(route!(FinishProviderSignIn, finish))
        .list::<ListIdentities, IdentityView>(
            "/api/auth/identities",
            "Lists the accounts at identity providers that sign in to the caller's account.",
            "Identities",
        )
        .add(route!(UnlinkIdentity, unlink))
}

/// Lists the identity providers that accounts may sign in with.
#[utoipa::path(get, path = "/api/auth/providers", tag = "auth",
    responses((status = 200, description = "The providers", body = Listed<ProviderView>)))]
async fn list(operation: Operation<ListProviders>) -> Answer {
    let items = operation.query(ListProviders).await?;
    // The settings name them: one page has them all.
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let info = PageInfo::Numbered {
        page: 1,
        limit: count.max(MAX_LIMIT),
        total: count.into(),
    };
    answer::list(Page { items, info }, ProviderView::from)
}

/// The parameters of the begin.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BeginParams {
    return_to: Option<String>,
}

/// Sends the browser to an identity provider. For a signed-in caller, the identity is linked to the account.
#[utoipa::path(get, path = "/api/auth/oauth/{provider}", tag = "auth",
    params(("provider" = String, Path, example = "google"),
        ("returnTo" = Option<String>, Query, description = "Where the browser goes afterwards: a path of this server, or an address at an origin of ALLOWED_ORIGINS, without a fragment; by default `/`", example = "/account")),
    responses((status = 303, description = "To the provider, with a cookie that binds the browser"), (status = 404)))]
async fn begin(
    operation: Operation<BeginProviderSignIn>,
    PathId(provider): PathId<String>,
    Query(params): Query<BeginParams>,
    ProviderBrowser(browser): ProviderBrowser,
    headers: HeaderMap,
) -> Answer {
    let secure = operation.route_state().options().secure_cookies;
    let is_foreign = headers
        .get(SEC_FETCH_SITE)
        .is_some_and(|site| site == "cross-site");
    let redirection = operation
        .command(BeginProviderSignIn {
            provider,
            return_to: params.return_to,
            browser,
            is_foreign,
        })
        .await?;
    let mut response = answer::see_other(redirection.url.expose());
    let bound = &redirection.browser;
    cookies::set_provider_browser(response.headers_mut(), &bound.secret, bound.until, secure);
    Ok(response)
}

/// Takes the browser back from an identity provider. It goes on to `returnTo` with the token cookies, with
/// `#mfaToken=…&methods=…` where a second factor is required, with `#restoreToken=…&deletionAt=…` for an account that is to
/// be deleted, or with `?error=CODE`. A client that accepts
/// `application/json` gets the tokens, the request for a second factor, the linked identity, or the error instead.
#[utoipa::path(get, path = "/api/auth/oauth/{provider}/callback", tag = "auth",
    params(("provider" = String, Path, example = "google"),
        ("state" = Option<String>, Query), ("code" = Option<String>, Query),
        ("iss" = Option<String>, Query, description = "The issuer (RFC 9207)"),
        ("error" = Option<String>, Query, description = "Why the provider refused")),
    responses((status = 200, description = "Signed in, or a second factor is required; the identity where it was linked", body = Data<SignInView>),
        (status = 303, description = "To `returnTo`"), (status = 401), (status = 409)))]
async fn finish(
    operation: Operation<FinishProviderSignIn>,
    PathId(provider): PathId<String>,
    RawQuery(query): RawQuery,
    ProviderBrowser(browser): ProviderBrowser,
    headers: HeaderMap,
) -> Answer {
    let route_state = operation.route_state().clone();
    let params = CallbackParams::parse(query.as_deref().unwrap_or_default());
    let finished = match params {
        Ok(params) => {
            let finish = FinishProviderSignIn {
                provider,
                params,
                browser,
            };
            operation.command(finish).await.map_err(ApiError::from)
        }
        Err(errors) => Err(errors.into()),
    };
    if accepts_json(&headers) {
        let ProviderSignIn { outcome, .. } = finished?;
        return match outcome? {
            ProviderAnswer::SignIn(answer) => sign_in_answer(&route_state, answer, Some(Transport::Body)),
            ProviderAnswer::Linked(identity) => answer::data(&IdentityView::from(*identity)),
        };
    }
    match finished {
        Ok(ProviderSignIn { return_to, outcome }) => match outcome {
            Ok(answer) => Ok(returned(&route_state, &return_to, answer)),
            Err(error) => Ok(answer::see_other(&return_to.with_error(error.code()))),
        },
        Err(error) => Ok(answer::see_other(&ReturnTo::default().with_error(error.code()))),
    }
}

/// Removes an identity from the caller's account, unless it is the last way in.
#[utoipa::path(delete, path = "/api/auth/identities/{id}", tag = "auth",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "Removed"), (status = 409)))]
async fn unlink(operation: Operation<UnlinkIdentity>, PathId(id): PathId<IdentityId>) -> Answer {
    operation.command(UnlinkIdentity { id }).await?;
    Ok(answer::nothing())
}

/// The browser's way back after a success.
fn returned(
    route_state: &RouteState,
    return_to: &ReturnTo,
    answer: ProviderAnswer,
) -> axum::response::Response {
    match answer {
        ProviderAnswer::Linked(_) => answer::see_other(return_to.as_str()),
        ProviderAnswer::SignIn(SignIn::SecondFactor(request)) => {
            let methods: Vec<&str> = request.methods.iter().map(|method| method.as_str()).collect();
            let parameters = [
                ("mfaToken", request.token.expose().as_str()),
                ("methods", &methods.join(",")),
            ];
            answer::see_other(&return_to.with_fragment(&parameters))
        }
        ProviderAnswer::SignIn(SignIn::Restore(offer)) => {
            let deletion_at = offer.deletion_at.to_string();
            let parameters = [
                ("restoreToken", offer.token.expose().as_str()),
                ("deletionAt", &deletion_at),
            ];
            answer::see_other(&return_to.with_fragment(&parameters))
        }
        ProviderAnswer::SignIn(SignIn::Tokens(tokens)) => {
            let mut response = answer::see_other(return_to.as_str());
            let pair = TokenPair {
                access: (tokens.access_token.expose(), tokens.expires_at),
                refresh: (tokens.refresh_token.expose(), tokens.session_ends_at),
            };
            let secure = route_state.options().secure_cookies;
            cookies::set(response.headers_mut(), pair, secure);
            if let Some(device) = &tokens.device {
                cookies::set_device(response.headers_mut(), device.expose(), secure);
            }
            response
        }
    }
}

/// Whether the client is a program: browsers that follow a link accept pages, and never JSON by name.
fn accepts_json(headers: &HeaderMap) -> bool {
    let lines = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let ranges = lines.flat_map(|line| line.split(','));
    ranges.filter_map(|range| range.split(';').next()).any(|kind| {
        let kind = kind.trim();
        kind.eq_ignore_ascii_case("application/json") || kind.eq_ignore_ascii_case("application/problem+json")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_name_json_and_browsers_do_not() {
        let accepts = |accept: &str| accepts_json(&[(ACCEPT, accept.parse().unwrap())].into_iter().collect());
        for json in [
            "application/json",
            "text/html, Application/JSON;q=0.9",
            "application/problem+json",
        ] {
            assert!(accepts(json), "{json}");
        }
        for browser in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "*/*",
            "",
        ] {
            assert!(!accepts(browser), "{browser}");
        }
        assert!(!accepts_json(&HeaderMap::new()));
    }
}
