#![cfg(test)]
//! What the crate promises to those who call it, on drawn scenes with known truth and on pictures of nothing at all.

mod any_picture;
mod card;
mod card_drawing;
mod card_studio;
mod drawn;
mod faces;
