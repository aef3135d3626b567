//! Authorization server: metadata, pushed requests, the challenge endpoint, tokens.

pub mod challenge;
pub mod codes;
pub mod device;
pub mod par;
pub mod password;
pub mod proof;
pub mod session;
pub mod steps;
pub mod token;

use crate::{app::Shared, http::refusal::Refusal, sso::provider};
use axum::{Json, extract::State};
use likeness_protocol::oauth::ServerMetadata;

/// Where everything is.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "sign-in", responses((status = 200, body = ServerMetadata)))]
pub async fn metadata(State(app): State<Shared>) -> Result<Json<ServerMetadata>, Refusal> {
    let likeness_social = provider::offered(&app).await?;
    let origin = &app.origin;
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    Ok(Json(ServerMetadata {
        issuer: origin.clone(),
        authorization_endpoint: Some(format!("{origin}/oauth/authorize")),
        pushed_authorization_request_endpoint: Some(format!("{origin}/oauth/par")),
        require_pushed_authorization_requests: true,
        authorization_response_iss_parameter_supported: true,
        response_types_supported: words(&["code"]),
        token_endpoint_auth_methods_supported: words(&["none", "client_secret_post"]),
        authorization_challenge_endpoint: format!("{origin}/oauth/challenge"),
        token_endpoint: format!("{origin}/oauth/token"),
        revocation_endpoint: format!("{origin}/oauth/revoke"),
        device_authorization_endpoint: Some(format!("{origin}/oauth/device_authorization")),
        grant_types_supported: words(&[
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ]),
        code_challenge_methods_supported: words(&["S256"]),
        dpop_signing_alg_values_supported: words(&["ES256"]),
        scopes_supported: words(&["profile", "verification"]),
        likeness_api: 1,
        likeness_practice: app.settings.practice,
        likeness_social,
    }))
}
