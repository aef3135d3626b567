//! The table: which case runs on which camera, and which of the 25 named faults it injects.

use std::time::Duration;

use crate::error::CaseError;
use crate::rig::{Order, Rig};
use crate::watch::now;
use crate::{guided, kernel, opening, pictures, plug, whoever};

type Run = fn(&mut dyn Rig) -> Result<String, CaseError>;

const BOTH: &[&str] = &["shim", "uvc"];
const SHIM: &[&str] = &["shim"];
const UVC: &[&str] = &["uvc"];
const VIVID: &[&str] = &["vivid"];

/// Every expectation is an event of the product's camera, never an answer of a driver. The numbers are those of the faults a
/// camera can have; `tests/devices/guest/src/faults.rs` lists them all and fails if one of them was not injected.
#[rustfmt::skip]
const TABLE: [(&str, &[&str], &[&str], Run); 54] = [
    // case                         camera faults      run
    ("lists-capture-nodes-only",    BOTH,  &[],               opening::lists_capture_nodes_only),
    ("frames-full-hd",              BOTH,  &[],               opening::frames_full_hd),
    ("frames-720p",                 BOTH,  &[],               opening::frames_720p),
    ("frames-only-small",           BOTH,  &[],               opening::frames_only_small),
    ("left-odd-by-another-program", BOTH,  &[],               opening::left_odd_by_another_program),
    ("absent",                      BOTH,  &["C01"],          opening::absent),
    ("busy",                        BOTH,  &["C15"],          opening::busy),
    ("busy-in-another-mode",        UVC,   &["C15"],          opening::busy_in_another_mode),
    ("denied",                      BOTH,  &["C16"],          opening::denied),
    ("denied-later",                SHIM,  &["C17"],          opening::denied_later),
    ("too-small",                   SHIM,  &["C18"],          opening::too_small),
    ("only-4k-60",                  SHIM,  &["C20"],          opening::only_4k_60),
    ("list-hangs",                  SHIM,  &["C21"],          whoever::list_hangs),
    ("twelve-cameras",              SHIM,  &["C22"],          whoever::twelve_cameras),
    ("two-of-one-name",             BOTH,  &["C22"],          whoever::two_of_one_name),
    ("same-camera-elsewhere",       BOTH,  &[],               whoever::same_camera_elsewhere),
    ("software-cameras",            SHIM,  &["C23"],          whoever::software_cameras),
    ("controls-put-back",           SHIM,  &[],               whoever::controls_put_back),
    ("controls-put-back",           UVC,   &[],               whoever::controls_put_back_by_the_kernel),
    ("unplugged-and-replugged",     BOTH,  &["C02", "C04"],   plug::unplugged_and_replugged),
    ("unplugged-at-random",         BOTH,  &["C02", "C04"],   plug::unplugged_at_random),
    ("stalled",                     BOTH,  &["C05"],          plug::stalled),
    ("stalled-for-long",            SHIM,  &["C05"],          plug::stalled_for_long),
    ("stopped",                     BOTH,  &[],               plug::stopped),
    ("stopped-while-stalled",       BOTH,  &["C05"],          plug::stopped_while_stalled),
    ("slept",                       SHIM,  &["C25"],          plug::slept),
    ("repeated",                    SHIM,  &["C06"],          pictures::repeated),
    ("empty",                       SHIM,  &["C07"],          pictures::empty),
    ("empty-ones-are-silence",      UVC,   &["C07"],          pictures::empty_ones_are_silence),
    ("halves",                      BOTH,  &["C08"],          pictures::halves),
    ("noise",                       BOTH,  &["C09"],          pictures::noise),
    ("marked-as-faulty",            BOTH,  &[],               pictures::marked_as_faulty),
    ("bus-error",                   UVC,   &[],               pictures::bus_error),
    ("bus-errors",                  UVC,   &[],               pictures::bus_errors),
    ("another-size",                SHIM,  &["C10"],          pictures::another_size),
    ("odd-length",                  SHIM,  &["C11"],          pictures::odd_length),
    ("black",                       SHIM,  &["C12"],          pictures::black),
    ("white",                       SHIM,  &["C13"],          pictures::white),
    ("green",                       SHIM,  &["C14"],          pictures::green),
    ("times-go-back",               SHIM,  &["C24"],          pictures::times_go_back),
    ("without-tables",              SHIM,  &[],               pictures::without_tables),
    ("frames-reach-capture",        BOTH,  &[],               guided::frames_reach_capture),
    ("unplugged-in-the-burst",      SHIM,  &["C03"],          guided::unplugged_in_the_burst),
    ("no-shutter-when-frozen",      SHIM,  &["C06"],          guided::no_shutter_when_frozen),
    ("one-picture-a-second",        SHIM,  &["C19"],          guided::one_picture_a_second),
    ("raw-nv12",                    VIVID, &[],               kernel::raw_nv12),
    ("raw-yuyv",                    VIVID, &[],               kernel::raw_yuyv),
    ("disconnected",                VIVID, &["C02"],          kernel::disconnected),
    ("all-pictures-dropped",        VIVID, &["C05"],          kernel::all_pictures_dropped),
    ("marked-as-faulty",            VIVID, &[],               kernel::marked_as_faulty),
    ("refused-at-the-start",        VIVID, &[],               kernel::refused_at_the_start),
    ("fatal-error",                 VIVID, &[],               kernel::fatal_error),
    ("dark-then-noise",             VIVID, &["C12"],          kernel::dark_then_noise),
    ("software-camera",             VIVID, &["C23"],          kernel::software_camera),
];

/// Runs the rows of this camera, or only those named; false if one failed.
pub(crate) fn run_all(rig: &mut dyn Rig, only: &[String]) -> bool {
    let mut all_passed = true;
    for (id, cameras, faults, run) in TABLE {
        if !cameras.contains(&rig.name()) || !(only.is_empty() || only.iter().any(|name| name == id)) {
            continue;
        }
        let began = now();
        let outcome = rig.order(Order::AsNew).and_then(|()| run(rig));
        let (verdict, text) = match outcome {
            Ok(text) => ("PASS", text),
            Err(error) => ("FAIL", error.to_string()),
        };
        all_passed &= verdict == "PASS";
        println!("CASE {}/{id} {verdict} {} [{}] {text}", rig.name(), ms(began.elapsed()), faults.join(" "));
    }
    println!("END {}", rig.name());
    all_passed
}

pub(crate) fn ms(duration: Duration) -> u128 {
    duration.as_millis()
}
