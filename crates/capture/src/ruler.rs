//! The lens of the camera in use, measured by the card while the learner holds it up: with it, "closer" can be said in centimetres.
//!
//! Guarantees: cards of one camera and one frame size are never mixed with others; a lens is given out only when `vision` calls it
//! known; a card held still counts once, for it says the same every time.
//! Refuses to know: where lenses are kept, and documents whose size varies.

use likeness_vision::card::{Card, CardFormat};
use likeness_vision::{Lens, Point, Quad, lens};

use crate::guide;

/// Corners that moved by less than this share of the card's width since the look before are not blurred by the movement.
const HELD_WITHIN: f32 = 0.02;
/// Shapes that differ by less than this share of the card's width say the same about the lens.
const SAME_SHAPE: f32 = 0.005;
/// A card this near the border of the frame may be cut off.
const LEAST_MARGIN: f32 = 0.0;
const NEAREST_SHARP_MM: f32 = 200.0;
const MM_PER_INCH: f32 = 25.4;
/// The lens is worked out anew after so many more cards.
const MORE: usize = 10;
/// The older half is dropped when so many told nothing: somebody's first cards were flat, or a focus moved.
const MOST: usize = 2 * lens::WANTED_QUADS;

/// What a lens was measured for, and what came out.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredLens {
    /// Hash of the camera's key, as in the photo's [`crate::CameraFacts`].
    pub camera: String,
    /// Width of the frames, pixels.
    pub width_px: u32,
    /// Height of the frames, pixels.
    pub height_px: u32,
    /// Focal length, pixels of those frames.
    pub focal_px: f32,
}

impl MeasuredLens {
    fn is_of(&self, camera: &str, size_px: (u32, u32)) -> bool {
        self.camera == camera && (self.width_px, self.height_px) == size_px
    }

    /// Dots per inch on an ID-1 card at the nearest distance that webcams commonly see sharply, 20 cm: as the camera's modes promise it
    /// for a lens of 60 degrees, now with the lens that was measured.
    pub fn card_dpi(&self) -> f32 {
        self.focal_px / NEAREST_SHARP_MM * MM_PER_INCH
    }

    /// How far away an ID-1 card fills the outline that is drawn for it, millimetres.
    pub fn card_distance_mm(&self) -> f32 {
        let side = |length: u32| f32::from(u16::try_from(length).unwrap_or(u16::MAX)).max(1.0);
        let size_px = (side(self.width_px), side(self.height_px));
        let outline_px = guide::id_outline_share(size_px) * size_px.0;
        CardFormat::Id1.size_mm().map_or(0.0, |(width_mm, _)| self.focal_px * width_mm / outline_px)
    }

    fn lens(&self) -> Lens {
        Lens { focal_px: self.focal_px, known: true, ..Lens::assumed(self.width_px, self.height_px) }
    }
}

/// See the module. One per capture.
pub(crate) struct Ruler {
    known: Vec<MeasuredLens>,
    camera: String,
    size_px: (u32, u32),
    last: Option<Quad>,
    quads: Vec<Quad>,
}

impl Ruler {
    /// `known`: what was measured before, of any cameras.
    pub(crate) fn new(known: Vec<MeasuredLens>) -> Self {
        Self { known, camera: String::new(), size_px: (0, 0), last: None, quads: Vec::new() }
    }

    /// Says which camera and frame size the next looks are of.
    pub(crate) fn turn_to(&mut self, camera: &str, size_px: (u32, u32)) {
        if self.camera != camera || self.size_px != size_px {
            camera.clone_into(&mut self.camera);
            self.size_px = size_px;
            self.last = None;
            self.quads.clear();
        }
    }

    /// Frame size of the last [`Self::turn_to`]; 0 x 0 before.
    pub(crate) fn size_px(&self) -> (u32, u32) {
        self.size_px
    }

    /// The measured lens of the present camera; `None` until there is one.
    pub(crate) fn lens(&self) -> Option<Lens> {
        self.known.iter().find(|lens| lens.is_of(&self.camera, self.size_px)).map(MeasuredLens::lens)
    }

    /// Takes note of the card of one look; answers a lens in the moment it becomes known.
    pub(crate) fn note(&mut self, card: Option<&Card>, format: CardFormat) -> Option<MeasuredLens> {
        if format != CardFormat::Id1 || self.camera.is_empty() || self.lens().is_some() {
            return None;
        }
        let quad = card.filter(|card| card.border_margin > LEAST_MARGIN).map(|card| card.quad);
        let before = std::mem::replace(&mut self.last, quad);
        let (quad, before) = (quad?, before?);
        let held = worst_between(&quad.0, &before.0) <= HELD_WITHIN * width_px(&quad);
        if !held || self.quads.iter().any(|known| says_the_same(known, &quad)) {
            return None;
        }
        self.quads.push(quad);
        if self.quads.len() < lens::WANTED_QUADS || !self.quads.len().is_multiple_of(MORE) {
            return None;
        }
        let (width_px, height_px) = self.size_px;
        let found = lens::from_quads(&self.quads, width_px, height_px, format).filter(|lens| lens.known);
        if let Some(lens) = found {
            let measured = MeasuredLens { camera: self.camera.clone(), width_px, height_px, focal_px: lens.focal_px };
            self.known.push(measured.clone());
            self.quads.clear();
            return Some(measured);
        }
        if self.quads.len() >= MOST {
            self.quads.drain(..MOST / 2);
        }
        None
    }
}

fn width_px(quad: &Quad) -> f32 {
    let [top_left, top_right, low_right, low_left] = quad.0;
    f32::midpoint(top_left.distance(top_right), low_left.distance(low_right)).max(1.0)
}

fn worst_between(one: &[Point; 4], other: &[Point; 4]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a.distance(*b)).fold(0.0, f32::max)
}

/// Place and size taken away, what is left is how the card is turned.
fn says_the_same(one: &Quad, other: &Quad) -> bool {
    worst_between(&shape(one), &shape(other)) < SAME_SHAPE
}

fn shape(quad: &Quad) -> [Point; 4] {
    let middle = quad.bounds().centre();
    let width = width_px(quad);
    quad.0.map(|corner| Point { x: (corner.x - middle.x) / width, y: (corner.y - middle.y) / width })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trials::fixtures;

    const SIZE: (u32, u32) = (1_280, 720);

    /// A card before a lens of this focal length, turned about both axes.
    fn turned(focal_px: f32, yaw_degrees: f32, pitch_degrees: f32) -> Card {
        let ((sin_y, cos_y), (sin_x, cos_x)) =
            (yaw_degrees.to_radians().sin_cos(), pitch_degrees.to_radians().sin_cos());
        let away_mm = focal_px * 85.6 / 660.0;
        let quad = Quad([(-42.8, -26.99), (42.8, -26.99), (42.8, 26.99), (-42.8, 26.99)].map(|(x, y)| {
            let (y, z) = (y * cos_x, y * sin_x);
            let (x, z) = (x * cos_y + z * sin_y, z * cos_y - x * sin_y);
            Point { x: 640.0 + focal_px * x / (away_mm + z), y: 360.0 + focal_px * y / (away_mm + z) }
        }));
        Card { quad, border_margin: 0.1, ..fixtures::card_at(660.0, Point { x: 640.0, y: 360.0 }) }
    }

    /// A card that is turned a little between looks and held for two of them, 12 looks a second.
    fn hold(ruler: &mut Ruler, focal_px: f32, most_degrees: f32, looks: u16) -> Option<MeasuredLens> {
        (0..looks).find_map(|look| {
            let turn = f32::from(look / 2) * 0.7;
            let card = turned(focal_px, most_degrees * turn.sin(), most_degrees * (1.7 * turn).cos());
            ruler.note(Some(&card), CardFormat::Id1)
        })
    }

    #[test]
    fn a_card_turned_in_the_hand_tells_the_lens_of_this_camera_at_this_size() {
        let mut ruler = Ruler::new(Vec::new());
        ruler.turn_to("one", SIZE);
        assert_eq!(ruler.lens(), None, "nothing was measured yet");
        let found = hold(&mut ruler, 900.0, 16.0, 200).expect("a lens");
        assert!((found.focal_px / 900.0 - 1.0).abs() < 0.03, "{found:?}");
        assert_eq!((found.camera.as_str(), found.width_px, found.height_px), ("one", 1_280, 720));
        let lens = ruler.lens().expect("known from now on");
        assert!(lens.known && (lens.centre_x_px, lens.centre_y_px) == (640.0, 360.0), "{lens:?}");
        assert_eq!(hold(&mut ruler, 900.0, 16.0, 200), None, "said once");
        ruler.turn_to("one", (1_920, 1_080));
        assert_eq!(ruler.lens(), None, "another size of frames is another lens");
        ruler.turn_to("two", SIZE);
        assert_eq!(ruler.lens(), None, "another camera too");
        ruler.turn_to("one", SIZE);
        assert!(ruler.lens().is_some(), "and the first is still known");
        assert_eq!(Ruler::new(vec![found.clone()]).known, [found], "as it is at the next start");
    }

    #[test]
    fn what_says_nothing_makes_no_lens() {
        let check = |because: &str, format: CardFormat, card: &dyn Fn(u16) -> Option<Card>| {
            let mut ruler = Ruler::new(Vec::new());
            ruler.turn_to("one", SIZE);
            let found = (0..600).find_map(|look| ruler.note(card(look).as_ref(), format));
            assert_eq!(found, None, "{because}");
        };
        let turning = |look: u16| turned(900.0, 16.0 * f32::from(look).sin(), 16.0 * f32::from(look).cos());
        check("held still", CardFormat::Id1, &|_| Some(turned(900.0, 5.0, 5.0)));
        check("never held for two looks", CardFormat::Id1, &|look| Some(turning(look)));
        check("a passport's size varies", CardFormat::Id3, &|look| Some(turning(look / 2)));
        check("no card", CardFormat::Id1, &|_| None);
        check("cut off by the border", CardFormat::Id1, &|look| {
            Some(Card { border_margin: -0.01, ..turning(look / 2) })
        });
    }

    #[test]
    fn a_lens_says_how_near_a_card_is_held_and_how_well_it_is_seen_then() {
        let lens =
            |width_px: u32, height_px, focal_px| MeasuredLens { camera: "one".into(), width_px, height_px, focal_px };
        let check = |lens: MeasuredLens, dpi: f32, millimetres: f32, because: &str| {
            assert!((lens.card_dpi() - dpi).abs() < 1.0, "{because}: {} dpi", lens.card_dpi());
            assert!((lens.card_distance_mm() - millimetres).abs() < 1.0, "{because}: {} mm", lens.card_distance_mm());
        };
        check(lens(1_280, 720, 1_108.5), 140.8, 142.6, "60 degrees: the card on .52 of 1280 pixels");
        check(lens(1_920, 1_080, 1_662.8), 211.2, 185.3, "60 degrees: the card on .40 of 1920 pixels");
        check(lens(1_920, 1_080, 1_185.0), 150.5, 132.1, "78 degrees: nearer, for the same outline");
    }

    #[test]
    fn an_unnamed_camera_is_not_measured() {
        let mut ruler = Ruler::new(Vec::new());
        assert_eq!(hold(&mut ruler, 900.0, 16.0, 200), None);
    }
}
