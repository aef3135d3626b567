//! Draws synthetic learners and specimen ID cards with known truth.
//!
//! Two doors. [`render`] draws one [`Scene`] and says in a [`Truth`] where everything in it is: tests and
//! benchmarks measure against that. [`PracticeLearner`] plays a learner in real time, for a computer without a webcam.
//!
//! Guarantees: everything is drawn by the code in this crate, from no photograph and no model of a real person;
//! the same scene gives the same bytes on one machine; every card says `UTOPIA SPECIMEN` and carries the
//! country code `UTO`, and every practice frame has `SPECIMEN` burnt into a corner; bad numbers give a
//! [`SceneError`], never a panic.
//!
//! Refuses to know: cameras, detectors, the rest of the product. It depends on no crate of ours, and a release
//! does not contain it.
//!
//! Where the guarantee ends: drawn heads resemble people only roughly. Figures measured on them find
//! regressions; they say nothing about how well real people are seen.
#![forbid(unsafe_code)]
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless,
    clippy::many_single_char_names,
    clippy::suboptimal_flops,
    clippy::float_cmp,
    reason = "a renderer: coordinates become indices and back on every line, and sizes are bounded by Scene::check"
)]

mod card;
mod complexion;
mod error;
mod flat;
mod geometry;
mod hand;
mod head;
mod looks;
mod march;
mod mark;
mod named;
mod picture;
mod practice;
mod render;
mod room;
mod scene;
mod seed;
mod sheet;
mod stroke_font;
mod truth;

pub use error::SceneError;
pub use geometry::Point;
pub use looks::{Clothing, DARKEST_TONE, Hair, Looks};
pub use named::{SCENE_NAMES, scene_named};
pub use practice::{Moment, PracticeLearner, Script, Timing};
pub use render::{Easel, Painting, render};
pub use scene::{CardLayout, CardScene, Flat, FlatKind, Glare, Learner, LensModel, Light, RoomStyle, Scene};
pub use truth::{CardTruth, FaceLandmarks, FaceTruth, TextLineTruth, Truth};

/// Changes whenever the drawing of heads changes, so that pictures cached by an older version are not used.
pub const DRAWING_VERSION: u32 = 4;
