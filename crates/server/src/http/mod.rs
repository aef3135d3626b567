//! The HTTP surface: which routes exist, and what surrounds every request.
//!
//! Guarantees: every answer carries a request number; every refusal is a problem document (OAuth's own JSON below `/oauth`); a body is read only where
//! a route asks for one, and never more than that route allows; there are no CORS headers. The OpenAPI document is made from the same list as the routes.

pub mod caller;
pub mod envelope;
pub mod html;
pub mod refusal;
pub mod sent;

use crate::{
    accounts, app::Shared, capture, consent, console, emails, farewell, identities, identity, oauth, passwords, policy,
    profile, review, sessions, sso, uploads,
};
use axum::{Router, middleware};
use likeness_protocol::Code;
use refusal::Refusal;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Likeness verification API",
        description = "Every request but the metadata, the policy, the search for an organisation, the look at an invitation, a revocation, a kiosk that begins, the two steps to a forgotten password, undoing a change of address and the tus greeting carries a DPoP proof; those below /v1 an access token too.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(likeness_protocol::Problem, likeness_protocol::oauth::OAuthError))
)]
struct Document;

fn described() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(oauth::metadata))
        .routes(routes!(oauth::par::push))
        .routes(routes!(oauth::par::link))
        .routes(routes!(oauth::challenge::challenge))
        .routes(routes!(oauth::token::token))
        .routes(routes!(oauth::token::revoke))
        .routes(routes!(oauth::device::begin))
        .routes(routes!(identity::discovery::find))
        .routes(routes!(identity::invitation::show))
        .routes(routes!(identity::invitation::resolve))
        .routes(routes!(accounts::me, farewell::delete))
        .routes(routes!(farewell::export))
        .routes(routes!(identities::list))
        .routes(routes!(identities::disconnect))
        .routes(routes!(emails::ask))
        .routes(routes!(emails::cancel))
        .routes(routes!(emails::confirm))
        .routes(routes!(emails::revert))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(passwords::change))
        .routes(routes!(passwords::ask))
        .routes(routes!(passwords::confirm))
        .routes(routes!(policy::policy))
        .routes(routes!(consent::give))
        .routes(routes!(consent::withdraw))
        .routes(routes!(capture::open))
        .routes(routes!(capture::show, capture::abandon))
        .routes(routes!(uploads::greet, uploads::create))
        .routes(routes!(uploads::progress, uploads::append))
        .routes(routes!(profile::submit::submit, profile::status::status))
        .routes(routes!(review::api::queue))
        .routes(routes!(review::api::show))
        .routes(routes!(review::api::claim, review::api::release))
        .routes(routes!(review::api::photo))
        .routes(routes!(review::api::decide))
}

/// The whole service.
pub fn router(app: Shared) -> Router {
    let described = described();
    #[cfg(feature = "practice")]
    let described = described.merge(crate::practice::routes());
    let (api, _) = described.split_for_parts();
    api.merge(console::routes())
        .merge(emails::page::routes())
        .merge(sso::browser::routes())
        .merge(sso::phone::routes())
        .fallback(|| async { Refusal::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Refusal::from(Code::MethodNotAllowed) })
        .layer(CatchPanicLayer::custom(envelope::Panicked))
        .layer(middleware::from_fn_with_state(app.clone(), envelope::surround))
        .with_state(app)
}

/// The OpenAPI document of this version, as `docs/openapi.json` holds it. Practice routes are not part of it.
///
/// # Errors
/// Only when JSON cannot be written.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    let (_, document) = described().split_for_parts();
    document.to_pretty_json().map(|text| text + "\n")
}
