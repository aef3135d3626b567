//! The signed record of how the photos were taken, and the one place where a `CapturedPhoto` becomes something to send.
//!
//! Guarantees: what is signed is what is sent (hash, length and size are the photo's own); texts and lists are cut to the
//! wire's limits, so that the longest record stays under the 16 KiB the server reads.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bytes::Bytes;
use likeness_capture::{CapturedPhoto, Finding, How, PhotoKind as CapturedKind, Provenance};
use likeness_protocol::limits::MAX_MANIFEST_BYTES;
use likeness_protocol::manifest::{self, Backend, Camera, Capture, Claims, Consent, VirtualCamera};
use likeness_protocol::text::Sha256Hex;
use likeness_protocol::time::UnixMs;
use likeness_protocol::verification::{ConsentReceipt, PhotoKind};

use crate::error::SendError;
use crate::session::OpenSession;

/// Findings of each list that fit beside each other into 16 KiB; the gravest come first.
const MOST_FINDINGS: usize = 12;
/// Raw numbers that fit beside them.
const MOST_SIGNALS: usize = 40;
const MOST_EVIDENCE: usize = 8;

/// One photo on its way out: the very bytes that were reviewed, and what is known about them.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) kind: PhotoKind,
    pub(crate) jpeg: Bytes,
    pub(crate) sha256: Sha256Hex,
    width_px: u32,
    height_px: u32,
    provenance: Provenance,
}

/// Lends a photo's bytes to the network without copying them; they are wiped when the last holder lets go.
struct Lent(CapturedPhoto);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.0.jpeg()
    }
}

impl From<&CapturedPhoto> for Outgoing {
    fn from(photo: &CapturedPhoto) -> Self {
        Self {
            kind: match photo.kind() {
                CapturedKind::Face => PhotoKind::Face,
                CapturedKind::Id => PhotoKind::Id,
            },
            jpeg: Bytes::from_owner(Lent(photo.clone())),
            sha256: Sha256Hex::from(photo.sha256()),
            width_px: u32::from(photo.width_px()),
            height_px: u32::from(photo.height_px()),
            provenance: photo.provenance().clone(),
        }
    }
}

/// Checks that the photos are the ones the session asks for, and gives them in the order they were taken.
pub(crate) fn fitting(session: &OpenSession, mut photos: Vec<Outgoing>) -> Result<Vec<Outgoing>, SendError> {
    let mut kinds: Vec<PhotoKind> = photos.iter().map(|photo| photo.kind).collect();
    let mut required = session.facts().required.clone();
    kinds.sort_unstable();
    required.sort_unstable();
    if kinds != required {
        return Err(SendError::PhotosUnfit);
    }
    photos.sort_by_key(|photo| photo.provenance.taken_at_unix_ms);
    Ok(photos)
}

/// Signs the record of `photos` with the session's key. `now`: the computer's clock.
pub(crate) fn sign(
    origin: &str,
    session: &OpenSession,
    consent: &ConsentReceipt,
    photos: &[Outgoing],
    now: UnixMs,
) -> Result<String, SendError> {
    let facts = session.facts();
    let claims = Claims {
        v: manifest::VERSION,
        aud: origin.to_owned(),
        sub: session.subject().to_owned(),
        cs: facts.id.clone(),
        nonce: session.nonce().to_owned(),
        iat: now.seconds(),
        app: session.app().clone(),
        camera: camera(photos)?,
        id_layout: facts.id_layout,
        consent: Consent { policy: consent.policy_version.clone(), text_hash: consent.text_hash.clone() },
        kept: facts.kept.clone(),
        captures: photos.iter().map(|photo| capture(session, photo)).collect(),
    };
    let token = manifest::sign(&claims, session.key()).map_err(|_| SendError::ManifestUnfit)?;
    if token.len() > MAX_MANIFEST_BYTES {
        tracing::error!(code = "manifest-too-long", bytes = token.len());
        return Err(SendError::ManifestUnfit);
    }
    Ok(token)
}

/// The camera of the newest photo: it is the one the learner ended up with. Without a photo (a corrected name) there is none to name.
fn camera(photos: &[Outgoing]) -> Result<Camera, SendError> {
    let Some(photo) = photos.last() else {
        return Ok(Camera {
            backend: if cfg!(target_os = "windows") {
                Backend::Msmf
            } else if cfg!(target_os = "macos") {
                Backend::Avfoundation
            } else {
                Backend::V4l2
            },
            id_hash: String::new(),
            name: String::new(),
            virtual_camera: VirtualCamera::No,
            evidence: BTreeMap::new(),
            format: String::new(),
        });
    };
    // A drawn picture must never hide behind a real one taken later.
    let facts = photos
        .iter()
        .map(|photo| &photo.provenance.camera)
        .find(|camera| camera.backend == "studio")
        .unwrap_or(&photo.provenance.camera);
    let virtual_camera =
        photos.iter().map(|photo| suspicion(&photo.provenance.camera.virtual_camera)).max_by_key(|word| weight(*word));
    Ok(Camera {
        backend: match facts.backend.as_str() {
            "v4l2" => Backend::V4l2,
            "msmf" => Backend::Msmf,
            "avfoundation" => Backend::Avfoundation,
            "studio" => Backend::Studio,
            _ => return Err(SendError::ManifestUnfit),
        },
        id_hash: cut(&facts.id_hash, 64),
        name: cut(&facts.name, 128),
        virtual_camera: virtual_camera.unwrap_or(VirtualCamera::No),
        evidence: evidence(&facts.evidence),
        format: cut(&facts.format, 64),
    })
}

/// A word this build does not know is not a "no".
fn suspicion(word: &str) -> VirtualCamera {
    match word {
        "no" => VirtualCamera::No,
        "yes" => VirtualCamera::Yes,
        _ => VirtualCamera::Suspected,
    }
}

fn weight(camera: VirtualCamera) -> u8 {
    match camera {
        VirtualCamera::No => 0,
        VirtualCamera::Suspected => 1,
        VirtualCamera::Yes => 2,
    }
}

/// `driver=uvcvideo; bus=usb` as pairs.
fn evidence(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.take(MOST_EVIDENCE).map(|(key, value)| (cut(key.trim(), 40), cut(value.trim(), 64))).collect()
}

fn capture(session: &OpenSession, photo: &Outgoing) -> Capture {
    let provenance = &photo.provenance;
    let signals = provenance.signals.iter().filter(|(_, value)| value.is_finite()).take(MOST_SIGNALS);
    Capture {
        kind: photo.kind,
        sha256: photo.sha256.clone(),
        bytes: photo.jpeg.len() as u64,
        w: photo.width_px,
        h: photo.height_px,
        t_ms: session.on_server_clock(UnixMs(provenance.taken_at_unix_ms)),
        frame_seq: provenance.frame_seq,
        card_in_view: provenance.card_in_view,
        how: match provenance.how {
            How::Auto => manifest::How::Auto,
            How::Manual => manifest::How::Manual,
            How::TakenAnyway => manifest::How::TakenAnyway,
        },
        guided_ms: provenance.guided_ms,
        profile: cut(&provenance.profile, 64),
        findings: findings(&provenance.findings),
        taken_anyway: findings(&provenance.taken_anyway),
        signals: signals.map(|(name, value)| (cut(name, 40), short(*value))).collect(),
    }
}

fn findings(all: &[Finding]) -> Vec<manifest::Finding> {
    let mut gravest: Vec<&Finding> = all.iter().collect();
    gravest.sort_by_key(|finding| Reverse(finding.level));
    gravest
        .into_iter()
        .take(MOST_FINDINGS)
        .map(|finding| manifest::Finding {
            gate: cut(finding.gate, 40),
            value: short(finding.value),
            limit: short(finding.limit),
            level: finding.level.as_str().to_owned(),
        })
        .collect()
}

/// Four decimals say all a reviewer can use; JSON has no infinity, and a measurement without a value counts as none.
fn short(value: f64) -> f64 {
    if value.is_finite() { (value.clamp(-1e9, 1e9) * 1e4).round() / 1e4 } else { 0.0 }
}

fn cut(text: &str, longest_chars: usize) -> String {
    text.chars().filter(|character| !character.is_control()).take(longest_chars).collect()
}

#[cfg(test)]
pub(crate) mod for_tests {
    use super::*;
    use likeness_capture::{CameraFacts, Level};

    /// A photo as a capture session would give it, without a camera: `CapturedPhoto` has no constructor, and must not get one.
    pub(crate) fn outgoing(
        kind: PhotoKind,
        jpeg: Vec<u8>,
        (width_px, height_px): (u32, u32),
        taken_at_unix_ms: u64,
    ) -> Outgoing {
        let provenance = Provenance {
            taken_at_unix_ms,
            frame_seq: taken_at_unix_ms,
            card_in_view: true,
            how: How::Auto,
            guided_ms: 4_000,
            profile: "standard/1".to_owned(),
            findings: vec![Finding { gate: "face-dark", value: 0.31, limit: 0.35, level: Level::Warn }],
            taken_anyway: Vec::new(),
            signals: BTreeMap::from([("luma", 0.42)]),
            camera: CameraFacts {
                backend: "studio".to_owned(),
                name: "Practice learner".to_owned(),
                id_hash: "ab".repeat(16),
                virtual_camera: "yes".to_owned(),
                evidence: "driver=studio".to_owned(),
                format: "MJPG 1280x720@30".to_owned(),
            },
        };
        Outgoing { kind, sha256: Sha256Hex::of(&jpeg), jpeg: Bytes::from(jpeg), width_px, height_px, provenance }
    }

    impl Outgoing {
        pub(crate) fn with(mut self, change: impl FnOnce(&mut Provenance)) -> Self {
            change(&mut self.provenance);
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::for_tests::outgoing;
    use super::*;
    use likeness_capture::Level;
    use likeness_protocol::jws::PrivateKey;
    use likeness_protocol::verification::{CaptureSession, CaptureSessionState, IdLayout, PhotoLimits};

    const SERVER_START: u64 = 5_000_000_000_000;
    const LOCAL_START: u64 = 1_000_000_000_000;

    fn session(required: Vec<PhotoKind>, key: PrivateKey) -> OpenSession {
        let limits =
            PhotoLimits { min_px: 480, max_px: 4096, min_bytes: 10_240, max_bytes: 4 << 20, chunk_max: 1 << 20 };
        let facts = CaptureSession {
            id: "c".repeat(64),
            state: CaptureSessionState::Open,
            id_layout: IdLayout::TwoSides,
            started_at: UnixMs(SERVER_START),
            capture_by: UnixMs(SERVER_START + 900_000),
            upload_by: UnixMs(SERVER_START + 259_200_000),
            required,
            kept: BTreeMap::new(),
            continues: None,
            limits,
        };
        OpenSession::for_test(facts, key, UnixMs(LOCAL_START))
    }

    fn consent() -> ConsentReceipt {
        ConsentReceipt {
            id: "con_1".into(),
            policy_version: "2026-01".into(),
            text_hash: Sha256Hex::of(b"text"),
            given_at: UnixMs(1),
        }
    }

    #[test]
    fn what_is_signed_is_what_is_sent() {
        let key = PrivateKey::generate().unwrap();
        let public = key.public();
        let session = session(vec![PhotoKind::Id, PhotoKind::Face], key);
        let face = outgoing(PhotoKind::Face, b"face bytes".to_vec(), (1280, 720), LOCAL_START + 20_000);
        let id = outgoing(PhotoKind::Id, b"id".to_vec(), (1280, 720), LOCAL_START + 70_000);
        let photos = fitting(&session, vec![id, face]).unwrap();
        let token =
            sign("https://verify.example", &session, &consent(), &photos, UnixMs(LOCAL_START + 90_000)).unwrap();
        let claims = manifest::verify(&token, &public).unwrap();
        assert_eq!(
            (claims.aud.as_str(), claims.sub.as_str(), claims.nonce.len()),
            ("https://verify.example", "acc_1", 43)
        );
        let [first, second] = claims.captures.as_slice() else { panic!("two captures") };
        assert_eq!((first.kind, second.kind), (PhotoKind::Face, PhotoKind::Id), "in the order they were taken");
        assert_eq!(first.sha256, Sha256Hex::of(b"face bytes"));
        assert_eq!((first.bytes, first.w, first.h), (10, 1280, 720));
        assert_eq!(first.t_ms, UnixMs(SERVER_START + 20_000), "a wrong clock of this computer does no harm");
        assert_eq!(claims.camera.backend, Backend::Studio);
        assert_eq!(claims.camera.evidence.get("driver").map(String::as_str), Some("studio"));
    }

    #[test]
    fn only_the_photos_that_were_asked_for_fit() {
        let photo = |kind| outgoing(kind, b"x".to_vec(), (1, 1), LOCAL_START);
        let (face, id) = (PhotoKind::Face, PhotoKind::Id);
        #[rustfmt::skip]
        let table: &[(&[PhotoKind], &[PhotoKind], bool, &str)] = &[
            (&[face, id], &[id, face],   true,  "both, in any order"),
            (&[id],       &[id],         true,  "a retake of one"),
            (&[],         &[],           true,  "a corrected name"),
            (&[face, id], &[face],       false, "one is missing"),
            (&[id],       &[face, id],   false, "one was not asked for"),
            (&[face, id], &[face, face], false, "one twice"),
        ];
        for (required, given, fits, because) in table {
            let session = session(required.to_vec(), PrivateKey::generate().unwrap());
            let photos = given.iter().map(|kind| photo(*kind)).collect();
            assert_eq!(fitting(&session, photos).is_ok(), *fits, "{because}");
        }
    }

    #[test]
    fn a_drawn_picture_never_hides_behind_a_real_one() {
        let real = |photo: Outgoing| {
            photo.with(|provenance| {
                provenance.camera.backend = "v4l2".to_owned();
                provenance.camera.virtual_camera = "no".to_owned();
            })
        };
        let drawn = outgoing(PhotoKind::Face, b"a".to_vec(), (1, 1), 1);
        let taken = real(outgoing(PhotoKind::Id, b"b".to_vec(), (1, 1), 2));
        let camera = camera(&[drawn, taken]).unwrap();
        assert_eq!((camera.backend, camera.virtual_camera), (Backend::Studio, VirtualCamera::Yes));
        let strange = outgoing(PhotoKind::Face, b"a".to_vec(), (1, 1), 1)
            .with(|provenance| provenance.camera.backend = "scripted".to_owned());
        assert!(super::camera(&[strange]).is_err(), "a back-end the wire does not know is not renamed");
    }

    #[test]
    fn the_longest_record_fits() {
        const GATE: &str = "a-gate-with-the-longest-name-of-40-chars";
        let name =
            |number: usize| -> &'static str { Box::leak(format!("{number:02}-{}", "s".repeat(60)).into_boxed_str()) };
        let finding = Finding { gate: GATE, value: -123_456.789_012, limit: f64::INFINITY, level: Level::Stop };
        let longest = |kind, at| {
            outgoing(kind, vec![0; 4 << 20], (4096, 4096), at).with(|provenance| {
                provenance.profile = "p".repeat(500);
                provenance.findings = vec![finding; 60];
                provenance.taken_anyway = vec![finding; 60];
                provenance.signals = (0..99).map(|number| (name(number), -123_456.789_012)).collect();
                provenance.camera.name = "ü".repeat(500);
                provenance.camera.evidence =
                    (0..99).map(|number| format!("k{number}{}=v{}; ", "k".repeat(60), "v".repeat(90))).collect();
            })
        };
        let session = session(vec![PhotoKind::Face, PhotoKind::Id], PrivateKey::generate().unwrap());
        let photos = [longest(PhotoKind::Face, u64::MAX / 4), longest(PhotoKind::Id, u64::MAX / 2)];
        let token =
            sign(&format!("https://{}", "o".repeat(290)), &session, &consent(), &photos, UnixMs(u64::MAX)).unwrap();
        assert!(token.len() <= MAX_MANIFEST_BYTES, "{} bytes", token.len());
    }
}
