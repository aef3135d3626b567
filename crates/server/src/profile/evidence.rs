//! The manifest's checks, in their fixed order, and what of it the reviewer gets to see.
//!
//! Every check compares the client's words with what the server itself knows; none believes a verdict. Frame numbers are not compared between photos:
//! a camera that was opened anew counts from zero again.

use crate::{
    capture::SessionRow,
    consent::Consent,
    database::{count, time},
    http::refusal::Refusal,
    media::MediaRow,
    settings::VirtualCameraRule,
    tokens,
};
use likeness_protocol::{
    Code, UnixMs,
    jws::{Jwk, PublicKey},
    manifest::{self, Backend, Claims, ManifestError, VirtualCamera},
    review::Evidence,
    verification::{IdLayout, PhotoKind},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use subtle::ConstantTimeEq;

/// How far the client's reckoning of the server's clock may be off.
const TOLERANCE: Duration = Duration::from_mins(1);

/// What the server knows, to compare with.
pub struct Known<'a> {
    pub origin: &'a str,
    pub account: &'a str,
    pub session: &'a SessionRow,
    pub consent: &'a Consent,
    pub policy_version: &'a str,
    pub practice: bool,
    pub rule: VirtualCameraRule,
    /// Thumbprint of the key behind today's token.
    pub token_jkt: &'a str,
}

/// Everything but the comparison with the uploads, which come after it.
pub fn check(token: &str, known: &Known<'_>) -> Result<Claims, Refusal> {
    let jwk: Jwk = serde_json::from_str(&known.session.public_key_json)?;
    let key = PublicKey::from_jwk(&jwk).map_err(|_| Code::ManifestWrongKey)?;
    let claims = manifest::verify(token, &key).map_err(|error| match error {
        ManifestError::Malformed => Code::ManifestMalformed,
        ManifestError::WrongKey => Code::ManifestWrongKey,
        ManifestError::Signature => Code::ManifestSignature,
    })?;
    let rules: [(bool, Code); 6] = [
        (
            claims.aud == known.origin && claims.sub == known.account && claims.cs == known.session.id,
            Code::ManifestWrongAudience,
        ),
        (
            claims.consent.policy == known.policy_version
                && claims.consent.text_hash.as_str() == known.consent.text_hash,
            Code::ManifestConsent,
        ),
        (tokens::hash(&claims.nonce).as_bytes().ct_eq(known.session.nonce_hash.as_bytes()).into(), Code::ManifestNonce),
        (times_fit(&claims, known.session), Code::ManifestTime),
        (is_complete(&claims, known.session)?, Code::ManifestIncomplete),
        (known.practice || claims.camera.backend != Backend::Studio, Code::SyntheticCamera),
    ];
    for (holds, code) in rules {
        if !holds {
            return Err(code.into());
        }
    }
    // A drawn picture is no camera at all; where it is let in, the rule about cameras is not meant for it.
    let virtual_camera = claims.camera.virtual_camera != VirtualCamera::No && claims.camera.backend != Backend::Studio;
    if known.rule == VirtualCameraRule::Block && virtual_camera {
        return Err(Code::VirtualCamera.into());
    }
    Ok(claims)
}

fn times_fit(claims: &Claims, session: &SessionRow) -> bool {
    let earliest = time(session.started_at).minus(TOLERANCE);
    let latest = time(session.capture_by).plus(TOLERANCE);
    let mut before = UnixMs(0);
    claims.captures.iter().all(|capture| {
        let fits = capture.t_ms > before && (earliest..=latest).contains(&capture.t_ms);
        before = capture.t_ms;
        fits
    })
}

fn is_complete(claims: &Claims, session: &SessionRow) -> Result<bool, Refusal> {
    let required: BTreeSet<_> = session.required()?.into_iter().collect();
    let captured: BTreeSet<_> = claims.captures.iter().map(|capture| capture.kind).collect();
    let kept: BTreeSet<_> = claims.kept.keys().copied().collect();
    let together = captured.union(&kept).count() == PhotoKind::ALL.len() && captured.is_disjoint(&kept);
    let two_sides = session.layout() == IdLayout::TwoSides;
    let card_seen =
        claims.captures.iter().all(|capture| capture.kind != PhotoKind::Face || !two_sides || capture.card_in_view);
    Ok(captured == required
        && captured.len() == claims.captures.len()
        && together
        && claims.kept == session.kept()?
        && claims.id_layout == session.layout()
        && card_seen)
}

/// Each captured photo must be the one that was uploaded.
pub fn check_uploads(claims: &Claims, uploads: &BTreeMap<PhotoKind, MediaRow>) -> Result<(), Refusal> {
    let same = claims.captures.iter().all(|capture| {
        uploads.get(&capture.kind).is_some_and(|upload| {
            upload.sha256_uploaded == capture.sha256.as_str()
                && count(upload.bytes) == capture.bytes
                && count(upload.width_px) == u64::from(capture.w)
                && count(upload.height_px) == u64::from(capture.h)
        })
    });
    if same { Ok(()) } else { Err(Code::ManifestHash.into()) }
}

/// What a reviewer is told.
pub fn for_reviewer(claims: &Claims, known: &Known<'_>) -> Evidence {
    Evidence {
        virtual_camera: if known.rule == VirtualCameraRule::Allow {
            VirtualCamera::No
        } else {
            claims.camera.virtual_camera
        },
        drawn: claims.camera.backend == Backend::Studio,
        key_changed: known.token_jkt != known.session.jkt,
        taken_anyway: claims
            .captures
            .iter()
            .filter(|capture| !capture.taken_anyway.is_empty())
            .map(|capture| (capture.kind, capture.taken_anyway.clone()))
            .collect(),
        kept: claims.kept.keys().copied().collect(),
        camera: claims.camera.name.clone(),
    }
}
