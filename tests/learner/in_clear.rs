//! After a whole way nothing of the learner lies readable on the disk: no piece of a photo, no name, no address, no token.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use likeness_account::vault::SessionItem;
use likeness_journey::Intent;
use likeness_journey::view::ProfileStatus;
use memchr::memmem;

use crate::drawn::{heads, practice_camera, stage};
use crate::keyring::Keyring;
use crate::person::NAME;
use crate::practice_house::{LEARNER, PracticeHouse};

/// Long enough that no piece of compressed picture is found elsewhere by chance.
const PIECE_BYTES: usize = 32;
/// Every so many bytes a piece is looked for.
const EVERY_BYTES: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_piece_of_a_photo_and_no_word_of_the_learner_lies_on_the_disk() {
    let _stage = stage().await;
    let house = PracticeHouse::new().await;
    let keyring = Keyring::default();
    let person = house.person(practice_camera(), Box::new(keyring.clone()));
    let password = house.password(LEARNER);
    person.to_sign_in().await;
    person.sign_in(LEARNER, &password).await;
    person.to_layout().await;
    person.choose_layout(false).await;
    person.check_camera().await;
    let (face, id) = person.both_photos().await;
    person.submit().await;
    person.press(Intent::Go).await;
    person.until_status(ProfileStatus::InReview).await;

    let item = SessionItem::from_bytes(&keyring.item().expect("the sign-in was kept")).expect("and can be read");
    let refresh = item.refresh_token.expose().to_owned();
    let words = [
        ("the name", NAME),
        ("the family name", "Ostrowska"),
        ("the address", LEARNER),
        ("the address before the server's part", "learner@"),
        ("the password", password.as_str()),
        ("the refresh token", refresh.as_str()),
        ("an access token", "lk_at_"),
        ("a refresh token", "lk_rt_"),
    ];
    assert!(refresh.starts_with("lk_rt_"), "the prefix searched for is the real one");
    let files = files_below(house.folder());
    assert!(
        files.iter().any(|file| file.to_string_lossy().contains("objects")),
        "the photos lie there, sealed: {files:?}"
    );
    let stored: u64 = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|facts| facts.len()).sum();
    assert!(stored > (face.len() + id.len()) as u64 / 2, "both photos were stored");

    let pieces = Pieces::of(&[&face, &id]);
    let mut hits = Vec::new();
    for file in files.iter().chain(&files_below(&heads())) {
        let bytes = fs::read(file).expect("a file of the test's own is readable");
        hits.extend(pieces.found_in(&bytes).map(|at| format!("{}: a piece of a photo at byte {at}", file.display())));
        for (what, word) in words {
            let forms = [word.as_bytes().to_vec(), STANDARD_NO_PAD.encode(word).into_bytes(), hexadecimal(word)];
            let lies_here = forms.iter().any(|form| memmem::find(&bytes, form).is_some());
            hits.extend(lies_here.then(|| format!("{}: {what}", file.display())));
        }
    }
    assert!(hits.is_empty(), "in clear on the disk: {hits:#?}");
    println!(
        "{} files searched for {} pieces of photos and {} words: nothing",
        files.len(),
        pieces.count(),
        words.len()
    );
}

#[test]
fn the_search_finds_a_piece_wherever_it_lies() {
    let photo: Vec<u8> =
        (0..4_000_u32).map(|number| u8::try_from(number.wrapping_mul(2_654_435_761) >> 24).unwrap_or(0)).collect();
    let pieces = Pieces::of(&[&photo]);
    for offset in [0, 1, 63, 1_000] {
        let mut file = vec![7_u8; offset];
        file.extend_from_slice(&photo[640..800]);
        assert!(pieces.found_in(&file).is_some(), "160 bytes of the photo at byte {offset}");
    }
    assert!(pieces.found_in(&[7_u8; 5_000]).is_none());
    assert!(pieces.found_in(&photo[641..695]).is_none(), "shorter than two steps may be missed, and the test knows it");
}

/// Pieces of the photos, to be found at any place of a file.
struct Pieces<'a> {
    all: HashSet<&'a [u8]>,
    /// Which first three bytes a piece may have: most places of a file are passed over by a look at this.
    begins: Vec<bool>,
}

impl<'a> Pieces<'a> {
    fn of(photos: &[&'a Vec<u8>]) -> Self {
        // A picture's tables are the same in every JPEG of its encoder, and evenly filled pieces are no secret.
        let telling = |piece: &&[u8]| piece.iter().collect::<HashSet<_>>().len() > PIECE_BYTES / 2;
        let pieces = photos.iter().flat_map(|photo| photo.windows(PIECE_BYTES).step_by(EVERY_BYTES)).filter(telling);
        let all: HashSet<&[u8]> = pieces.collect();
        assert!(all.len() > 10, "there is something to look for");
        let mut begins = vec![false; 1 << 24];
        for piece in &all {
            begins[beginning(piece)] = true;
        }
        Self { all, begins }
    }

    fn count(&self) -> usize {
        self.all.len()
    }

    fn found_in(&self, bytes: &[u8]) -> Option<usize> {
        bytes.windows(PIECE_BYTES).position(|window| self.begins[beginning(window)] && self.all.contains(window))
    }
}

fn beginning(piece: &[u8]) -> usize {
    usize::from(piece[0]) << 16 | usize::from(piece[1]) << 8 | usize::from(piece[2])
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

fn hexadecimal(word: &str) -> Vec<u8> {
    word.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes()
}
