//! What must not lie on the disk after a journey, the server's data folder included.

use std::path::PathBuf;

use crate::folder::{Folder, files_holding};

/// How a JPEG begins: start of image, then a table or an application segment.
const JPEG_BEGINNINGS: [&[u8]; 3] = [&[0xFF, 0xD8, 0xFF, 0xE0], &[0xFF, 0xD8, 0xFF, 0xDB], &[0xFF, 0xD8, 0xFF, 0xC4]];

/// Searches everything that app and server wrote for the name, the address, tokens and the beginnings of pictures.
pub fn nothing_in_clear(home: &Folder, name: &str, address: &str) {
    let ours = ["pictures", "opened-link", "app.log"];
    let files: Vec<PathBuf> = home
        .files()
        .into_iter()
        .filter(|file| !ours.iter().any(|ours| file.starts_with(home.path().join(ours))))
        .collect();
    let practice = files.iter().filter(|file| file.to_string_lossy().contains("practice")).count();
    assert!(practice > 3, "the server's data folder was looked at ({practice} files)");
    let mut secrets: Vec<(&str, &[u8])> = vec![
        ("the name", name.as_bytes()),
        ("the address", address.as_bytes()),
        ("an access token", b"lk_at_"),
        ("a refresh token", b"lk_rt_"),
    ];
    secrets.extend(JPEG_BEGINNINGS.map(|beginning| ("the beginning of a JPEG", beginning)));
    let hits = files_holding(&files, &secrets);
    assert!(hits.is_empty(), "in clear on the disk: {hits:#?}");
    println!("       {} files searched for the name, the address, tokens and pictures: nothing", files.len());
}
