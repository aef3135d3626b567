//! What one frame shows: faces, card, light, blur, text. A frame goes in, numbers with units come out.
//!
//! Guarantees: no I/O, no thread, no clock, no panic on any picture, every number finite.
//! What is called per frame (`analyse_into`, `people_into`, `boxes`, `portrait`) allocates nothing once its buffers have grown to the
//! stream's frames; reading the code on a card (`codes`), once for a photo, does.
//! Refuses to know: cameras, hints, thresholds of a policy, the learner. Judging is `capture`'s work.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_lossless,
    clippy::many_single_char_names,
    reason = "numbers per pixel: bounds are established by Plane::new, and the formulas keep the names of their sources"
)]

pub mod card;
#[cfg(feature = "codes")]
pub mod codes;
#[cfg(test)]
mod cost;
pub mod face;
pub mod lens;
pub mod names;
mod net;
pub mod ofiq;
pub mod people;
mod picture;

pub use net::ModelError;
pub use picture::{Colour, Lens, Picture, Plane, PlaneError, Point, Quad, Rect};
