//! The ordinary build, without the feature that lets WebDriver in, walked by the accessibility tree: what a learner runs, heard as a screen reader hears it.

use std::path::PathBuf;
use std::process::Command;

use crate::folder::Folder;
use crate::leftovers::nothing_in_clear;
use crate::window::at_home;

#[test]
#[ignore = "needs a display and an ordinary build: cargo xtask test --suite journey"]
fn an_ordinary_run_is_heard_and_leaves_nothing() {
    let app = std::env::var_os("LIKENESS_ORDINARY_APP").map(PathBuf::from);
    let app = app.expect("LIKENESS_ORDINARY_APP names the ordinary build; `cargo xtask test --suite journey` makes it");
    let home = Folder::new("ordinary");
    let mut command = Command::new("/usr/bin/python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journey/by_ear.py")).arg(app);
    at_home(home.path(), &mut command);
    let status = command.status().expect("/usr/bin/python3 starts; the script needs python3-gi and gir1.2-atspi-2.0");
    assert!(status.success(), "the ordinary build could not be walked by the accessibility tree");
    nothing_in_clear(&home, "Ada Specimen", "learner@likeness.example");
}
