//! The ID card of one frame and what can be measured on it. Gates are `capture`'s; here are only numbers.
//!
//! Guarantees: any picture, guide and lens are taken without a panic, and every number given is finite. One frame is
//! judged alone: nothing here remembers the frame before, so a still that is measured again reads the same.
//! Does not know: whether a finger covers the print (two measures were tried and could not tell), or what is printed.

mod cut;
mod edges;
mod find;
mod glare;
mod lines;
mod measure;
mod opening;
mod parts;
mod portrait;
mod refine;
pub(crate) mod shape;
mod spread;
mod text;
pub(crate) mod warp;

pub use measure::CardAnalyser;

use crate::{Quad, Rect};

/// What kind of document is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CardFormat {
    /// ISO/IEC 7810 ID-1, 85.60 x 53.98 mm.
    #[default]
    Id1,
    /// ISO/IEC 7810 ID-3, the data page of a passport, 125 x 88 mm.
    Id3,
    /// Anything else: no ratio is required and no density is said.
    Other,
}

impl CardFormat {
    /// Width and height in millimetres; `None` where unknown.
    pub fn size_mm(self) -> Option<(f32, f32)> {
        match self {
            Self::Id1 => Some((85.60, 53.98)),
            Self::Id3 => Some((125.0, 88.0)),
            Self::Other => None,
        }
    }
}

/// Where to look: the guide's outline in the frame, pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guide {
    /// The outline the learner sees.
    pub outline: Rect,
}

/// Everything measured on a found card.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Corners, pixels of the frame, sub-pixel.
    pub quad: Quad,
    /// Score of the finder, for comparing candidates only.
    pub score: f32,
    /// Pixels per millimetre on the card (the smaller of both directions); dpi is 25.4 times this. 0 for `Other`.
    pub px_per_mm: f32,
    /// Edge spread on the card in millimetres (second moment of the edge profile); saturates near 0.45. 0 for `Other`.
    pub sigma_mm: f32,
    /// The same in pixels of the frame.
    pub sigma_px: f32,
    /// Share of the card that is burnt by a reflection, 0 to 1.
    pub glare_share: f32,
    /// Places of the glare blobs, pixels of the frame.
    pub glare_blobs: Vec<Rect>,
    /// Does a glare blob lie on a text line?
    pub glare_over_text: bool,
    /// Median luma of the card.
    pub median_luma: f32,
    /// 90th percentile luma of the card.
    pub p90_luma: f32,
    /// Angle of the card's normal to the line of sight to its middle, degrees: a card parallel to the picture but far
    /// aside is seen obliquely and says so.
    pub tilt_degrees: f32,
    /// Turn in the image plane, degrees, clockwise positive.
    pub roll_degrees: f32,
    /// Smallest distance of a corner from the border, as a share of the frame's width (negative: cut off; the side that
    /// was not seen then lies where the ratio puts it, and the tilt is a guess up to some 15 degrees off).
    pub border_margin: f32,
    /// Lines of text found.
    pub text_lines: u32,
    /// Height of capitals in pixels of the frame; 0 without text.
    pub capital_height_px: f32,
    /// Score of a portrait on the card, 0 to 1; `None` when it was not looked for in this frame.
    pub portrait: Option<f32>,
    /// Box of that portrait in the frame, pixels.
    pub portrait_bounds: Option<Rect>,
    /// That portrait stands on its head. False when none was looked for; a side without a portrait never says so.
    pub upside_down: bool,
}
