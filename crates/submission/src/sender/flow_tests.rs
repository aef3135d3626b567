//! Whole submissions against the real server in this process, over a line that fails. In here and not beside the crate,
//! because a `CapturedPhoto` has no constructor: these photos come in behind it, through `Outgoing`.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use likeness_account::Account;
use likeness_account::vault::{MemoryStore, Slot};
use likeness_protocol::Code;
use likeness_protocol::verification::{ConsentReceipt, IdLayout, PhotoKind, Receipt, Status};
use likeness_remote::faulty_line::FaultyLine;
use likeness_remote::{Api, Pace, RemoteError, SignedApi, SystemClock};
use likeness_server::practice::{self, PracticeServer};
use secrecy::SecretString;
use tokio::sync::{mpsc, oneshot};

use super::sending::{Load, SendNews, Sending};
use crate::manifest::{Outgoing, for_tests::outgoing};
use crate::{OpenSession, SendError, SessionWish, StatusWatch, SubmissionError, give_consent, open_session};

/// Five times what anything here takes; no test asserts a time.
const LIMIT: Duration = Duration::from_mins(2);
const HASTY: Pace = Pace { first: Duration::from_millis(20), longest: Duration::from_millis(100) };

struct Desk {
    server: PracticeServer,
    line: FaultyLine,
    account: Account,
    _folder: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = practice::start(folder.path()).await.unwrap();
        let address: SocketAddr = server.origin.socket_addrs(|| None).unwrap()[0];
        let line = FaultyLine::to(address).await.unwrap();
        let api = Api::through(&server.origin, line.url(), Arc::new(SystemClock)).unwrap();
        let account = Account::start(api, Box::new(MemoryStore::new()), Slot::practice());
        let learner = &server.accounts[0];
        account
            .sign_in_password(&learner.email, SecretString::from(learner.password.expose()), Arc::new(|_: &str| false))
            .await
            .unwrap();
        Self { server, line, account, _folder: folder }
    }

    fn api(&self) -> SignedApi {
        self.account.api()
    }

    async fn consent(&self) -> ConsentReceipt {
        let policy = self.api().api().policy().await.unwrap();
        give_consent(&self.api(), &policy, "en").await.unwrap()
    }

    async fn session(&self) -> OpenSession {
        let wish = SessionWish {
            id_layout: IdLayout::OneSide,
            continues: None,
            correct_name_only: false,
            app_version: "0.1.0".to_owned(),
        };
        open_session(&self.api(), wish).await.unwrap()
    }

    /// A consent, a session and two photos taken in it.
    async fn load(&self) -> Load {
        let consent = self.consent().await;
        let session = self.session().await;
        let photos = vec![photo(PhotoKind::Face, 1), photo(PhotoKind::Id, 2)];
        Load { full_name: "Ada Lovelace".to_owned(), consent, session, photos }
    }

    fn send(&self, load: Load) -> Trip {
        let (tell, news) = mpsc::unbounded_channel();
        let (end, ended) = oneshot::channel();
        let sending = Sending::launch(
            self.api(),
            load,
            HASTY,
            move |piece| drop(tell.send(piece)),
            move |result| drop(end.send(result)),
        );
        Trip { sending, news, ended }
    }
}

/// A submission on its way.
struct Trip {
    sending: Sending,
    news: mpsc::UnboundedReceiver<SendNews>,
    ended: oneshot::Receiver<Result<Receipt, SendError>>,
}

impl Trip {
    async fn end(self) -> Result<Receipt, SendError> {
        let result = tokio::time::timeout(LIMIT, self.ended).await.expect("sending must end").unwrap();
        drop(self.sending);
        result
    }

    async fn wait_for(&mut self, what: &str, is_it: impl Fn(&SendNews) -> bool) {
        let waiting = async {
            while let Some(news) = self.news.recv().await {
                if is_it(&news) {
                    return;
                }
            }
            panic!("{what} never came");
        };
        tokio::time::timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("{what} never came"));
    }
}

/// A picture with enough in it that the gate takes it, different for each `seed`; about 1 MiB, so that it goes in pieces.
fn photo(kind: PhotoKind, seed: u32) -> Outgoing {
    let (width, height) = (1280_u32, 720_u32);
    let mut noise = seed.wrapping_mul(2_654_435_761).max(1);
    let pixels: Vec<u8> = (0..width * height * 3)
        .map(|_| {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            noise.to_le_bytes()[1]
        })
        .collect();
    jpeg(kind, &pixels, (width, height), u64::from(seed))
}

fn jpeg(kind: PhotoKind, pixels: &[u8], (width, height): (u32, u32), order: u64) -> Outgoing {
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, 92).encode(pixels, width, height, ExtendedColorType::Rgb8).unwrap();
    let now = likeness_remote::Clock::now(&SystemClock);
    outgoing(kind, bytes.into_inner(), (width, height), now.0 + order)
}

fn hash_of(load: &Load, kind: PhotoKind) -> likeness_protocol::Sha256Hex {
    load.photos.iter().find(|photo| photo.kind == kind).unwrap().sha256.clone()
}

#[tokio::test]
async fn both_photos_arrive_whole_and_the_status_follows() {
    let desk = Desk::new().await;
    let mut status = StatusWatch::new(desk.api());
    assert_eq!(status.next().await.unwrap().map(|profile| profile.status), Some(Status::None));

    let load = desk.load().await;
    let (face, id) = (hash_of(&load, PhotoKind::Face), hash_of(&load, PhotoKind::Id));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (end, ended) = oneshot::channel();
    let recorder = Arc::clone(&seen);
    let sending = Sending::launch(
        desk.api(),
        load,
        HASTY,
        move |news| recorder.lock().unwrap().push(news),
        move |result| drop(end.send(result)),
    );
    let receipt = ended.await.unwrap().unwrap();
    drop(sending);
    assert_eq!((&receipt.received[&PhotoKind::Face], &receipt.received[&PhotoKind::Id]), (&face, &id));
    assert!(receipt.reference.starts_with("LK-"), "{}", receipt.reference);

    let profile = status.next().await.unwrap().expect("the status has changed");
    assert_eq!((profile.status, profile.submission.as_deref()), (Status::InReview, Some(receipt.id.as_str())));

    for kind in PhotoKind::ALL {
        let steps: Vec<(u64, u64)> = seen
            .lock()
            .unwrap()
            .iter()
            .filter_map(|news| match news {
                SendNews::Progress { photo, acknowledged_bytes, total_bytes } if *photo == kind => {
                    Some((*acknowledged_bytes, *total_bytes))
                }
                _ => None,
            })
            .collect();
        assert!(steps.len() > 2, "progress in pieces, not in one jump: {steps:?}");
        assert!(steps.is_sorted(), "acknowledged bytes never go back: {steps:?}");
        assert!(steps.last().is_some_and(|(sent, total)| sent == total), "{steps:?}");
    }
}

#[tokio::test]
async fn an_upload_cut_in_the_middle_goes_on_where_it_was() {
    let desk = Desk::new().await;
    let load = desk.load().await;
    let whole: u64 = load.photos.iter().map(|photo| photo.jpeg.len() as u64).sum();
    let before = desk.line.sent_bytes();
    desk.line.cut_after(whole / 4);
    let face = hash_of(&load, PhotoKind::Face);
    let receipt = desk.send(load).end().await.unwrap();
    assert_eq!(desk.line.cuts(), 1, "the line was cut");
    assert_eq!(receipt.received[&PhotoKind::Face], face);
    let sent = desk.line.sent_bytes() - before;
    assert!(sent < whole * 3 / 2, "{sent} bytes for {whole}: the cut piece again, not the whole photo");
}

#[tokio::test]
async fn a_reply_lost_after_any_request_makes_one_profile() {
    let requests = ["POST /v1/uploads", "HEAD /v1/uploads/", "PATCH /v1/uploads/", "POST /v1/verification-profile"];
    for request in requests {
        let desk = Desk::new().await;
        let load = desk.load().await;
        desk.line.lose_reply_to(request);
        let receipt = desk.send(load).end().await.unwrap_or_else(|error| panic!("{request}: {error:?}"));
        assert_eq!(desk.line.lost_replies(), 1, "{request}: the reply was lost");
        let profile = desk.api().status().await.unwrap().status;
        assert_eq!(
            profile.submission.as_deref(),
            Some(receipt.id.as_str()),
            "{request}: one submission, and it is ours"
        );
    }
}

#[tokio::test]
async fn a_server_that_goes_away_is_waited_for_and_nothing_is_lost() {
    let desk = Desk::new().await;
    let load = desk.load().await;
    let id = hash_of(&load, PhotoKind::Id);
    desk.line.go_down();
    let mut trip = desk.send(load);
    trip.wait_for("the wait", |news| *news == SendNews::Waiting { code: "network-connect" }).await;
    desk.line.come_up();
    let receipt = trip.end().await.unwrap();
    assert_eq!(receipt.received[&PhotoKind::Id], id);
}

#[tokio::test]
async fn a_pause_stops_the_bytes_and_going_on_sends_the_rest() {
    let desk = Desk::new().await;
    let load = desk.load().await;
    let whole: u64 = load.photos.iter().map(|photo| photo.jpeg.len() as u64).sum();
    let before = desk.line.sent_bytes();
    let mut trip = desk.send(load);
    let some_bytes = |news: &SendNews| matches!(news, SendNews::Progress { acknowledged_bytes: 1.., .. });
    trip.wait_for("the first bytes", some_bytes).await;
    trip.sending.pause();
    trip.wait_for("the pause", |news| *news == SendNews::Paused).await;
    let at_pause = desk.line.sent_bytes();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let settled = desk.line.sent_bytes();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(desk.line.sent_bytes(), settled, "nothing is sent during a pause (it was {at_pause} when it began)");
    assert!(settled - before < whole, "it was paused midway");
    trip.sending.go_on();
    trip.end().await.unwrap();
}

#[tokio::test]
async fn a_photo_the_gate_refuses_is_named() {
    let desk = Desk::new().await;
    let mut load = desk.load().await;
    let grey: Vec<u8> = vec![128; 1280 * 720 * 3];
    load.photos[1] = jpeg(PhotoKind::Id, &grey, (1280, 720), 9);
    let error = desk.send(load).end().await.unwrap_err();
    assert_eq!(
        (error.code(), error.photo_refused(), error.session_is_over()),
        ("photo-refused", Some(PhotoKind::Id), false)
    );
}

#[tokio::test]
async fn what_the_server_would_refuse_is_not_even_sent() {
    let desk = Desk::new().await;
    let mut load = desk.load().await;
    let before = desk.line.sent_bytes();
    load.full_name = "Ada\u{202e}ecalevoL".to_owned();
    let error = desk.send(load).end().await.unwrap_err();
    assert_eq!(error.code(), "name-characters");
    let mut load = desk.load().await;
    let asked = desk.line.sent_bytes();
    load.photos.pop();
    assert_eq!(desk.send(load).end().await.unwrap_err(), SendError::PhotosUnfit);
    assert_eq!(desk.line.sent_bytes(), asked, "no photo left this computer");
    assert!(asked > before);
}

#[tokio::test]
async fn without_consent_no_session_and_without_the_shown_text_no_consent() {
    let desk = Desk::new().await;
    let wish = SessionWish {
        id_layout: IdLayout::OneSide,
        continues: None,
        correct_name_only: false,
        app_version: "0.1.0".to_owned(),
    };
    let error = open_session(&desk.api(), wish).await.unwrap_err();
    assert!(matches!(&error, SubmissionError::Remote(error) if error.is(Code::ConsentRequired)), "{error:?}");

    let mut policy = desk.api().api().policy().await.unwrap();
    policy.texts.get_mut("en").unwrap().body.push_str("And your house.");
    assert_eq!(give_consent(&desk.api(), &policy, "en").await.unwrap_err(), SubmissionError::PolicyTextDiffers);
    assert_eq!(give_consent(&desk.api(), &policy, "xx").await.unwrap_err(), SubmissionError::PolicyTextMissing);
}

#[tokio::test]
async fn a_sign_in_that_ends_midway_stops_with_the_photos_kept_and_goes_on_after_a_new_one() {
    let desk = Desk::new().await;
    let load = desk.load().await;
    let copy = Load {
        full_name: load.full_name.clone(),
        consent: load.consent.clone(),
        session: load.session.clone(),
        photos: load.photos.clone(),
    };
    desk.account.sign_out().await.unwrap();
    let error = desk.send(load).end().await.unwrap_err();
    assert_eq!((error.code(), error.session_is_over()), (RemoteError::SignedOut.code(), false));
    let learner = &desk.server.accounts[0];
    desk.account
        .sign_in_password(&learner.email, SecretString::from(learner.password.expose()), Arc::new(|_: &str| false))
        .await
        .unwrap();
    desk.send(copy).end().await.expect("the session's own key signs, whatever key the new sign-in has");
}
