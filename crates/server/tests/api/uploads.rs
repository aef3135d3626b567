//! Resumable uploads and the image gate.

use super::house::{HEIGHT_PX, House, REVIEWER, Reply, WIDTH_PX, encode, photo, send};
use likeness_protocol::{
    Code,
    review::SubmissionForReview,
    tus::{CHUNK_TYPE, Checksum, PhotoFinding as F},
    verification::PhotoKind,
};
use std::time::Duration;

const ADA: &str = "ada@corp.example";

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_where_it_stopped() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    app.consent().await;
    let session = app.session().await.session.id;
    let jpeg = photo(1);
    let (first, rest) = jpeg.split_at(20_000);
    let announced = app.announce(&session, PhotoKind::Face, &jpeg).await;
    let path = announced.header("location").unwrap().to_owned();
    assert!(path.starts_with("/v1/uploads/up_"), "a path only: {path}");
    assert_eq!(app.append(&path, 0, first).await.header("upload-offset"), Some("20000"));
    let asked = app.progress(&path).await;
    assert_eq!(
        (asked.header("upload-offset"), asked.header("likeness-photo"), asked.header("cache-control")),
        (Some("20000"), Some("receiving"), Some("no-store"))
    );
    let again = app.announce(&session, PhotoKind::Face, &jpeg).await;
    assert_eq!(
        (again.header("location"), again.header("upload-offset")),
        (Some(path.as_str()), Some("20000")),
        "announced twice is one upload"
    );
    let wrong = app.append(&path, 10_000, rest).await;
    assert_eq!(
        (wrong.status, wrong.header("upload-offset"), wrong.problem().code),
        (409, Some("20000"), Code::UploadOffset)
    );
    let done = app.append(&path, 20_000, rest).await;
    assert_eq!((done.status, done.header("likeness-photo")), (204, Some("accepted")), "{}", done.text());
    let repeated = app.append(&path, jpeg.len(), &[]).await;
    assert_eq!(
        (repeated.status, repeated.header("likeness-photo")),
        (204, Some("accepted")),
        "an empty PATCH at the end asks again"
    );
    assert!(
        !house.data_dir().join("objects/up").exists()
            || std::fs::read_dir(house.data_dir().join("objects/up")).unwrap().all(|upload| std::fs::read_dir(
                upload.unwrap().path()
            )
            .unwrap()
            .count()
                == 0),
        "the chunks are gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_are_checked_before_they_count() {
    let house = House::with(&[ADA, "bob@corp.example"]).await;
    let (app, bob) = (house.app(ADA).await, house.app("bob@corp.example").await);
    app.consent().await;
    let session = app.session().await.session.id;
    let jpeg = photo(1);
    let path = app.announce(&session, PhotoKind::Face, &jpeg).await.header("location").unwrap().to_owned();
    let checksum = Checksum::of(b"other bytes").to_string();
    let patch = async |kind: &str, version: &str, offset: &str, checksum: Option<&str>, body: &[u8]| -> Reply {
        let mut headers = vec![("content-type", kind), ("tus-resumable", version), ("upload-offset", offset)];
        headers.extend(checksum.map(|sum| ("upload-checksum", sum)));
        app.call("PATCH", &path, &headers, body).await
    };
    let big = vec![0; 1024 * 1024 + 1];
    #[rustfmt::skip]
    let table = [
        (CHUNK_TYPE,   "1.0.0", "0",  Some(checksum.as_str()), &jpeg[..100], 460, "a damaged chunk"),
        (CHUNK_TYPE,   "1.0.0", "0",  Some("md5 AAAA"),        &jpeg[..100], 400, "another kind of checksum"),
        (CHUNK_TYPE,   "1.0.0", "-1", None,                    &jpeg[..100], 400, "a negative offset"),
        ("image/jpeg", "1.0.0", "0",  None,                    &jpeg[..100], 415, "another content type"),
        (CHUNK_TYPE,   "0.2.2", "0",  None,                    &jpeg[..100], 412, "another tus version"),
        (CHUNK_TYPE,   "1.0.0", "0",  None,                    &big[..],     413, "a chunk over 1 MiB"),
    ];
    for (kind, version, offset, sum, body, expected, because) in table {
        assert_eq!(patch(kind, version, offset, sum, body).await.status, expected, "{because}");
    }
    let beyond = [&jpeg[..], b"x"].concat();
    assert_eq!(app.append(&path, 0, &beyond).await.code(), Code::TooLarge, "more than announced");
    assert_eq!(app.progress(&path).await.header("upload-offset"), Some("0"), "nothing of it counted");
    assert_eq!(bob.append(&path, 0, &jpeg).await.code(), Code::NotFound, "somebody else's upload");
    assert_eq!(bob.announce(&session, PhotoKind::Face, &jpeg).await.code(), Code::NotFound, "somebody else's session");
    let greeted = send(app.to, "OPTIONS", "/v1/uploads", &[], &[]).await;
    assert_eq!(
        (greeted.status, greeted.header("tus-extension"), greeted.header("tus-max-size")),
        (204, Some("creation,checksum"), Some("4194304"))
    );
    house.clock.advance(Duration::from_hours(25));
    let app = house.app(ADA).await;
    assert_eq!(app.append(&path, 0, &jpeg).await.code(), Code::UploadGone, "idle for a day");
}

fn with_app1(jpeg: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, content, &jpeg[2..]].concat()
}

fn position(jpeg: &[u8], marker: u8) -> usize {
    jpeg.windows(2).position(|pair| pair == [0xFF, marker]).unwrap()
}

fn changed(jpeg: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut copy = jpeg.to_vec();
    copy[at..at + bytes.len()].copy_from_slice(bytes);
    copy
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_names_what_is_wrong() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    app.consent().await;
    let session = app.session().await.session.id;
    let good = photo(1);
    let frame = position(&good, 0xC0);
    let scan = position(&good, 0xDA);
    let half = good.len() / 2;
    let without_huffman = {
        let mut copy = good.clone();
        while let Some(at) = copy.windows(2).position(|pair| pair == [0xFF, 0xC4]) {
            let length = usize::from(u16::from_be_bytes([copy[at + 2], copy[at + 3]]));
            copy.drain(at..at + 2 + length);
        }
        copy
    };
    let many_segments = (0..70).fold(good.clone(), |jpeg, _| with_app1(&jpeg, b"x"));
    let padded = |start: &[u8]| [start, &vec![b' '; 12_000][..]].concat();
    let noisy_dark: Vec<u8> = (0..WIDTH_PX * HEIGHT_PX * 3).map(|at| if (at / 24) % 7 == 0 { 16 } else { 0 }).collect();
    let flat_but_large = {
        let mut jpeg = encode(&vec![90; 3 * 1600 * 1200], 1600, 1200);
        // A flat picture is tiny: comments bring it over the smallest size.
        jpeg = with_app1(&jpeg, &vec![b'c'; 12_000]);
        jpeg
    };
    #[rustfmt::skip]
    let table = [
        (padded(b"\x89PNG\r\n\x1a\n"),                          F::NotJpeg,         "a PNG"),
        (padded(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),  F::NotJpeg,         "an SVG"),
        (padded(b"%PDF-1.7"),                                   F::NotJpeg,         "a PDF"),
        (padded(b"<!doctype html><script>"),                    F::NotJpeg,         "a web page"),
        (changed(&good, frame + 1, &[0xC2]),                    F::UnsupportedJpeg, "progressive"),
        (changed(&good, frame + 1, &[0xC9]),                    F::UnsupportedJpeg, "arithmetic coding"),
        (changed(&good, frame + 4, &[12]),                      F::UnsupportedJpeg, "12 bits"),
        (without_huffman,                                       F::UnsupportedJpeg, "a camera's raw MJPEG without tables"),
        (many_segments,                                         F::UnsupportedJpeg, "more than 64 segments"),
        ([&good[..], b"PK\x03\x04evil.zip"].concat(),           F::TrailingData,    "an archive behind the picture"),
        ([&good[..], b"\0"].concat(),                           F::TrailingData,    "one byte behind the picture"),
        (good[..half].to_vec(),                                 F::Damaged,         "half a picture"),
        (good[..good.len() - 2].to_vec(),                       F::Damaged,         "no end marker"),
        ([&good[..half], &[0xFF, 0xD9]].concat(),               F::Damaged,         "half a picture with an end marker"),
        (padded(&good[..scan])[..12_000].to_vec(),              F::Damaged,         "headers alone"),
        (changed(&good, frame + 5, &[0xFF, 0xDC, 0xFF, 0xDC]),  F::TooLarge,        "65,500 by 65,500 pixels in the header"),
        (changed(&good, frame + 5, &[0, 0]),                    F::Damaged,         "no height"),
        (changed(&good, frame + 5, &[1, 0, 1, 0]),              F::TooSmall,        "256 by 256 pixels"),
        (flat_but_large,                                        F::Blank,           "one flat colour"),
        (encode(&noisy_dark, WIDTH_PX, HEIGHT_PX),              F::TooDark,         "almost black"),
    ];
    for (bytes, expected, because) in table {
        let (reply, upload) = app.upload(&session, PhotoKind::Face, &bytes).await;
        assert_eq!(reply.status, 422, "{because}: {}", reply.text());
        let problem = reply.problem();
        assert_eq!(
            (reply.status, problem.code, problem.finding),
            (422, Code::PhotoRefused, Some(expected)),
            "{because}"
        );
        let path = format!("/v1/uploads/{upload}");
        let state = format!("refused; finding={}", expected.as_str());
        assert_eq!(app.progress(&path).await.header("likeness-photo"), Some(state.as_str()), "{because}");
        let more = app.append(&path, bytes.len(), &[]).await;
        assert_eq!((more.status, more.header("likeness-photo")), (410, Some(state.as_str())), "{because}");
    }
    #[rustfmt::skip]
    let sizes = [
        (vec![0; 4 * 1024 * 1024 + 1], F::TooLarge, "over 4 MiB"),
        (vec![0; 10 * 1024 - 1],       F::TooSmall, "under 10 KiB"),
    ];
    for (bytes, expected, because) in sizes {
        let reply = app.announce(&session, PhotoKind::Face, &bytes).await;
        assert_eq!((reply.status, reply.problem().finding), (413, Some(expected)), "{because}");
    }
    let (reply, _) = app.upload(&session, PhotoKind::Face, &good).await;
    assert_eq!(
        (reply.status, reply.header("likeness-photo")),
        (204, Some("accepted")),
        "after all that a good photo still passes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_pixels_reaches_the_reviewer() {
    let house = House::with(&[ADA]).await;
    let app = house.app(ADA).await;
    let consent = app.consent().await;
    let opened = app.session().await;
    let mut prepared = app.send_photos(consent.clone(), opened.clone(), 3).await;
    let with_exif = with_app1(&photo(4), b"Exif\0\0 GPS of my house");
    let (reply, id) = app.upload(&opened.session.id, PhotoKind::Id, &with_exif).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    prepared.uploads.id = Some(id);
    prepared.photos.insert(PhotoKind::Id, with_exif.clone());
    prepared.claims = app.claims(&opened, &consent, &prepared.photos);
    let reply = app.submit(&uuid::Uuid::new_v4().to_string(), &prepared.request("Ada", &app.key)).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    let submission = reply.json::<likeness_protocol::verification::Receipt>();
    let reviewer = house.app(REVIEWER).await;
    let shown: SubmissionForReview = reviewer.get(&format!("/v1/review/{}", submission.id)).await.json();
    let stored = reviewer.get(&shown.media[&PhotoKind::Id]).await.body;
    assert!(stored.starts_with(&[0xFF, 0xD8]) && stored.ends_with(&[0xFF, 0xD9]));
    assert!(
        !stored.windows(4).any(|window| window == b"Exif") && !stored.windows(8).any(|window| window == b"my house")
    );
    assert_ne!(stored, with_exif);
}
