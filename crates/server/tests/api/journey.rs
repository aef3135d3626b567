//! From consent to decision.

use super::house::{House, REVIEWER, approve, photo, reject, send};
use likeness_protocol::{
    Code, Sha256Hex, UnixMs,
    jws::PrivateKey,
    manifest::{Backend, Claims, VirtualCamera},
    review::{Evidence, GivenReason, Queue, SubmissionForReview},
    verification::{
        CaptureSession, CaptureSessionState, Concern, ConsentRequest, DeletionReceipt, IdLayout, OpenedCaptureSession,
        PhotoKind, Reason, Receipt, Status,
    },
};
use likeness_server::settings::VirtualCameraRule;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use uuid::Uuid;

const ADA: &str = "ada@corp.example";
const NAME: &str = "Ada Lovelace";

/// What a changed client might claim.
type Lie = fn(&mut Claims);

fn key() -> String {
    Uuid::new_v4().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_comes_first_and_names_the_exact_words() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    assert_eq!(app.open_session(None).await.problem().code, Code::ConsentRequired);
    let policy = app.policy().await;
    let shown = &policy.texts["en"];
    assert_eq!(shown.sha256, Sha256Hex::of(shown.body.as_bytes()));
    let good =
        ConsentRequest { policy_version: policy.version.clone(), text_hash: shown.sha256.clone(), locale: "en".into() };
    for (request, because) in [
        (ConsentRequest { text_hash: Sha256Hex::of(b"other words"), ..good.clone() }, "another text"),
        (ConsentRequest { policy_version: "1999".into(), ..good.clone() }, "another version"),
        (ConsentRequest { locale: "tlh".into(), ..good.clone() }, "a language that was never shown"),
    ] {
        assert_eq!(app.post("/v1/consents", &request).await.code(), Code::ConsentStale, "{because}");
    }
    app.consent().await;
    let opened = app.session().await;
    assert_eq!((opened.session.required.as_slice(), opened.nonce.len()), (&PhotoKind::ALL[..], 43));
    let path = format!("/v1/capture-sessions/{}", opened.session.id);
    let shown = app.get(&path).await;
    assert!(!shown.text().contains(&opened.nonce), "the nonce is told once");
    assert_eq!(shown.json::<CaptureSession>(), opened.session);
    assert_eq!(app.call("DELETE", &path, &[], &[]).await.status, 204);
    assert_eq!(app.get(&path).await.json::<CaptureSession>().state, CaptureSessionState::Abandoned);
    assert_eq!(app.announce(&opened.session.id, PhotoKind::Face, &photo(1)).await.code(), Code::CaptureSessionUsed);
    let late = app.session().await;
    house.clock.advance(Duration::from_hours(73));
    let app = house.app(ADA).await;
    assert_eq!(app.announce(&late.session.id, PhotoKind::Face, &photo(1)).await.code(), Code::CaptureSessionExpired);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_counted() {
    let house = House::changed(&[ADA], |settings| settings.limits.sessions_per_hour = 2).await;
    let app = house.app(ADA).await;
    app.consent().await;
    app.session().await;
    app.session().await;
    let refused = app.open_session(None).await;
    assert_eq!((refused.status, refused.problem().code), (429, Code::RateLimited));
    assert!(refused.header("retry-after").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_id_is_retaken_alone_and_then_approved() {
    let house = House::with(&[ADA]).await;
    let (app, reviewer) = (house.app(ADA).await, house.app(REVIEWER).await);
    assert_eq!(app.status().await.status, Status::None);
    let (first, prepared) = app.hand_in(NAME, 1).await;
    for (kind, jpeg) in &prepared.photos {
        assert_eq!(first.received[kind], Sha256Hex::of(jpeg), "the receipt names the bytes that were sent");
    }
    let status = app.status().await;
    assert_eq!(
        (status.status, status.full_name.as_deref(), status.reference),
        (Status::InReview, Some(NAME), Some(first.reference.clone()))
    );
    assert_eq!(app.open_session(None).await.code(), Code::AlreadyInReview);

    let mut request = reject(Reason::IdGlare);
    request.note_to_learner = Some("The\nlower half\u{202e} is white.".into());
    let decided = reviewer.decide(&first.id, &request).await;
    assert_eq!(decided.status, Status::Rejected);
    let again = reviewer.post(&format!("/v1/review/{}/decision", first.id), &request).await;
    assert_eq!((again.status, again.json()), (200, decided), "the same decision twice is one");
    assert_eq!(
        reviewer.post(&format!("/v1/review/{}/decision", first.id), &approve()).await.code(),
        Code::AlreadyDecided
    );
    let status = app.status().await;
    assert_eq!(
        (status.status, status.retake.as_slice(), status.may_resubmit),
        (Status::Rejected, &[PhotoKind::Id][..], true)
    );
    assert_eq!(
        (status.reasons[0].code, status.reasons[0].note.as_deref()),
        (Reason::IdGlare, Some("The lower half is white."))
    );

    let opened: OpenedCaptureSession = app.open_session(Some(first.id.clone())).await.json();
    assert_eq!(opened.session.required, [PhotoKind::Id]);
    assert_eq!(opened.session.kept[&PhotoKind::Face], first.received[&PhotoKind::Face]);
    assert_eq!(app.announce(&opened.session.id, PhotoKind::Face, &photo(9)).await.code(), Code::UploadUnexpected);
    let consent = app.consent().await;
    let repaired = app.send_photos(consent, opened, 2).await;
    let second: Receipt = app.submit(&key(), &repaired.request(NAME, &app.key)).await.json();
    assert_eq!(second.received[&PhotoKind::Face], first.received[&PhotoKind::Face], "the face was kept");
    assert_ne!(second.received[&PhotoKind::Id], first.received[&PhotoKind::Id]);
    let shown: SubmissionForReview = reviewer.get(&format!("/v1/review/{}", second.id)).await.json();
    assert_eq!((shown.item.attempt, shown.media.len(), shown.earlier.len()), (2, 2, 1));
    assert_eq!(shown.evidence.kept, [PhotoKind::Face]);
    reviewer.decide(&second.id, &approve()).await;
    assert_eq!(app.status().await.status, Status::Approved);
    assert_eq!(app.open_session(None).await.code(), Code::AlreadyApproved);
    let mails = house.mails(4).await;
    assert_eq!(mails.iter().filter(|mail| mail.contains("Subject: Your profile is approved")).count(), 1);
    house.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_may_close_the_way_or_ask_for_the_name_alone() {
    let house = House::with(&[ADA, "bob@corp.example"]).await;
    let (ada, bob, reviewer) = (house.app(ADA).await, house.app("bob@corp.example").await, house.app(REVIEWER).await);
    let (first, _) = ada.hand_in(NAME, 1).await;
    let closed = likeness_protocol::review::DecisionRequest { may_resubmit: false, ..reject(Reason::NotLiveCapture) };
    reviewer.decide(&first.id, &closed).await;
    assert!(!ada.status().await.may_resubmit);
    assert_eq!(ada.open_session(Some(first.id)).await.code(), Code::ResubmissionClosed);

    let (first, _) = bob.hand_in("Bob", 2).await;
    let mut name_only = reject(Reason::NameMismatch);
    name_only.reasons = vec![GivenReason { code: Reason::NameMismatch, photo: Some(Concern::Name) }];
    reviewer.decide(&first.id, &name_only).await;
    assert_eq!(bob.status().await.retake, []);
    let opened: OpenedCaptureSession = bob.open_session(Some(first.id)).await.json();
    assert_eq!((opened.session.required.len(), opened.session.kept.len()), (0, 2));
    let consent = bob.consent().await;
    let corrected = bob.send_photos(consent, opened, 3).await;
    let reply = bob.submit(&key(), &corrected.request("Robert", &bob.key)).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    assert_eq!(bob.status().await.full_name.as_deref(), Some("Robert"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_keys_sent_twenty_times_each_make_ten_profiles() {
    let learners: Vec<String> = (0..10).map(|number| format!("learner{number}@corp.example")).collect();
    let house = House::with(&learners.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut tasks = Vec::new();
    for (number, learner) in learners.iter().enumerate() {
        let app = Arc::new(house.app(learner).await);
        let prepared = app.prepare(u32::try_from(number).unwrap() + 1).await;
        let request = Arc::new(prepared.request(NAME, &app.key));
        let key = key();
        for _ in 0..20 {
            let (app, request, key) = (Arc::clone(&app), Arc::clone(&request), key.clone());
            tasks.push(tokio::spawn(async move { (app.account(), app.submit(&key, &request).await) }));
        }
    }
    let mut made = BTreeSet::new();
    for task in tasks {
        let (account, reply) = task.await.unwrap();
        assert_eq!(reply.status, 202, "{}", reply.text());
        made.insert((account, reply.json::<Receipt>().id));
    }
    assert_eq!(made.len(), 10, "one submission for each learner, told twenty times");
    let queue: Queue = house.app(REVIEWER).await.get("/v1/review/queue").await.json();
    assert_eq!(queue.items.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_belong_to_one_body_and_outlive_the_decision() {
    let house = House::with(&[ADA]).await;
    let (app, reviewer) = (house.app(ADA).await, house.app(REVIEWER).await);
    let prepared = app.prepare(1).await;
    let request = prepared.request(NAME, &app.key);
    for bad in ["", "not-a-uuid"] {
        let reply = app.submit(bad, &request).await;
        assert_eq!((reply.status, reply.code()), (400, Code::IdempotencyKeyRequired), "{bad:?}");
    }
    let key = key();
    let receipt: Receipt = app.submit(&key, &request).await.json();
    assert_eq!(app.submit(&key, &prepared.request("Somebody Else", &app.key)).await.code(), Code::IdempotencyKeyReused);
    assert_eq!(
        app.submit(&super::journey::key(), &request).await.code(),
        Code::AlreadyInReview,
        "another key is another try"
    );
    reviewer.decide(&receipt.id, &approve()).await;
    assert_eq!(
        app.submit(&key, &request).await.json::<Receipt>(),
        receipt,
        "the stored reply wins, whatever happened since"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_for_virtual_cameras_is_told_beforehand_and_kept_afterwards() {
    #[rustfmt::skip]
    let table = [
        (VirtualCameraRule::Allow, "allow", VirtualCamera::Yes,       None,                      "nothing is said"),
        (VirtualCameraRule::Flag,  "flag",  VirtualCamera::Yes,       None,                      "the reviewer is told, the learner is not stopped"),
        (VirtualCameraRule::Block, "block", VirtualCamera::No,        None,                      "a real camera"),
        (VirtualCameraRule::Block, "block", VirtualCamera::Suspected, Some(Code::VirtualCamera), "what cannot be told apart is not let in"),
        (VirtualCameraRule::Block, "block", VirtualCamera::Yes,       Some(Code::VirtualCamera), "a program"),
    ];
    for (rule, told, camera, expected, because) in table {
        let house = House::changed(&[ADA], |settings| settings.virtual_cameras = rule).await;
        let app = house.app(ADA).await;
        let policy = send(house.running.address(), "GET", "/v1/policy", &[], b"").await;
        assert_eq!(policy.json::<serde_json::Value>()["camera"]["virtual"], told, "{because}");
        let prepared = app.prepare(1).await;
        let mut claims = prepared.claims.clone();
        claims.camera.virtual_camera = camera;
        let reply = app.submit(&key(), &prepared.request_with(NAME, &claims, &app.key)).await;
        match expected {
            None => assert_eq!(reply.status, 202, "{because}: {}", reply.text()),
            Some(code) => assert_eq!((reply.status, reply.problem().code), (403, code), "{because}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lie_in_a_manifest_has_its_name() {
    let house = House::changed(&[ADA], |settings| settings.virtual_cameras = VirtualCameraRule::Block).await;
    let app = house.app(ADA).await;
    let prepared = app.prepare(1).await;
    #[rustfmt::skip]
    let table: [(Lie, Code, &str); 20] = [
        (|claims| claims.v = 2,                                                  Code::ManifestMalformed,     "an unknown version"),
        (|claims| claims.aud = "https://other.example".into(),                   Code::ManifestWrongAudience, "another server"),
        (|claims| claims.sub = "acc_other".into(),                               Code::ManifestWrongAudience, "another account"),
        (|claims| claims.cs = "cs_other".into(),                                 Code::ManifestWrongAudience, "another session"),
        (|claims| claims.consent.policy = "1999".into(),                         Code::ManifestConsent,       "another policy"),
        (|claims| claims.consent.text_hash = Sha256Hex::of(b"x"),                Code::ManifestConsent,       "another text"),
        (|claims| claims.nonce = "n".repeat(43),                                 Code::ManifestNonce,         "another nonce"),
        (|claims| claims.captures[0].t_ms = UnixMs(1),                           Code::ManifestTime,          "long before the session"),
        (|claims| claims.captures[1].t_ms.0 += 17 * 60_000,                      Code::ManifestTime,          "after capture_by and the tolerance"),
        (|claims| claims.captures[1].t_ms = claims.captures[0].t_ms,             Code::ManifestTime,          "two photos at one time"),
        (|claims| { claims.captures.pop(); },                                    Code::ManifestIncomplete,    "a photo missing"),
        (|claims| claims.captures[1].kind = PhotoKind::Face,                     Code::ManifestIncomplete,    "the same kind twice"),
        (|claims| { claims.kept.insert(PhotoKind::Id, Sha256Hex::of(b"x")); },   Code::ManifestIncomplete,    "kept and taken at once"),
        (|claims| claims.id_layout = IdLayout::TwoSides,                         Code::ManifestIncomplete,    "another layout than the session's"),
        (|claims| claims.captures[0].sha256 = Sha256Hex::of(b"x"),               Code::ManifestHash,          "another picture"),
        (|claims| claims.captures[0].bytes += 1,                                 Code::ManifestHash,          "another length"),
        (|claims| claims.captures[0].w = 641,                                    Code::ManifestHash,          "another width"),
        (|claims| claims.captures[0].h = 479,                                    Code::ManifestHash,          "another height"),
        (|claims| claims.camera.backend = Backend::Studio,                       Code::SyntheticCamera,       "a drawn picture outside practice mode"),
        (|claims| claims.camera.virtual_camera = VirtualCamera::Suspected,       Code::VirtualCamera,         "blocked by this server's rule"),
    ];
    for (lie, expected, because) in table {
        let mut claims = prepared.claims.clone();
        lie(&mut claims);
        let reply = app.submit(&key(), &prepared.request_with(NAME, &claims, &app.key)).await;
        assert_eq!(reply.problem().code, expected, "{because}");
    }
    let other = PrivateKey::generate().unwrap();
    assert_eq!(app.submit(&key(), &prepared.request(NAME, &other)).await.code(), Code::ManifestWrongKey);
    let mut request = prepared.request(NAME, &app.key);
    request.manifest.replace_range(request.manifest.len() - 8.., "AAAAAAAA");
    assert_eq!(app.submit(&key(), &request).await.code(), Code::ManifestSignature);
    let mut request = prepared.request(NAME, &app.key);
    request.uploads.id = request.uploads.face.clone();
    assert_eq!(app.submit(&key(), &request).await.code(), Code::UploadNotAccepted, "the face as ID");
    request.uploads.id = None;
    assert_eq!(app.submit(&key(), &request).await.code(), Code::UploadNotAccepted, "no ID");
    for (name, because) in
        [("", "empty"), ("Ada\u{202e}", "turned text"), ("\u{301}", "only a mark"), (&"x".repeat(201), "too long")]
    {
        let refused = app.submit(&key(), &prepared.request(name, &app.key)).await.problem();
        assert_eq!((refused.code, refused.field.as_deref()), (Code::FullNameInvalid, Some("full_name")), "{because}");
    }
    assert_eq!(
        app.submit(&key(), &prepared.request(NAME, &app.key)).await.status,
        202,
        "after all refusals the truth is still taken"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sign_in_may_finish_and_the_reviewer_is_told() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    let prepared = app.prepare(1).await;
    let later = house.app(ADA).await;
    let receipt: Receipt = later.submit(&key(), &prepared.request(NAME, &app.key)).await.json();
    let shown: SubmissionForReview = house.app(REVIEWER).await.get(&format!("/v1/review/{}", receipt.id)).await.json();
    assert!(matches!(shown.evidence, Evidence { key_changed: true, drawn: false, .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_never_prove_twice() {
    let house = House::with(&[ADA, "bob@corp.example"]).await;
    let (ada, bob) = (house.app(ADA).await, house.app("bob@corp.example").await);
    ada.hand_in(NAME, 1).await;
    let copied = bob.prepare(1).await;
    let refused = bob.submit(&key(), &copied.request("Bob", &bob.key)).await;
    assert_eq!((refused.status, refused.problem().code), (409, Code::PhotoAlreadyUsed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_status_request_hears_of_the_decision() {
    let house = House::with(&[ADA]).await;
    let (app, reviewer) = (Arc::new(house.app(ADA).await), house.app(REVIEWER).await);
    let (receipt, _) = app.hand_in(NAME, 1).await;
    let reply = app.get("/v1/verification-profile").await;
    let tag = reply.header("etag").unwrap().to_owned();
    let unchanged = app.call("GET", "/v1/verification-profile?wait=0", &[("if-none-match", &tag)], &[]).await;
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    let waiting = {
        let (app, tag) = (Arc::clone(&app), tag.clone());
        tokio::spawn(async move {
            app.call("GET", "/v1/verification-profile?wait=25", &[("if-none-match", &tag)], &[]).await
        })
    };
    reviewer.decide(&receipt.id, &approve()).await;
    let heard = waiting.await.unwrap();
    assert_eq!(heard.status, 200);
    assert_ne!(heard.header("etag"), Some(tag.as_str()));
    assert!(heard.text().contains("\"approved\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn reviewers_must_look_may_not_judge_themselves_and_need_reasons() {
    let house = House::with(&[ADA]).await;
    let (app, reviewer) = (house.app(ADA).await, house.app(REVIEWER).await);
    let (receipt, _) = app.hand_in(NAME, 1).await;
    let id = &receipt.id;
    let decision = format!("/v1/review/{id}/decision");
    assert_eq!(reviewer.post(&decision, &approve()).await.code(), Code::MediaNotViewed, "not even claimed");
    reviewer.call("POST", &format!("/v1/review/{id}/claim"), &[], &[]).await;
    let shown: SubmissionForReview = reviewer.get(&format!("/v1/review/{id}")).await.json();
    assert!(!serde_json::to_string(&shown).unwrap().contains('@'), "no e-mail address for the reviewer");
    let face = &shown.media[&PhotoKind::Face];
    let opened = reviewer.get(face).await;
    assert_eq!((opened.header("content-type"), opened.header("cache-control")), (Some("image/jpeg"), Some("no-store")));
    assert_eq!(reviewer.get(face).await.code(), Code::NotFound, "an address is good once");
    assert_eq!(reviewer.post(&decision, &approve()).await.code(), Code::MediaNotViewed, "only one photo viewed");
    reviewer.get(&shown.media[&PhotoKind::Id]).await;
    let mut none = reject(Reason::IdGlare);
    none.reasons.clear();
    let mut other = reject(Reason::Other);
    other.note_to_learner = Some("Sit up.".into());
    for (request, because) in
        [(none, "no reason"), (reject(Reason::Other), "other without words"), (other, "other without a photo")]
    {
        assert_eq!(reviewer.post(&decision, &request).await.code(), Code::ReasonRequired, "{because}");
    }
    house.clock.advance(Duration::from_mins(5));
    assert_eq!(reviewer.post(&decision, &approve()).await.status, 200);

    let (own, _) = reviewer.hand_in("Rita", 5).await;
    assert_eq!(reviewer.get(&format!("/v1/review/{}", own.id)).await.code(), Code::OwnProfile);
    assert_eq!(reviewer.post(&format!("/v1/review/{}/decision", own.id), &approve()).await.code(), Code::OwnProfile);
    assert_eq!(app.get(&format!("/v1/review/{id}")).await.code(), Code::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawing_consent_deletes_everything_at_once() {
    let house = House::with(&[ADA]).await;
    let (app, reviewer) = (house.app(ADA).await, house.app(REVIEWER).await);
    let (receipt, _) = app.hand_in(NAME, 1).await;
    let deleted: DeletionReceipt = app.call("DELETE", "/v1/consents/current", &[], &[]).await.json();
    assert_eq!((deleted.items["photos"], deleted.items["submissions"]), (2, 1));
    assert_eq!(app.status().await.status, Status::None);
    assert_eq!(reviewer.get(&format!("/v1/review/{}", receipt.id)).await.code(), Code::NotFound);
    assert_eq!(std::fs::read_dir(house.data_dir().join("objects/media")).unwrap().count(), 0, "no object is left");
    assert_eq!(app.open_session(None).await.code(), Code::ConsentRequired);
    app.hand_in(NAME, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decided_photos_are_deleted_when_their_time_has_come() {
    let house = House::with(&[ADA]).await;
    let (app, reviewer) = (house.app(ADA).await, house.app(REVIEWER).await);
    let (receipt, _) = app.hand_in(NAME, 1).await;
    reviewer.decide(&receipt.id, &approve()).await;
    let photos = house.data_dir().join("objects/media");
    let left = || std::fs::read_dir(&photos).unwrap().count();
    let House { folder, clock, running, settings } = house;
    running.stop().await.unwrap();
    // A start sweeps at once; a running server every minute.
    for (days, expected, because) in [(29, 2, "still in its time"), (2, 0, "over")] {
        clock.advance(Duration::from_hours(days * 24));
        let running = likeness_server::Server::start(settings.clone(), Arc::clone(&clock)).await.unwrap();
        for _ in 0..100 {
            if expected > 0 || left() == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(left(), expected, "{because}");
        running.stop().await.unwrap();
        assert_eq!(left(), expected, "{because}, after the stop too");
    }
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_opens_with_its_own_key_file_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = likeness_server::Settings::loopback(
        folder.path().join("data"),
        folder.path().join("kek"),
        likeness_server::settings::MailRoute::Folder(folder.path().to_owned()),
    );
    likeness_server::add_account(
        &settings,
        ADA,
        &likeness_protocol::Secret::new(super::house::PASSWORD),
        likeness_protocol::account::Role::Learner,
    )
    .await
    .unwrap();
    let running = likeness_server::Server::start(settings.clone(), likeness_server::SystemClock).await.unwrap();
    settings.listen = running.address();
    let reply = send(running.address(), "GET", "/v1/policy", &[], &[]).await;
    assert_eq!(reply.status, 200);
    running.stop().await.unwrap();
    std::fs::remove_file(folder.path().join("kek")).unwrap();
    let Err(error) = likeness_server::Server::start(settings, likeness_server::SystemClock).await else {
        panic!("started with a new key file")
    };
    assert!(error.to_string().contains("does not fit this data folder"), "{error}");
}
