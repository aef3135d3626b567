//! Everybody in the frame, also those far behind: the detector on the whole frame and on tiles of it.
//!
//! Guarantees: each person once; things that only look like a face to the detector are refused by the mesh, as for the
//! main face. In tiles they are common: shelves, cups and cats. On drawn scenes of 1280x720 the whole frame shows people up to 110 cm, three tiles of
//! the frame's height up to 160 cm, eight of three eighths of its width up to 220 cm. Frames of 4:3 are higher for their
//! width and take a third row of those.
//! Refuses to know: who of them is the learner.

use crate::face::{FaceAnalyser, FaceBox, SURE_SCORE, detect};
use crate::{Picture, Quad, Rect};

const COARSE_TILES: usize = 3;
const FINE_COLUMNS: usize = 4;
/// Side of a fine tile in widths of the frame. How large a head at 220 cm is in a tile follows from the angle a tile sees, and
/// it is the width that webcams share: with .375 of it such a head covers a sixth of the tile, with .5 it is missed.
const FINE_SIDE: f32 = 0.375;
/// Rows of fine tiles lie at most this far apart, in sides of a tile.
const MOST_APART: f32 = 0.6;
/// Upright frames get no more than this.
const MOST_ROWS: usize = 4;
/// The whole frame and all tiles of the highest.
const MOST_LOOKS: usize = 1 + COARSE_TILES + FINE_COLUMNS * MOST_ROWS;

/// Middle of the square above a card, below its upper edge, as a share of the card's height.
const SQUARE_BELOW_EDGE: f32 = 0.35;
/// The eyes of somebody behind the card are above this share of its height; those of a portrait begin at a third.
const LOWEST_EYES: f32 = 0.10;

/// How much of the frame is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// One more tile than last time: for frames on their way, one run of the detector each.
    Next,
    /// Every tile, nothing remembered: for the photo itself, 12 runs at 16:9, 16 at 4:3.
    All,
}

/// What each tile showed when it was last looked at.
#[derive(Debug, Default)]
pub struct Sight {
    size: (u32, u32),
    next: usize,
    seen: [Vec<FaceBox>; MOST_LOOKS],
}

impl FaceAnalyser {
    /// Every face of score 0.60 and more, the learner's own included, largest first.
    ///
    /// With [`Sweep::Next`] what the other tiles showed up to 11 frames ago (15 at 4:3) counts too.
    pub fn people(&mut self, picture: &Picture<'_>, sweep: Sweep) -> Vec<FaceBox> {
        let mut all = Vec::new();
        self.people_into(picture, sweep, &mut all);
        all
    }

    /// The same, written over an earlier list: [`Sweep::Next`] on frames of one size allocates nothing after some rounds.
    pub fn people_into(&mut self, picture: &Picture<'_>, sweep: Sweep, all: &mut Vec<FaceBox>) {
        let size = (picture.luma.width(), picture.luma.height());
        if self.sight.size != size || sweep == Sweep::All {
            self.sight = Sight { size, ..Sight::default() };
        }
        let count = looks(size);
        for _ in 0..if sweep == Sweep::All { count } else { 1 } {
            let next = self.sight.next;
            let found = self.detector.find(picture, tile(next, size), SURE_SCORE);
            let mut seen = std::mem::take(&mut self.sight.seen[next]);
            seen.clear();
            seen.extend_from_slice(found);
            seen.retain(|face| self.is_face(picture, face));
            self.sight.seen[next] = seen;
            self.sight.next = (next + 1) % count;
        }
        all.clear();
        all.extend(self.sight.seen.iter().flatten());
        detect::keep_each_once(all);
        let area = |face: &FaceBox| face.bounds.width * face.bounds.height;
        all.sort_unstable_by(|a, b| area(b).total_cmp(&area(a)));
    }
}

impl FaceAnalyser {
    /// Somebody behind the card who looks over its upper edge, score 0.60 and more: one more look, as wide as the card.
    ///
    /// `card`: its corners, pixels of the picture. A mesh of half a face says nothing, so none is asked; what is printed
    /// on the card has its eyes further down. Nobody was seen so in 160 drawn frames with a card and nobody behind it.
    pub fn over_the_edge(&mut self, picture: &Picture<'_>, card: &Quad) -> Option<FaceBox> {
        let bounds = card.bounds();
        let side = bounds.width;
        let square = Rect {
            x: bounds.x,
            y: bounds.y + SQUARE_BELOW_EDGE * bounds.height - side / 2.0,
            width: side,
            height: side,
        };
        let lowest = bounds.y + LOWEST_EYES * bounds.height;
        let looks_over = |face: &FaceBox| face.keypoints[..2].iter().all(|eye| eye.y <= lowest);
        self.boxes(picture, Some(square)).iter().find(|face| face.score >= SURE_SCORE && looks_over(face)).copied()
    }
}

/// Side of a fine tile, pixels, and rows of them.
fn fine((width, height): (u32, u32)) -> (f32, usize) {
    let (width, height) = (width as f32, height as f32);
    let side = (FINE_SIDE * width).min(height);
    let steps = ((height - side) / (MOST_APART * side)).ceil();
    (side, (1 + steps.max(0.0) as usize).min(MOST_ROWS))
}

/// Looks that a frame of this size takes.
fn looks(size: (u32, u32)) -> usize {
    1 + COARSE_TILES + FINE_COLUMNS * fine(size).1
}

/// Which part of the frame look `index` takes; `None` is the whole.
fn tile(index: usize, size: (u32, u32)) -> Option<Rect> {
    let (width, height) = (size.0 as f32, size.1 as f32);
    let (side, column, columns, row, rows) = match index {
        0 => return None,
        1..=COARSE_TILES => (height.min(width), index - 1, COARSE_TILES, 0, 1),
        _ => {
            let cell = index - 1 - COARSE_TILES;
            let (side, rows) = fine(size);
            (side, cell % FINE_COLUMNS, FINE_COLUMNS, cell / FINE_COLUMNS, rows)
        }
    };
    let place = |room: f32, step: usize, steps: usize| {
        if steps == 1 { room / 2.0 } else { room * step as f32 / (steps - 1) as f32 }
    };
    let (x, y) = (place(width - side, column, columns), place(height - side, row, rows));
    Some(Rect { x, y, width: side, height: side })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_frame_and_overlap() {
        let check = |size: (u32, u32), expected: usize, because: &str| {
            assert_eq!(looks(size), expected, "{because}");
            let (width, height) = (size.0 as f32, size.1 as f32);
            let inside = (1 + COARSE_TILES..looks(size)).filter_map(|index| tile(index, size)).collect::<Vec<_>>();
            for tile in &inside {
                assert!(tile.x >= -0.5 && tile.y >= -0.5, "{because}: {tile:?}");
                assert!(
                    tile.x + tile.width <= width + 0.5 && tile.y + tile.height <= height + 0.5,
                    "{because}: {tile:?}"
                );
            }
            for step in 0..100 {
                let (x, y) = (width * (step % 10) as f32 / 9.0, height * (step / 10) as f32 / 9.0);
                let held = |tile: &Rect| {
                    (tile.x - 0.5..=tile.x + tile.width + 0.5).contains(&x)
                        && (tile.y - 0.5..=tile.y + tile.height + 0.5).contains(&y)
                };
                assert!(inside.iter().any(held), "{because}: {x}, {y} is in no tile");
            }
        };
        check((1_280, 720), 12, "16:9, two rows");
        check((1_920, 1_080), 12, "the same, larger");
        check((640, 480), 16, "4:3, three rows");
        assert_eq!(looks((4_096, 1)), 8, "a line of pixels: tiles as high as it");
        assert_eq!(looks((1, 4_096)), MOST_LOOKS, "an upright line: bounded, though its middle is not covered");
        assert_eq!(looks((720, 1_280)), MOST_LOOKS, "upright: bounded");
    }
}
