//! Is there a portrait on this card? The face detector, run on the flat card.
//!
//! In the frame itself the detector does not see a portrait: it is a few pixels wide at the detector's 128 px. On the
//! flat card it is looked for in two squares, left and right, where portraits are printed.
//! Guarantees: the score is the detector's own, between 0 and 1; nothing is compared with anybody's face.

use crate::face::FaceAnalyser;
use crate::{Colour, Picture, Plane, Rect};

use super::glare::FLAT;
use super::warp::{self, Homography};
use super::{Card, CardAnalyser};

/// Side of the squares, pixels of the flat card, and where they start.
const SQUARE_PX: f32 = 200.0;
const SQUARES: [(f32, f32); 2] = [(0.0, 30.0), (228.0, 30.0)];
/// The chroma planes of the flat card are halved, like those of a camera's picture.
const HALF: (u32, u32) = (FLAT.0 / 2, FLAT.1 / 2);

/// The flat card in colour.
#[derive(Debug, Default)]
pub(super) struct FlatColour {
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
}

impl CardAnalyser {
    /// Looks for a portrait on a card found in this very picture, and writes score and place into the card.
    ///
    /// Score: 0 to 1; 0 where the detector is below its own floor of .30. On drawn cards the side with the portrait
    /// scored .67 and more, the other side .54 and less, so .60 parts them; the gap is narrow, take the mean of some
    /// frames. Two runs of the detector, nothing allocated once warm. A card that cannot be seen flat is left as it is.
    pub fn portrait(&mut self, faces: &mut FaceAnalyser, picture: &Picture, card: &mut Card) {
        let Some(homography) = Homography::onto(&card.quad) else { return };
        self.colour.fill(picture, &homography);
        let Some(flat) = self.colour.picture() else { return };
        let squares = SQUARES.map(|(x, y)| Rect { x, y, width: SQUARE_PX, height: SQUARE_PX });
        // The boxes of a square come best first.
        let found = squares.into_iter().filter_map(|square| faces.boxes(&flat, Some(square)).first().copied());
        let best = found.max_by(|one, other| one.score.total_cmp(&other.score));
        card.portrait = Some(best.map_or(0.0, |face| face.score));
        card.portrait_bounds = best.map(|face| homography.bounds_of(&face.bounds, FLAT.0, FLAT.1));
    }
}

impl FlatColour {
    fn fill(&mut self, picture: &Picture, homography: &Homography) {
        warp::flatten(&picture.luma, (0, 0), homography, FLAT, &mut self.luma);
        self.blue.clear();
        self.red.clear();
        if let Colour::Planar { u, v, shift_x, shift_y } = &picture.colour {
            warp::flatten(u, (*shift_x, *shift_y), homography, HALF, &mut self.blue);
            warp::flatten(v, (*shift_x, *shift_y), homography, HALF, &mut self.red);
        }
    }

    /// `None` only for planes of a wrong size, which `fill` does not make.
    fn picture(&self) -> Option<Picture<'_>> {
        let plane = |px, size: (u32, u32)| Plane::new(px, size.0, size.1, size.0).ok();
        let colour = match (plane(self.blue.as_slice(), HALF), plane(self.red.as_slice(), HALF)) {
            (Some(u), Some(v)) => Colour::Planar { u, v, shift_x: 1, shift_y: 1 },
            _ => Colour::None,
        };
        Some(Picture { luma: plane(&self.luma, FLAT)?, colour })
    }
}
