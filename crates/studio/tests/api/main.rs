#![cfg(test)]
//! What the studio promises to those who use it.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::float_cmp,
    reason = "pixels are counted and places become indices; all numbers are those of small pictures"
)]

mod practice;
mod scenes;
