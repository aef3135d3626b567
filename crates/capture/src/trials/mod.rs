//! Trials of the session with hand-made measures: no camera, no pixels, no clock.

mod fixtures;
mod hints;
mod learners;
mod machine;
mod walks;
