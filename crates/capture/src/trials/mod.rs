//! Trials of the session with hand-made measures: no camera, no pixels, no clock. Only `looking` has pixels, which are drawn.

pub(crate) mod fixtures;
mod hints;
mod learners;
mod looking;
mod machine;
mod walks;
