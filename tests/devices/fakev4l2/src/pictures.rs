//! The pictures that are sent, and the ways to spoil them.
//!
//! `*.jpg` are told apart by the size inside them, raw pictures by their names (`yuyv-640x480-0.raw`). Pictures that only some
//! verbs want lie in folders below: `black`, `white`, `green`, and whatever `folder` names.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::world::{Mode, fail, frames_folder};

pub(crate) const MJPG: [u8; 4] = *b"MJPG";

/// Folder, format and size.
type Kind = (String, [u8; 4], u32, u32);
type ByKind = HashMap<Kind, &'static [Vec<u8>]>;

/// The pictures of one kind, in the order of their names. Read once; they live as long as the program.
pub(crate) fn of(folder: &str, mode: Mode) -> &'static [Vec<u8>] {
    static ALL: Mutex<Option<ByKind>> = Mutex::new(None);
    let kind = (folder.to_owned(), mode.fourcc, mode.width, mode.height);
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    all.entry(kind).or_insert_with_key(|kind| Box::leak(read(kind).into_boxed_slice()))
}

fn read(kind: &Kind) -> Vec<Vec<u8>> {
    let &(ref folder, fourcc, width, height) = kind;
    let folder = Path::new(&frames_folder()).join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| fail(&format!("{}: {error}", folder.display())));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let raw_name = format!("{}-{width}x{height}-", String::from_utf8_lossy(&fourcc).to_lowercase());
    let wanted = |path: &PathBuf, bytes: &[u8]| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if fourcc == MJPG {
            let size = || jpeg_size(bytes).unwrap_or_else(|| fail(&format!("{name} is not a baseline JPEG")));
            name.ends_with(".jpg") && size() == (width, height)
        } else {
            name.starts_with(&raw_name)
        }
    };
    let mut pictures = Vec::new();
    for path in paths.iter().filter(|path| path.is_file()) {
        let bytes = fs::read(path).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
        if wanted(path, &bytes) {
            pictures.push(bytes);
        }
    }
    if pictures.is_empty() {
        let format = String::from_utf8_lossy(&fourcc);
        fail(&format!("{} has no {format} picture of {width}x{height}", folder.display()));
    }
    pictures
}

fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let &[0xFF, marker, high, low] = bytes.get(at..at + 4)? else { return None };
        if marker == 0xC0 {
            let &[h1, h0, w1, w0] = bytes.get(at + 5..at + 9)? else { return None };
            return Some((u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0]))));
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

/// The comment segment that follows the start marker of every JPEG: 16 bytes, `FF FE 00 0E`, `LKTS`, and when the picture was
/// due in nanoseconds of `CLOCK_MONOTONIC`, eight bytes, the highest first. So whoever holds the picture knows its age.
pub(crate) fn due_comment(due_ns: u64) -> [u8; 16] {
    let mut segment = *b"\xFF\xFE\0\x0ELKTS\0\0\0\0\0\0\0\0";
    segment[8..].copy_from_slice(&due_ns.to_be_bytes());
    segment
}

/// The same JPEG without its Huffman tables.
pub(crate) fn without_tables(picture: &[u8]) -> Vec<u8> {
    let mut bytes = picture[..2].to_vec();
    let mut at = 2;
    while let Some(&[0xFF, marker, high, low]) = picture.get(at..at + 4) {
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        if marker == 0xDA {
            break;
        }
        if marker != 0xC4 {
            bytes.extend_from_slice(picture.get(at..end).unwrap_or_default());
        }
        at = end;
    }
    bytes.extend_from_slice(&picture[at..]);
    bytes
}

pub(crate) fn noise(mut seed: u64, len: usize) -> Vec<u8> {
    (0..len)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        })
        .collect()
}
