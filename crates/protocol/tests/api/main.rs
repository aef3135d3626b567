//! The wire as a table: what each side writes, the other reads.
#![cfg(test)]

use likeness_protocol::{
    UnixMs,
    jws::{Header, PrivateKey},
    limits::MAX_MANIFEST_BYTES,
    manifest::{
        self, App, Backend, Camera, Capture, Claims, Consent, Finding, How, ManifestError, Mode, VirtualCamera,
    },
    review::DecisionRequest,
    text::Sha256Hex,
    verification::{
        CaptureSessionRequest, Concern, IdLayout, OpenedCaptureSession, PhotoKind, ProfileStatus, Reason, SubmitRequest,
    },
};
use std::collections::BTreeMap;

fn capture(kind: PhotoKind) -> Capture {
    let finding = |number: usize| Finding {
        gate: format!("{number:-<40}"),
        value: -12.345_678_901_234,
        limit: 0.123_456_789_012_34,
        level: "amber".into(),
    };
    Capture {
        kind,
        sha256: Sha256Hex::of(kind.as_str().as_bytes()),
        bytes: 4 * 1024 * 1024,
        w: 4096,
        h: 4096,
        t_ms: UnixMs(1_790_000_000_000),
        frame_seq: u64::from(u32::MAX),
        card_in_view: true,
        how: How::TakenAnyway,
        guided_ms: 900_000,
        profile: "p".repeat(64),
        findings: (0..20).map(finding).collect(),
        taken_anyway: (0..8).map(finding).collect(),
        signals: (0..40).map(|number| (format!("signal_number_{number:02}"), 123.456_789_012)).collect(),
    }
}

/// About the longest manifest a client makes: every text at its limit, more findings and signals than guidance has.
fn longest() -> Claims {
    Claims {
        v: 1,
        aud: format!("https://{}.example", "verify".repeat(30)),
        sub: format!("acc_{}", "a".repeat(32)),
        cs: format!("cs_{}", "b".repeat(32)),
        nonce: "n".repeat(43),
        iat: 1_790_000_000,
        app: App { version: "10.20.30-beta.4".into(), commit: "c".repeat(40), os: "o".repeat(64), mode: Mode::Desktop },
        camera: Camera {
            backend: Backend::V4l2,
            id_hash: "d".repeat(64),
            name: "Kamera mit Ümläuten und einem sehr langen Namen".into(),
            virtual_camera: VirtualCamera::Suspected,
            evidence: (0..6).map(|number| (format!("evidence_{number}"), "e".repeat(60))).collect(),
            format: "MJPG 1920x1080@30".into(),
        },
        id_layout: IdLayout::TwoSides,
        consent: Consent { policy: "2026-01".into(), text_hash: Sha256Hex::of(b"text") },
        kept: BTreeMap::new(),
        captures: PhotoKind::ALL.map(capture).to_vec(),
    }
}

#[test]
fn the_longest_manifest_fits_and_comes_back_whole() {
    let key = PrivateKey::generate().unwrap();
    let claims = longest();
    let token = manifest::sign(&claims, &key).unwrap();
    assert!(token.len() <= MAX_MANIFEST_BYTES, "{} bytes", token.len());
    assert_eq!(manifest::verify(&token, &key.public()).unwrap(), claims);
}

#[test]
fn a_manifest_names_its_fault() {
    let key = PrivateKey::generate().unwrap();
    let other = PrivateKey::generate().unwrap();
    let mut newer = longest();
    newer.v = 2;
    let forged = other.sign(&Header::naming(manifest::TYPE, &key.public()), &longest()).unwrap();
    #[rustfmt::skip]
    let table = [
        (manifest::sign(&longest(), &other).unwrap(),                        ManifestError::WrongKey,  "honest, but another key"),
        (forged,                                                             ManifestError::Signature, "names our key, signed by another"),
        (manifest::sign(&newer, &key).unwrap(),                              ManifestError::Malformed, "a version nobody knows"),
        (key.sign(&Header::naming("dpop+jwt", &key.public()), &1).unwrap(),  ManifestError::Malformed, "a proof is no manifest"),
        (key.sign(&Header::naming(manifest::TYPE, &key.public()), &serde_json::json!({"v":1})).unwrap(), ManifestError::Malformed, "fields missing"),
        ("a".repeat(MAX_MANIFEST_BYTES + 1),                                 ManifestError::Malformed, "too long"),
    ];
    for (token, expected, because) in table {
        assert_eq!(manifest::verify(&token, &key.public()).unwrap_err(), expected, "{because}");
    }
}

#[test]
fn an_opened_session_is_flat_json() {
    let json = serde_json::json!({
        "id": "cs_1", "state": "open", "id_layout": "two_sides", "started_at": 1, "capture_by": 2, "upload_by": 3, "required": ["face", "id"], "kept": {"id": Sha256Hex::of(b"x")},
        "limits": {"min_px": 480, "max_px": 4096, "min_bytes": 10240, "max_bytes": 4_194_304, "chunk_max": 524_288}, "nonce": "n", "cue": "none"
    });
    let opened: OpenedCaptureSession = serde_json::from_value(json).unwrap();
    assert_eq!(opened.session.required, PhotoKind::ALL);
    let written = serde_json::to_value(&opened).unwrap();
    assert_eq!((written["id"].as_str(), written["nonce"].as_str()), (Some("cs_1"), Some("n")));
    assert_eq!(serde_json::from_value::<OpenedCaptureSession>(written).unwrap(), opened);
}

#[test]
fn requests_refuse_what_was_not_agreed() {
    let device = r#""device":{"app_version":"0.1.0","os":"linux"}"#;
    #[rustfmt::skip]
    let sessions = [
        (format!(r#"{{"id_layout":"one_side",{device}}}"#),                                    true,  "the least"),
        (format!(r#"{{"id_layout":"one_side",{device},"continues":"sub_1"}}"#),                true,  "a repair"),
        (format!(r#"{{"id_layout":"one_side",{device},"required":[]}}"#),                      false, "the server decides what is required"),
        (format!(r#"{{"id_layout":"three_sides",{device}}}"#),                                 false, "an unknown layout"),
        (format!(r#"{{"id_layout":"one_side",{device},"continues":"{}"}}"#, "s".repeat(65)),   false, "an identifier that is too long"),
        (r#"{"id_layout":"one_side"}"#.to_owned(),                                             false, "no device"),
    ];
    for (json, expected, because) in sessions {
        assert_eq!(serde_json::from_str::<CaptureSessionRequest>(&json).is_ok(), expected, "{because}: {json}");
    }
    let long = format!(
        r#"{{"capture_session":"cs","full_name":"A","manifest":"{}","uploads":{{}}}}"#,
        "m".repeat(MAX_MANIFEST_BYTES + 1)
    );
    assert!(serde_json::from_str::<SubmitRequest>(&long).is_err(), "a manifest over 16 KiB");
    let decision = r#"{"outcome":"reject","reasons":[{"code":"id_glare"}]}"#;
    assert!(serde_json::from_str::<DecisionRequest>(decision).unwrap().may_resubmit, "another try is the rule");
    assert!(
        serde_json::from_str::<DecisionRequest>(r#"{"outcome":"reject","reasons":[{"code":"ugly"}]}"#).is_err(),
        "an unknown reason"
    );
}

#[test]
fn reasons_know_their_photos() {
    #[rustfmt::skip]
    let table: [(Reason, &[Concern]); 16] = [
        (Reason::FaceTooDark,       &[Concern::Face]),
        (Reason::FaceBlurred,       &[Concern::Face]),
        (Reason::FaceNotVisible,    &[Concern::Face]),
        (Reason::MoreThanOnePerson, &[Concern::Face]),
        (Reason::PhotoSideMissing,  &[Concern::Face]),
        (Reason::IdNotLegible,      &[Concern::Id]),
        (Reason::IdCropped,         &[Concern::Id]),
        (Reason::IdCovered,         &[Concern::Id]),
        (Reason::IdGlare,           &[Concern::Id]),
        (Reason::IdWrongSide,       &[Concern::Id]),
        (Reason::IdExpired,         &[Concern::Id]),
        (Reason::IdTypeNotAccepted, &[Concern::Id]),
        (Reason::NameMismatch,      &[Concern::Id, Concern::Name]),
        (Reason::FaceMismatch,      &[Concern::Both]),
        (Reason::NotLiveCapture,    &[Concern::Both]),
        (Reason::Other,             &[Concern::Face, Concern::Id, Concern::Both]),
    ];
    assert_eq!(table.map(|(reason, _)| reason), Reason::ALL);
    for (reason, concerns) in table {
        assert_eq!(reason.may_concern(), concerns, "{}", reason.as_str());
        assert_eq!(serde_json::to_string(&reason).unwrap(), format!("\"{}\"", reason.as_str()));
        assert_eq!(reason.as_str().parse::<Reason>().unwrap(), reason);
    }
}

#[test]
fn a_status_with_unknown_parts_is_still_read() {
    let json = r#"{"status":"paused","reasons":[],"retake":[],"may_resubmit":false,"colour":"blue"}"#;
    assert_eq!(
        serde_json::from_str::<ProfileStatus>(json).unwrap().status,
        likeness_protocol::verification::Status::Unknown
    );
    let nothing = ProfileStatus::nothing_sent();
    assert_eq!(serde_json::from_str::<ProfileStatus>(&serde_json::to_string(&nothing).unwrap()).unwrap(), nothing);
}
