//! A server in a temporary folder, an app that talks to it, photos to send.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use likeness_protocol::{
    Code, Problem, Secret, Sha256Hex, UnixMs,
    account::Role,
    dpop,
    jws::PrivateKey,
    limits::{DESKTOP_CLIENT_ID, DESKTOP_SCOPE},
    manifest::{self, Backend, Camera, Capture, Claims, How, Mode, VirtualCamera},
    oauth::{ChallengeAnswer, ChallengeRequest, TokenRequest, TokenResponse},
    review::{DecisionReceipt, DecisionRequest, GivenReason, Outcome, SubmissionForReview},
    tus::{CHUNK_TYPE, Checksum, Metadata},
    verification::{
        ConsentReceipt, ConsentRequest, Device, IdLayout, OpenedCaptureSession, PhotoKind, Policy, ProfileStatus,
        Reason, Receipt, SubmitRequest, Uploads,
    },
};
use likeness_server::{Clock, Running, Server, Settings, add_account, settings::MailRoute};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

pub const PASSWORD: &str = "correct horse battery";
pub const REVIEWER: &str = "rita@corp.example";
const START: u64 = 1_790_000_000_000;

/// A clock that moves only when a test says so.
pub struct TestClock(AtomicU64);

impl TestClock {
    pub const fn at_start() -> Self {
        Self(AtomicU64::new(START))
    }

    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl TestClock {
    /// For tests whose other side has a clock of its own.
    pub fn go_to_the_present(&self) {
        self.0.store(likeness_server::SystemClock.now().0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixMs {
        UnixMs(self.0.load(Ordering::SeqCst))
    }
}

pub struct House {
    pub folder: TempDir,
    pub clock: Arc<TestClock>,
    pub running: Running,
    pub settings: Settings,
}

impl House {
    /// A server with these learners and one reviewer.
    pub async fn with(learners: &[&str]) -> Self {
        Self::changed(learners, |_| {}).await
    }

    pub async fn changed(learners: &[&str], change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mails = folder.path().join("mails");
        std::fs::create_dir(&mails).unwrap();
        let mut settings =
            Settings::loopback(folder.path().join("data"), folder.path().join("kek"), MailRoute::Folder(mails));
        settings.limits.submissions_per_day = 50;
        settings.limits.sessions_per_hour = 50;
        change(&mut settings);
        let password = Secret::new(PASSWORD);
        for learner in learners {
            add_account(&settings, learner, &password, Role::Learner).await.unwrap();
        }
        add_account(&settings, REVIEWER, &password, Role::Reviewer).await.unwrap();
        let clock = Arc::new(TestClock::at_start());
        let running = Server::start(settings.clone(), Arc::clone(&clock)).await.unwrap();
        Self { folder, clock, running, settings }
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub async fn app(&self, email: &str) -> App {
        let mut app = App::new(self.running.address(), Arc::clone(&self.clock));
        app.sign_in(email, PASSWORD).await.unwrap();
        app
    }

    /// Mails written so far, once there are at least `count`.
    pub async fn mails(&self, count: usize) -> Vec<String> {
        for _ in 0..200 {
            let folder = std::fs::read_dir(self.folder.path().join("mails")).unwrap();
            let mails: Vec<String> =
                folder.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
            if mails.len() >= count {
                return mails;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("fewer than {count} mails after 10 s");
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a header that may stand more than once.
    pub fn every(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The code of a refusal, from a problem or from OAuth's JSON.
    #[track_caller]
    pub fn code(&self) -> Code {
        let json: serde_json::Value = self.json();
        serde_json::from_value(json["code"].clone())
            .unwrap_or_else(|_| panic!("no code: {} {}", self.status, self.text()))
    }

    #[track_caller]
    pub fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem: Problem = self.json();
        assert_eq!((problem.status, self.header("request-id")), (self.status, Some(problem.request_id.as_str())));
        problem
    }
}

/// One request on a connection of its own.
pub async fn send(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        request.extend([*name, ": ", *value, "\r\n"]);
    }
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all((request + "\r\n").as_bytes()).await.unwrap();
    // A server that refuses early may stop reading; its answer is what counts.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer with a head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Reply { status, headers, body: answer[end + 4..].to_vec() }
}

/// An app: a key, tokens, the newest nonce.
pub struct App {
    pub to: SocketAddr,
    pub clock: Arc<TestClock>,
    pub key: PrivateKey,
    pub tokens: Option<TokenResponse>,
    nonce: Mutex<String>,
}

impl App {
    pub fn new(to: SocketAddr, clock: Arc<TestClock>) -> Self {
        Self { to, clock, key: PrivateKey::generate().unwrap(), tokens: None, nonce: Mutex::default() }
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.to)
    }

    pub fn proof(&self, method: &str, path: &str, token: Option<&str>) -> String {
        let url = format!("{}{}", self.origin(), path.split('?').next().unwrap());
        let request = dpop::Request { method, url: &url, access_token: token };
        let nonce = self.nonce.lock().unwrap().clone();
        // The client's clock is a day wrong, which must not matter.
        let now_s = self.clock.now().seconds() - 86_400;
        dpop::build(&self.key, request, Some(&nonce), now_s, &Uuid::new_v4().to_string()).unwrap()
    }

    /// Sends with proof and token; repeats once when the nonce is old.
    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let token = if path.starts_with("/oauth") {
            None
        } else {
            self.tokens.as_ref().map(|tokens| tokens.access_token.expose().to_owned())
        };
        for last in [false, true] {
            let proof = self.proof(method, path, token.as_deref());
            let authorization = token.as_ref().map(|token| format!("DPoP {token}")).unwrap_or_default();
            let mut all = headers.to_vec();
            all.push(("dpop", &proof));
            if token.is_some() {
                all.push(("authorization", &authorization));
            }
            let reply = send(self.to, method, path, &all, body).await;
            if let Some(nonce) = reply.header("dpop-nonce") {
                nonce.clone_into(&mut self.nonce.lock().unwrap());
            }
            let asks_again = matches!(reply.status, 400 | 401) && reply.text().contains("use-dpop-nonce")
                || (method == "HEAD" && reply.status == 401);
            if last || !asks_again {
                return reply;
            }
        }
        unreachable!("the second try is the last")
    }

    pub async fn form(&self, path: &str, body: &impl Serialize) -> Reply {
        let fields: BTreeMap<String, String> = serde_json::from_value(serde_json::to_value(body).unwrap()).unwrap();
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.call("POST", path, &[("content-type", "application/x-www-form-urlencoded")], encoded.as_bytes()).await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Reply {
        self.call("POST", path, &[("content-type", "application/json")], &serde_json::to_vec(body).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], &[]).await
    }

    pub async fn challenge(&self, email: &str, password: &str, verifier: &str) -> Reply {
        let challenge = BASE64URL.encode(Sha256::digest(verifier));
        self.form(
            "/oauth/challenge",
            &ChallengeRequest::password(DESKTOP_CLIENT_ID, DESKTOP_SCOPE, challenge, email, Secret::new(password)),
        )
        .await
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Result<(), Reply> {
        let verifier = "v".repeat(43);
        let reply = self.challenge(email, password, &verifier).await;
        if reply.status != 200 {
            return Err(reply);
        }
        let code = reply.json::<ChallengeAnswer>().authorization_code;
        let reply =
            self.form("/oauth/token", &TokenRequest::code(DESKTOP_CLIENT_ID, code, Secret::new(verifier))).await;
        if reply.status != 200 {
            return Err(reply);
        }
        self.tokens = Some(reply.json());
        Ok(())
    }

    pub async fn refresh(&self, token: &Secret) -> Reply {
        self.form("/oauth/token", &TokenRequest::refresh(DESKTOP_CLIENT_ID, token.clone())).await
    }

    pub fn account(&self) -> String {
        self.tokens.as_ref().unwrap().sub.clone()
    }

    pub async fn policy(&self) -> Policy {
        self.get("/v1/policy").await.json()
    }

    pub async fn consent(&self) -> ConsentReceipt {
        let policy = self.policy().await;
        let request = ConsentRequest {
            policy_version: policy.version,
            text_hash: policy.texts["en"].sha256.clone(),
            locale: "en".into(),
        };
        let reply = self.post("/v1/consents", &request).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()
    }

    pub async fn open_session(&self, continues: Option<String>) -> Reply {
        let device = Device { app_version: "0.1.0".into(), os: "test".into() };
        let request = likeness_protocol::verification::CaptureSessionRequest {
            id_layout: IdLayout::OneSide,
            device,
            continues,
            correct_name_only: false,
        };
        self.post("/v1/capture-sessions", &request).await
    }

    pub async fn session(&self) -> OpenedCaptureSession {
        let reply = self.open_session(None).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()
    }

    pub async fn announce(&self, session: &str, kind: PhotoKind, jpeg: &[u8]) -> Reply {
        let metadata = Metadata { kind, capture_session: session.to_owned(), sha256: Sha256Hex::of(jpeg) }.encode();
        let length = jpeg.len().to_string();
        self.call(
            "POST",
            "/v1/uploads",
            &[("tus-resumable", "1.0.0"), ("upload-length", &length), ("upload-metadata", &metadata)],
            &[],
        )
        .await
    }

    pub async fn append(&self, path: &str, offset: usize, chunk: &[u8]) -> Reply {
        let (offset, checksum) = (offset.to_string(), Checksum::of(chunk).to_string());
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("content-type", CHUNK_TYPE),
            ("upload-offset", &offset),
            ("upload-checksum", &checksum),
        ];
        self.call("PATCH", path, &headers, chunk).await
    }

    pub async fn progress(&self, path: &str) -> Reply {
        self.call("HEAD", path, &[("tus-resumable", "1.0.0")], &[]).await
    }

    /// Sends a whole photo; gives the last answer and the upload's identifier.
    pub async fn upload(&self, session: &str, kind: PhotoKind, jpeg: &[u8]) -> (Reply, String) {
        let announced = self.announce(session, kind, jpeg).await;
        assert_eq!(announced.status, 201, "{}", announced.text());
        let path = announced.header("location").unwrap().to_owned();
        let mut reply = announced;
        for (number, chunk) in jpeg.chunks(512 * 1024).enumerate() {
            reply = self.append(&path, number * 512 * 1024, chunk).await;
        }
        (reply, path.rsplit('/').next().unwrap().to_owned())
    }

    pub fn claims(
        &self,
        opened: &OpenedCaptureSession,
        consent: &ConsentReceipt,
        photos: &BTreeMap<PhotoKind, Vec<u8>>,
    ) -> Claims {
        let capture = |(position, (kind, jpeg)): (usize, (&PhotoKind, &Vec<u8>))| Capture {
            kind: *kind,
            sha256: Sha256Hex::of(jpeg),
            bytes: jpeg.len() as u64,
            w: WIDTH_PX,
            h: HEIGHT_PX,
            t_ms: UnixMs(opened.session.started_at.0 + 1_000 + position as u64),
            frame_seq: 7,
            card_in_view: false,
            how: How::Auto,
            guided_ms: 1,
            profile: "test".into(),
            findings: Vec::new(),
            taken_anyway: Vec::new(),
            signals: BTreeMap::new(),
        };
        Claims {
            v: 1,
            aud: self.origin(),
            sub: self.account(),
            cs: opened.session.id.clone(),
            nonce: opened.nonce.clone(),
            iat: 1,
            app: manifest::App {
                version: "0.1.0".into(),
                commit: String::new(),
                os: "test".into(),
                mode: Mode::Desktop,
            },
            camera: Camera {
                backend: Backend::V4l2,
                id_hash: String::new(),
                name: "Test camera".into(),
                virtual_camera: VirtualCamera::No,
                evidence: BTreeMap::new(),
                format: "MJPG".into(),
            },
            id_layout: opened.session.id_layout,
            consent: manifest::Consent { policy: consent.policy_version.clone(), text_hash: consent.text_hash.clone() },
            kept: opened.session.kept.clone(),
            captures: photos.iter().enumerate().map(capture).collect(),
        }
    }

    pub async fn submit(&self, key: &str, request: &SubmitRequest) -> Reply {
        let body = serde_json::to_vec(request).unwrap();
        self.call(
            "POST",
            "/v1/verification-profile",
            &[("content-type", "application/json"), ("idempotency-key", key)],
            &body,
        )
        .await
    }

    /// Consent, session and both photos: all that is needed before submitting.
    pub async fn prepare(&self, seed: u32) -> Prepared {
        let consent = self.consent().await;
        let opened = self.session().await;
        self.send_photos(consent, opened, seed).await
    }

    pub async fn send_photos(&self, consent: ConsentReceipt, opened: OpenedCaptureSession, seed: u32) -> Prepared {
        let mut uploads = Uploads::default();
        let mut photos = BTreeMap::new();
        for kind in opened.session.required.clone() {
            let jpeg = photo(seed * 2 + u32::from(kind == PhotoKind::Id));
            let (reply, id) = self.upload(&opened.session.id, kind, &jpeg).await;
            assert_eq!((reply.status, reply.header("likeness-photo")), (204, Some("accepted")), "{}", reply.text());
            match kind {
                PhotoKind::Face => uploads.face = Some(id),
                PhotoKind::Id => uploads.id = Some(id),
            }
            photos.insert(kind, jpeg);
        }
        let claims = self.claims(&opened, &consent, &photos);
        Prepared { opened, claims, uploads, photos }
    }

    /// The whole way to a receipt.
    pub async fn hand_in(&self, name: &str, seed: u32) -> (Receipt, Prepared) {
        let prepared = self.prepare(seed).await;
        let reply = self.submit(&Uuid::new_v4().to_string(), &prepared.request(name, &self.key)).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        (reply.json(), prepared)
    }

    pub async fn status(&self) -> ProfileStatus {
        self.get("/v1/verification-profile").await.json()
    }

    /// As reviewer: looks at everything and decides.
    pub async fn review(&self, submission: &str, request: &DecisionRequest) -> Reply {
        assert_eq!(self.call("POST", &format!("/v1/review/{submission}/claim"), &[], &[]).await.status, 200);
        let shown: SubmissionForReview = self.get(&format!("/v1/review/{submission}")).await.json();
        for path in shown.media.values() {
            assert_eq!(self.get(path).await.status, 200);
        }
        self.post(&format!("/v1/review/{submission}/decision"), request).await
    }

    pub async fn decide(&self, submission: &str, request: &DecisionRequest) -> DecisionReceipt {
        let reply = self.review(submission, request).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }
}

pub fn approve() -> DecisionRequest {
    DecisionRequest {
        outcome: Outcome::Approve,
        reasons: Vec::new(),
        may_resubmit: true,
        note_to_learner: None,
        internal_note: None,
    }
}

pub fn reject(code: Reason) -> DecisionRequest {
    DecisionRequest { outcome: Outcome::Reject, reasons: vec![GivenReason { code, photo: None }], ..approve() }
}

pub struct Prepared {
    pub opened: OpenedCaptureSession,
    pub claims: Claims,
    pub uploads: Uploads,
    pub photos: BTreeMap<PhotoKind, Vec<u8>>,
}

impl Prepared {
    pub fn request(&self, name: &str, key: &PrivateKey) -> SubmitRequest {
        self.request_with(name, &self.claims, key)
    }

    pub fn request_with(&self, name: &str, claims: &Claims, key: &PrivateKey) -> SubmitRequest {
        SubmitRequest {
            capture_session: self.opened.session.id.clone(),
            full_name: name.into(),
            manifest: manifest::sign(claims, key).unwrap(),
            uploads: self.uploads.clone(),
        }
    }
}

pub const WIDTH_PX: u32 = 640;
pub const HEIGHT_PX: u32 = 480;

/// A picture with structure and noise, another one for each seed.
pub fn photo(seed: u32) -> Vec<u8> {
    let mut noise = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let pixels: Vec<u8> = (0..WIDTH_PX * HEIGHT_PX)
        .flat_map(|at| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = (at % WIDTH_PX, at / WIDTH_PX);
            let shade = u8::try_from((x / 4 + y / 8 + (noise >> 27) + seed) % 200).unwrap();
            [shade.saturating_add(30), shade.saturating_add(10), shade]
        })
        .collect();
    encode(&pixels, WIDTH_PX, HEIGHT_PX)
}

pub fn encode(pixels: &[u8], width_px: u32, height_px: u32) -> Vec<u8> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 90).encode(pixels, width_px, height_px, ExtendedColorType::Rgb8).unwrap();
    jpeg
}
