//! The first files of the guest: busybox, modules and a script, as an archive in cpio's "newc" form (Linux,
//! `Documentation/driver-api/early-userspace/buffer-format.rst`). Uncompressed: unpacking costs more than reading here.

use std::fs;
use std::path::Path;

use crate::error::{GuestError, at};

/// An archive under construction.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

impl Archive {
    pub(crate) fn folder(&mut self, name: &str) {
        self.entry(name, FOLDER, &[]);
    }

    pub(crate) fn program(&mut self, name: &str, content: &[u8]) {
        self.entry(name, PROGRAM, content);
    }

    pub(crate) fn copy(&mut self, name: &str, from: &Path) -> Result<(), GuestError> {
        let content = fs::read(from).map_err(at(from))?;
        self.program(name, &content);
        Ok(())
    }

    /// The finished archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let len = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        // inode, mode, uid, gid, links, time, size, device (4 numbers), length of the name with its zero, checksum
        let fields = [self.entries, mode, 0, 0, 1, 0, len(content.len()), 0, 0, 0, 0, len(name.len() + 1), 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08X}").as_bytes());
        }
        self.bytes.extend(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        let len = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(len, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_aligned_and_the_archive_ends_with_its_trailer() {
        let mut archive = Archive::default();
        archive.folder("bin");
        archive.program("init", b"#!x");
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(bytes.windows(6).filter(|six| *six == b"070701").count(), 3);
        assert!(bytes.windows(10).any(|ten| ten == b"TRAILER!!!"));
    }
}
