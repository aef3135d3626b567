//! `GET /v1/policy`: who asks, under which text, with which limits.
//!
//! The consent text is made from `locales/<language>/consent.ftl` and the settings; its hash is what a consent names,
//! so a changed provider or retention asks everybody anew.

use crate::{app::Shared, error::ServerError, mail::words::Words, settings::Settings};
use axum::{Json, extract::State};
use likeness_protocol::{
    Sha256Hex,
    verification::{CameraPolicy, Policy, PolicyText},
};
use std::collections::BTreeMap;

/// Counted up when the meaning of the consent text changes.
const VERSION: &str = "2026-1";

/// The policy this server publishes.
pub fn published(settings: &Settings, words: &Words) -> Result<Policy, ServerError> {
    let retention = settings.retention.clone();
    let body = words.say(
        "consent-body",
        &[
            ("provider", settings.provider.name.as_str().into()),
            ("help", settings.provider.help_address.as_str().into()),
            ("approved-days", retention.approved_media_days.into()),
            ("rejected-days", retention.rejected_media_days.into()),
            ("unbound-hours", retention.unbound_upload_hours.into()),
        ],
    )?;
    let text = PolicyText { sha256: Sha256Hex::of(body.as_bytes()), body };
    Ok(Policy {
        version: VERSION.to_owned(),
        provider: settings.provider.clone(),
        texts: BTreeMap::from([("en".to_owned(), text)]),
        retention,
        limits: settings.limits.photo,
        id_types: settings.id_types.clone(),
        expected_review_hours: settings.expected_review_hours,
        practice: settings.practice,
        camera: CameraPolicy { virtual_cameras: settings.virtual_cameras.into() },
    })
}

/// What is asked, by whom, and how long it is kept.
#[utoipa::path(get, path = "/v1/policy", tag = "verification", responses((status = 200, body = Policy)))]
pub async fn policy(State(app): State<Shared>) -> Json<Policy> {
    Json(app.policy.clone())
}
