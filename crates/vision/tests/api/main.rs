#![cfg(test)]
//! What the crate promises to those who call it, on drawn scenes with known truth and on pictures of nothing at all.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    reason = "drawn pictures: coordinates become pixels and back, and sizes are small"
)]

mod any_picture;
mod card;
mod card_drawing;
mod card_studio;
mod drawn;
mod faces;
mod memory;
mod model_file;
