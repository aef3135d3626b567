//! The 25 faults a camera can have, by name. The suite prints one line for each and fails if one was not injected, or not on
//! every camera that can have it; the rows of `tests/devices/cases/src/table.rs` say which case injects which.

use std::collections::BTreeSet;

/// One fault: its number, its name, what the product does, the test cameras that must have had it, and where what the app makes
/// of it (sentences, buttons, sessions) is tested.
struct Fault {
    id: &'static str,
    name: &'static str,
    expected: &'static str,
    cameras: &'static [&'static str],
    app: &'static str,
}

const fn fault(
    id: &'static str,
    name: &'static str,
    expected: &'static str,
    cameras: &'static [&'static str],
    app: &'static str,
) -> Fault {
    Fault { id, name, expected, cameras, app }
}

const FACES: &str = "tests/learner/camera_faults.rs";

#[rustfmt::skip]
const FAULTS: [Fault; 25] = [
    fault("C01", "no camera at start",                 "camera-none; the list refreshes by itself",                  &["shim", "uvc"],          FACES),
    fault("C02", "unplugged during preview",           "camera-lost within 250 ms; no picture any more",             &["shim", "uvc", "vivid"], FACES),
    fault("C03", "unplugged during the burst",         "burst thrown away, no still kept",                           &["shim"],                 "tests/learner/burst_unplugged.rs"),
    fault("C04", "unplugged and replugged",            "resumes by itself; the row of fresh pictures starts anew",   &["shim", "uvc"],          FACES),
    fault("C05", "no more frames",                     "camera-stalled at 2 s, one reopen at 5 s",                   &["shim", "uvc", "vivid"], FACES),
    fault("C06", "the same frame for ever",            "camera-not-moving; no shutter",                              &["shim"],                 FACES),
    fault("C07", "zero-byte frame",                    "dropped, not shown; the real driver swallows it",            &["shim", "uvc"],          ""),
    fault("C08", "half a frame",                       "dropped and counted",                                        &["shim", "uvc"],          ""),
    fault("C09", "random bytes as MJPEG",              "dropped; three in a row camera-damaged-frames",              &["shim", "uvc"],          FACES),
    fault("C10", "valid JPEG of another size",         "dropped; the format is negotiated once more",                &["shim"],                 ""),
    fault("C11", "YUYV of odd length",                 "dropped",                                                    &["shim"],                 ""),
    fault("C12", "all black",                          "finding: too dark, or the lens is covered",                  &["shim", "vivid"],        FACES),
    fault("C13", "all white",                          "finding: too bright",                                        &["shim"],                 FACES),
    fault("C14", "green or pink picture",              "the next format is taken",                                   &["shim"],                 ""),
    fault("C15", "device busy",                        "camera-in-use; live when it is free",                        &["shim", "uvc"],          FACES),
    fault("C16", "permission refused by the system",   "camera-denied",                                              &["shim", "uvc"],          FACES),
    fault("C17", "permission withdrawn while running", "camera-denied; no picture any more",                         &["shim"],                 FACES),
    fault("C18", "only 320x240",                       "camera-unsupported for the ID; face only by policy",         &["shim"],                 FACES),
    fault("C19", "one frame a second",                 "works: a photo within the 8 s a burst may take",             &["shim"],                 ""),
    fault("C20", "only 4K at 60 fps",                  "opened by the last rung; shown small",                       &["shim"],                 ""),
    fault("C21", "enumeration hangs",                  "given up after 5 s; trying again works",                     &["shim"],                 FACES),
    fault("C22", "12 cameras, two of one name",        "the list tells them apart",                                  &["shim", "uvc"],          ""),
    fault("C23", "virtual camera chosen",              "allowed, flagged, or camera-virtual-blocked",                &["shim", "vivid"],        FACES),
    fault("C24", "timestamps go backwards",            "no photo; the row of fresh pictures starts anew",            &["shim"],                 ""),
    fault("C25", "sleep for an hour during preview",   "stream opened again; sessions are renewed",                  &["shim"],                 "tests/learner/away.rs"),
];

/// Prints the line of every fault for the cameras that ran; false if one is missing or failed.
pub(crate) fn print(output: &str, cameras: &[&str]) -> bool {
    let outcomes = outcomes(output);
    let mut complete = true;
    for fault in &FAULTS {
        let must: Vec<&str> = fault.cameras.iter().copied().filter(|camera| cameras.contains(camera)).collect();
        if must.is_empty() {
            continue; // no camera of this battery can have it
        }
        let has = |camera: &&str, passed| outcomes.contains(&(fault.id, *camera, passed));
        let missing: Vec<&str> = must.iter().copied().filter(|camera| !has(camera, true)).collect();
        let failed = cameras.iter().any(|camera| has(camera, false));
        let passed = missing.is_empty() && !failed;
        complete &= passed;
        let verdict = if passed { "PASS" } else { "FAIL" };
        let seen: Vec<&str> = cameras.iter().copied().filter(|camera| has(camera, true)).collect();
        println!("FAULT {} {} {verdict} {}: {}", fault.id, fault.name, seen.join(" "), fault.expected);
        if !missing.is_empty() {
            println!("      not seen to pass on {}", missing.join(" "));
        }
        if !fault.app.is_empty() {
            println!("      what the learner sees of it: {}", fault.app);
        }
    }
    complete
}

/// Fault, camera, and whether a case of it passed there.
fn outcomes(output: &str) -> BTreeSet<(&str, &str, bool)> {
    let mut outcomes = BTreeSet::new();
    for line in output.lines().filter_map(|line| line.strip_prefix("CASE ")) {
        let (Some((camera, _)), Some(ids)) = (line.split_once('/'), between_brackets(line)) else { continue };
        let passed = line.split(' ').nth(1) == Some("PASS");
        outcomes.extend(ids.split_whitespace().map(|id| (id, camera, passed)));
    }
    outcomes
}

fn between_brackets(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once('[')?;
    rest.split_once(']').map(|(ids, _)| ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_25_faults_and_each_has_its_number() {
        for (index, fault) in FAULTS.iter().enumerate() {
            assert_eq!(fault.id, format!("C{:02}", index + 1));
            assert!(!fault.cameras.is_empty(), "{} is injected somewhere", fault.id);
        }
    }

    #[test]
    fn a_fault_passes_only_where_every_case_of_it_passed() {
        let output =
            "CASE shim/empty PASS 3 [C07] fine\nCASE uvc/plug FAIL 9 [C02 C04] no\nCASE uvc/other PASS 9 [C02] fine\n";
        let expected: BTreeSet<(&str, &str, bool)> =
            [("C02", "uvc", false), ("C02", "uvc", true), ("C04", "uvc", false), ("C07", "shim", true)].into();
        assert_eq!(outcomes(output), expected);
        assert!(!print(output, &["uvc"]), "C04 failed, and most are missing");
    }

    #[test]
    fn what_the_app_makes_of_a_fault_is_tested_where_it_says() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        for fault in FAULTS.iter().filter(|fault| !fault.app.is_empty()) {
            assert!(root.join(fault.app).is_file(), "{}: {} is not there", fault.id, fault.app);
        }
    }
}
