//! What lies on the server's disk tells nothing.

use super::house::{House, REVIEWER, approve, reject};
use likeness_protocol::verification::{PhotoKind, Reason};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

const ADA: &str = "ada.planted@corp.example";
const NAME: &str = "Planted Lovelace";
const NOTE: &str = "A planted note to the learner.";
const PIECE_BYTES: usize = 32;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_folder_holds_no_picture_name_address_note_or_token() {
    let house = House::with(&[ADA]).await;
    let (app, reviewer) = (house.app(ADA).await, house.app(REVIEWER).await);
    let (receipt, prepared) = app.hand_in(NAME, 1).await;
    let mut request = reject(Reason::IdGlare);
    request.note_to_learner = Some(NOTE.into());
    request.internal_note = Some("A planted internal note.".into());
    reviewer.decide(&receipt.id, &request).await;
    let opened = app.open_session(Some(receipt.id)).await.json();
    let consent = app.consent().await;
    let repaired = app.send_photos(consent, opened, 2).await;
    // Scanned in the middle too: a chunk of an unfinished upload lies there now.
    let unfinished = super::house::photo(77);
    let second = {
        let reply = app.submit(&uuid::Uuid::new_v4().to_string(), &repaired.request(NAME, &app.key)).await;
        reply.json::<likeness_protocol::verification::Receipt>()
    };
    reviewer.decide(&second.id, &approve()).await;
    let other = House::with(&["bob@corp.example"]).await;
    let bob = other.app("bob@corp.example").await;
    bob.consent().await;
    let session = bob.session().await;
    let path =
        bob.announce(&session.session.id, PhotoKind::Face, &unfinished).await.header("location").unwrap().to_owned();
    bob.append(&path, 0, &unfinished[..20_000]).await;
    house.mails(4).await;

    let tokens = app.tokens.clone().unwrap();
    let words: Vec<Vec<u8>> = [
        ADA,
        NAME,
        NOTE,
        "planted internal",
        "ada.planted",
        "Lovelace",
        "bob@corp.example",
        tokens.access_token.expose(),
        tokens.refresh_token.as_ref().unwrap().expose(),
        &prepared.opened.nonce,
        super::house::PASSWORD,
    ]
    .iter()
    .map(|word| word.as_bytes().to_vec())
    .collect();
    let pictures = prepared.photos.values().chain(repaired.photos.values()).chain([&unfinished]);
    let pieces: HashSet<Vec<u8>> =
        pictures.flat_map(|jpeg| jpeg.chunks_exact(PIECE_BYTES).map(<[u8]>::to_vec).collect::<Vec<_>>()).collect();
    let mut scanned = 0;
    for file in files(&house.data_dir()).into_iter().chain(files(&other.data_dir())) {
        let bytes = fs::read(&file).unwrap();
        scanned += bytes.len();
        let name = file.display();
        assert!(!bytes.windows(PIECE_BYTES).any(|window| pieces.contains(window)), "{name} holds a piece of a picture");
        assert!(!bytes.starts_with(&[0xFF, 0xD8, 0xFF]), "{name} is a JPEG");
        for word in &words {
            assert!(
                !bytes.windows(word.len()).any(|window| window == word.as_slice()),
                "{name} holds {:?}",
                String::from_utf8_lossy(word)
            );
        }
    }
    assert!(scanned > 200_000, "the scan saw the photos: {scanned} bytes");
}

/// The scan above must be able to fail.
#[test]
fn a_scan_finds_what_is_there() {
    let jpeg = super::house::photo(1);
    let pieces: HashSet<Vec<u8>> = jpeg.chunks_exact(PIECE_BYTES).map(<[u8]>::to_vec).collect();
    let planted = [b"some header".as_slice(), &jpeg[1_000..1_100]].concat();
    assert!(planted.windows(PIECE_BYTES).any(|window| pieces.contains(window)));
}
