//! What one look at one frame brought: the input of the session, plain numbers and no pixels.

use std::time::Duration;

use likeness_vision::card::Card;
use likeness_vision::face::{Face, FaceBox, SceneLight};
use likeness_vision::{Lens, Point};

/// Everything measured on one frame.
#[derive(Debug, Clone)]
pub(crate) struct Measures {
    /// Width of the frame, pixels.
    pub(crate) width_px: u32,
    /// Height of the frame, pixels.
    pub(crate) height_px: u32,
    /// The lens the measures were made with.
    pub(crate) lens: Lens,
    /// Light of the whole frame.
    pub(crate) scene: SceneLight,
    /// The main face, if this look searched for one and found it.
    pub(crate) face: Option<Face>,
    /// Other faces.
    pub(crate) others: Vec<FaceBox>,
    /// The card, if this look searched for one and found it.
    pub(crate) card: Option<Card>,
}

impl Measures {
    pub(crate) fn width(&self) -> f32 {
        to_f32(self.width_px)
    }

    pub(crate) fn height(&self) -> f32 {
        to_f32(self.height_px)
    }

    /// A place as shares of the frame.
    pub(crate) fn share(&self, at: Point) -> (f32, f32) {
        (at.x / self.width(), at.y / self.height())
    }
}

/// Sides of a frame are at most 4096, which `f32` holds exactly.
fn to_f32(side_px: u32) -> f32 {
    f32::from(u16::try_from(side_px).unwrap_or(u16::MAX)).max(1.0)
}

/// One look, with the time it is about.
#[derive(Debug, Clone)]
pub(crate) struct FrameView {
    /// Number of the frame in its stream.
    pub(crate) seq: u64,
    /// When it arrived, since the session began. Never goes back.
    pub(crate) at: Duration,
    /// Not a repetition of one of the last frames.
    pub(crate) fresh: bool,
    /// What was measured.
    pub(crate) measures: Measures,
}
