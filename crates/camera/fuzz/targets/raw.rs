//! Any bytes at all, taken for a camera's raw picture of a size they name themselves.
//! The contract is asserted in `likeness_camera::bad_input`, which the seeded tests of the crate run too.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = likeness_camera::bad_input::raw(bytes);
});
