//! The 25 faults a camera can have, by name. The suite prints one line for each and fails if one was not injected, or not on
//! every camera that can have it; the rows of `tests/devices/cases/src/table.rs` say which case injects which.

use std::collections::BTreeSet;

/// One fault: its number, its name, what the product does, the test cameras that must have had it, and the test of what the app
/// makes of it (buttons, sessions, the way on), a file of `tests/learner` and a function in it, where there is one.
struct Fault {
    id: &'static str,
    name: &'static str,
    expected: &'static str,
    cameras: &'static [&'static str],
    app: Option<Test>,
}

type Test = (&'static str, &'static str);

const fn fault(
    id: &'static str,
    name: &'static str,
    expected: &'static str,
    cameras: &'static [&'static str],
    app: Option<Test>,
) -> Fault {
    Fault { id, name, expected, cameras, app }
}

/// The tests of the app, which play the camera and walk the learner's way.
const NAMED: Option<Test> = Some(("camera_faults", "each_fault_is_named_and_trying_again_mends_it"));
const ABSENT: Option<Test> = Some(("camera_faults", "without_a_camera_the_learner_is_told_early_and_can_try_again"));
const BURST: Option<Test> = Some(("burst_unplugged", "fault_c03_unplugged_during_the_burst_no_photo_is_kept"));
const COVERED: Option<Test> =
    Some(("camera_choice", "fault_c12_a_covered_lens_is_a_finding_that_stops_nothing_and_ends_by_itself"));
const SMALL: Option<Test> =
    Some(("camera_choice", "fault_c18_what_a_camera_can_show_of_an_id_is_said_before_one_is_held_up"));
const SOFTWARE: Option<Test> =
    Some(("virtual_camera", "fault_c23_flagged_it_is_named_with_the_reason_and_allowed_nothing_is_said"));
const SLEEP: Option<Test> = Some(("away", "fault_c25_after_a_sleep_the_session_is_new_and_the_same_screen_goes_on"));

#[rustfmt::skip]
const FAULTS: [Fault; 25] = [
    fault("C01", "no camera at start",                 "camera-none; the list refreshes by itself",                  &["shim", "uvc"], ABSENT),
    fault("C02", "unplugged during preview",           "camera-lost within 250 ms; no picture any more",             &["shim", "uvc", "vivid"], NAMED),
    fault("C03", "unplugged during the burst",         "burst thrown away, no still kept",                           &["shim"], BURST),
    fault("C04", "unplugged and replugged",            "resumes by itself; the row of fresh pictures starts anew",   &["shim", "uvc"], None),
    fault("C05", "no more frames",                     "camera-stalled at 2 s, one reopen, then Try again",                   &["shim", "uvc", "vivid"], NAMED),
    fault("C06", "the same frame for ever",            "camera-not-moving; no shutter",                              &["shim"], NAMED),
    fault("C07", "zero-byte frame",                    "dropped, not shown; the real driver swallows it",            &["shim", "uvc"], None),
    fault("C08", "half a frame",                       "dropped and counted",                                        &["shim", "uvc"], NAMED),
    fault("C09", "random bytes as MJPEG",              "dropped; three in a row camera-damaged-frames",              &["shim", "uvc"], NAMED),
    fault("C10", "valid JPEG of another size",         "dropped; the format is negotiated once more",                &["shim"], None),
    fault("C11", "YUYV of odd length",                 "dropped",                                                    &["shim"], None),
    fault("C12", "all black",                          "finding: too dark, or the lens is covered",                  &["shim", "vivid"], COVERED),
    fault("C13", "all white",                          "finding: too bright",                                        &["shim"], None),
    fault("C14", "green or pink picture",              "the next format is taken",                                   &["shim"], None),
    fault("C15", "device busy",                        "camera-in-use; live when it is free",                        &["shim", "uvc"], NAMED),
    fault("C16", "permission refused by the system",   "camera-denied",                                              &["shim", "uvc"], NAMED),
    fault("C17", "permission withdrawn while running", "camera-denied; no picture any more",                         &["shim"], NAMED),
    fault("C18", "only 320x240",                       "camera-unsupported for the ID; face only by policy",         &["shim"], SMALL),
    fault("C19", "one frame a second",                 "works: a photo within the 8 s a burst may take",             &["shim"], None),
    fault("C20", "only 4K at 60 fps",                  "opened by the last rung; shown small",                       &["shim"], None),
    fault("C21", "enumeration hangs",                  "given up after 5 s; trying again works",                     &["shim"], None),
    fault("C22", "12 cameras, two of one name",        "the list tells them apart",                                  &["shim", "uvc"], None),
    fault("C23", "virtual camera chosen",              "allowed, flagged, or camera-virtual-blocked",                &["shim", "vivid"], SOFTWARE),
    fault("C24", "timestamps go backwards",            "no photo; the row of fresh pictures starts anew",            &["shim"], None),
    fault("C25", "sleep for an hour during preview",   "stream opened again; sessions are renewed",                  &["shim"], SLEEP),
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
        if let Some((file, test)) = fault.app {
            println!("      what the app makes of it: tests/learner/{file}.rs, {test}");
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
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../learner");
        for (id, (file, test)) in FAULTS.iter().filter_map(|fault| Some((fault.id, fault.app?))) {
            let text = std::fs::read_to_string(folder.join(format!("{file}.rs"))).unwrap();
            assert!(text.contains(&format!("fn {test}()")), "{id}: {test} is not in tests/learner/{file}.rs");
        }
    }
}
