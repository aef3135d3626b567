//! Any bytes at all, taken for a camera's JPEG: cut, both decoders, preview, glance and still (B1 of the threat notes).
//! The contract is asserted in `likeness_camera::bad_input`, which the seeded tests of the crate run too.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = likeness_camera::bad_input::jpeg(bytes);
});
