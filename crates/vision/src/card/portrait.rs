//! Is there a portrait on this card? The face detector, run on the flat card.
//!
//! In the frame itself the detector does not see a portrait: it is a few pixels wide at the detector's 128 px. On the
//! flat card it is looked for in two squares, left and right, where portraits are printed.
//! The detector also finds faces that stand on their heads, though it is less sure of them: where it is not quite sure the
//! card is looked at once more, turned by half a turn, and the better of the two says which way up the portrait stands.
//! Guarantees: the score is the detector's own, between 0 and 1; nothing is compared with anybody's face.

use crate::face::FaceAnalyser;
use crate::{Colour, Picture, Plane, Quad, Rect};

use super::glare::FLAT;
use super::warp::{self, Homography};
use super::{Card, CardAnalyser};

/// Side of the squares, pixels of the flat card, and where they start.
const SQUARE_PX: f32 = 200.0;
const SQUARES: [(f32, f32); 2] = [(0.0, 30.0), (228.0, 30.0)];
/// From this score on the portrait stands upright. 280 drawn portraits scored .53 to .81 on their heads; upright ones .90 and
/// more on a card held alone, .73 and more on one beside a head.
const SURELY_UPRIGHT: f32 = 0.82;
/// A card is upside down when turned it scores this much, and so much more than as it is held. Drawn cards that were upside down
/// scored .79 and more when turned, and .07 to .37 more than before; upright ones always less than before; sides without a
/// portrait .69 and less.
const UPSIDE_DOWN: f32 = 0.78;
const CLEARLY_MORE: f32 = 0.08;
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
    /// frames. Two runs of the detector, four where it is not sure; nothing allocated once warm. A card that cannot be
    /// seen flat is left as it is.
    pub fn portrait(&mut self, faces: &mut FaceAnalyser, picture: &Picture, card: &mut Card) {
        let Some(mut best) = self.best_portrait(faces, picture, &card.quad) else { return };
        card.upside_down = false;
        if best.0 < SURELY_UPRIGHT {
            let [top_left, top_right, low_right, low_left] = card.quad.0;
            let turned = Quad([low_right, low_left, top_left, top_right]);
            let least = UPSIDE_DOWN.max(best.0 + CLEARLY_MORE);
            if let Some(turned) = self.best_portrait(faces, picture, &turned).filter(|turned| turned.0 >= least) {
                (card.upside_down, best) = (true, turned);
            }
        }
        (card.portrait, card.portrait_bounds) = (Some(best.0), best.1);
    }

    /// Score and place of the best portrait on a card with these corners; 0 and nowhere when there is none.
    fn best_portrait(
        &mut self,
        faces: &mut FaceAnalyser,
        picture: &Picture,
        quad: &Quad,
    ) -> Option<(f32, Option<Rect>)> {
        let homography = Homography::onto(quad)?;
        self.colour.fill(picture, &homography);
        let flat = self.colour.picture()?;
        let squares = SQUARES.map(|(x, y)| Rect { x, y, width: SQUARE_PX, height: SQUARE_PX });
        // The boxes of a square come best first.
        let found = squares.into_iter().filter_map(|square| faces.boxes(&flat, Some(square)).first().copied());
        let best = found.max_by(|one, other| one.score.total_cmp(&other.score));
        let bounds = best.map(|face| homography.bounds_of(&face.bounds, FLAT.0, FLAT.1));
        Some((best.map_or(0.0, |face| face.score), bounds))
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
