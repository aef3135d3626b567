//! What the app opens in the system's browser: a script in the place of `xdg-open` takes the links.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::deadline::Deadline;

/// How long the app may take to open the browser.
const OPENED_WITHIN: Duration = Duration::from_secs(30);

/// What the app opens, in the order it does.
pub struct OpenedLinks {
    programs: PathBuf,
    list: PathBuf,
    taken: usize,
}

impl OpenedLinks {
    /// Puts the script into a folder of this home.
    pub fn in_home(home: &Path) -> Self {
        let (programs, list) = (home.join("bin"), home.join("opened-link"));
        fs::create_dir_all(&programs).expect("a folder of the home can be made");
        let script = programs.join("xdg-open");
        fs::write(&script, format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", list.display()))
            .expect("the script can be written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("the script can be made a program");
        Self { programs, list, taken: 0 }
    }

    /// The search path with which the app finds the script before any browser.
    pub fn search_path(&self) -> String {
        format!("{}:{}", self.programs.display(), std::env::var("PATH").unwrap_or_default())
    }

    /// Waits for the next link.
    pub fn next(&mut self) -> String {
        let until = Deadline::within(OPENED_WITHIN);
        loop {
            let all = fs::read_to_string(&self.list).unwrap_or_default();
            // A line without its end is still being written.
            let complete = all.rsplit_once('\n').map_or("", |(lines, _)| lines);
            if let Some(link) = complete.lines().nth(self.taken) {
                self.taken += 1;
                return link.to_owned();
            }
            assert!(!until.is_over(), "no browser was opened; links so far: {all:?}");
            sleep(Duration::from_millis(50));
        }
    }
}
