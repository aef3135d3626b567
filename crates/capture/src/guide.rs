//! Where the learner should be: oval and outline as shares of the frame, and the same for the card finder in pixels.
//!
//! The numbers come from trials on drawn frames: a head of .30 eyes-to-chin over height leaves room for hair and shoulders;
//! an outline of .52 of a 1280 frame puts 7.8 pixels on a millimetre of the card, .40 of a 1920 frame puts 9.

use likeness_vision::card::CardFormat;
use likeness_vision::face::Face;
use likeness_vision::{Point, Rect};

use crate::advice::{GuideShape, Outline, Oval};
use crate::mode::{Hand, Mode};
use crate::profile::Profile;
use crate::view::Measures;

/// Eyes to chin over the distance between the eyes, adult mean (118 over 63 mm).
const EYES_TO_CHIN_OVER_EYES: f32 = 1.87;
/// Height of the oval over eyes-to-chin: hairline and a little air are inside.
const OVAL_HEIGHT_OVER_CHIN: f32 = 1.9;
/// Width of the oval over its height, in pixels.
const OVAL_SLENDERNESS: f32 = 0.72;
/// Middle of the mesh below the eye line, over eyes-to-chin.
const MIDDLE_BELOW_EYES: f32 = 0.19;
/// With the card beside it the head sits this far from the edge it keeps.
const BESIDE_ACROSS: f32 = 0.39;
/// A card at the head's depth is 1.36 eye distances wide; it is held a little nearer.
const BESIDE_WIDTH_OVER_EYES: f32 = 1.36 * 1.12;
/// From the eye outward to the card's near edge, in eye distances.
const BESIDE_GAP_OVER_EYES: f32 = 0.75;
/// Cheek below the eye line, in eye distances.
const CHEEK_BELOW_EYES: f32 = 0.45;
/// Outline widths by frame width.
const OUTLINE_BY_WIDTH: [(f32, f32); 3] = [(1280.0, 0.52), (1920.0, 0.40), (3840.0, 0.36)];
/// The smallest outline still puts this many pixels on a millimetre.
const SMALLEST_OUTLINE_PX_PER_MM: f32 = 5.5;
/// Steps from the widest outline to the smallest.
pub(crate) const SHRINK_STEPS: u8 = 4;
/// Ratio taken for documents of unknown size: a page between a card and a passport.
const OTHER_RATIO: f32 = 1.45;

/// Where the head's eyes-to-chin should lie in this mode.
pub(crate) fn height_target(mode: Mode, profile: Profile) -> f64 {
    let limits = profile.limits();
    if mode.wants_card() { limits.beside_height_target } else { limits.face_height_target }
}

/// What the learner sees over a frame of this size. `shrink`: 0 to [`SHRINK_STEPS`].
pub(crate) fn guide(mode: Mode, format: CardFormat, size_px: (f32, f32), shrink: u8, profile: Profile) -> GuideShape {
    match mode {
        Mode::Face => GuideShape { oval: Some(oval(0.5, height_target(mode, profile), size_px)), outline: None },
        Mode::FaceWithCard { hand } => {
            let target = height_target(mode, profile);
            let across = match hand {
                Hand::Left => BESIDE_ACROSS,
                Hand::Right => 1.0 - BESIDE_ACROSS,
            };
            let chin_px = narrow(target) * size_px.1;
            let eyes_px = chin_px / EYES_TO_CHIN_OVER_EYES;
            let line_px = 0.5 * size_px.1 - MIDDLE_BELOW_EYES * chin_px;
            let place = beside(hand, across * size_px.0, line_px, eyes_px, format);
            GuideShape { oval: Some(oval(across, target, size_px)), outline: Some(shares(place, size_px)) }
        }
        Mode::IdCard { .. } => GuideShape { oval: None, outline: Some(card_outline(format, size_px, shrink)) },
    }
}

/// The outline in pixels of the frame.
pub(crate) fn in_pixels(outline: Outline, size_px: (f32, f32)) -> Rect {
    Rect {
        x: outline.x * size_px.0,
        y: outline.y * size_px.1,
        width: outline.width * size_px.0,
        height: outline.height * size_px.1,
    }
}

/// The place beside this very face: where the card is looked for when it is not in the drawn outline because the head is off its mark.
pub(crate) fn beside_face(face: &Face, hand: Hand, format: CardFormat) -> Rect {
    let [right, left] = face.eyes;
    let middle = Point { x: f32::midpoint(right.x, left.x), y: f32::midpoint(right.y, left.y) };
    beside(hand, middle.x, middle.y, face.inter_eye_px, format)
}

/// How wide the card is over the outline's width.
pub(crate) fn fill(measures: &Measures, outline: Option<Outline>, card_width_px: f32) -> f64 {
    let width = outline.map_or(1.0, |outline| outline.width) * measures.width();
    f64::from(card_width_px / width.max(1.0))
}

fn beside(hand: Hand, middle_x: f32, line_y: f32, eyes_px: f32, format: CardFormat) -> Rect {
    let width = BESIDE_WIDTH_OVER_EYES * eyes_px;
    let height = width / ratio(format);
    // The learner's left hand is on the image's right.
    let outward = match hand {
        Hand::Left => 1.0,
        Hand::Right => -1.0,
    };
    let centre_x = middle_x + outward * (0.5 * eyes_px + BESIDE_GAP_OVER_EYES * eyes_px + width / 2.0);
    let centre_y = line_y + CHEEK_BELOW_EYES * eyes_px;
    Rect { x: centre_x - width / 2.0, y: centre_y - height / 2.0, width, height }
}

fn oval(across: f32, target: f64, (width_px, height_px): (f32, f32)) -> Oval {
    let height = OVAL_HEIGHT_OVER_CHIN * narrow(target);
    Oval { centre: (across, 0.5), size: (height * OVAL_SLENDERNESS * height_px / width_px, height) }
}

/// Width of the outline for an ID-1 card alone, as a share of the frame's width, before it shrinks.
pub(crate) fn id_outline_share(size_px: (f32, f32)) -> f32 {
    card_outline(CardFormat::Id1, size_px, 0).width
}

fn card_outline(format: CardFormat, size_px: (f32, f32), shrink: u8) -> Outline {
    let widest = widest_outline(size_px.0);
    let smallest =
        format.size_mm().map_or(widest, |(width_mm, _)| SMALLEST_OUTLINE_PX_PER_MM * width_mm / size_px.0).min(widest);
    let step = f32::from(shrink.min(SHRINK_STEPS)) / f32::from(SHRINK_STEPS);
    // A frame of unusual shape must still hold the whole outline.
    let tallest = 0.8 * size_px.1 * ratio(format) / size_px.0;
    let width = (widest + (smallest - widest) * step).min(tallest);
    let height = width * size_px.0 / ratio(format) / size_px.1;
    Outline { x: (1.0 - width) / 2.0, y: (1.0 - height) / 2.0, width, height }
}

fn widest_outline(width_px: f32) -> f32 {
    let [(first, widest), .., (_, narrowest)] = OUTLINE_BY_WIDTH;
    if width_px <= first {
        return widest;
    }
    OUTLINE_BY_WIDTH
        .windows(2)
        .find_map(|pair| match pair {
            [(low, from), (high, to)] if width_px <= *high => {
                Some(from + (to - from) * (width_px - low) / (high - low))
            }
            _ => None,
        })
        .unwrap_or(narrowest)
}

fn ratio(format: CardFormat) -> f32 {
    format.size_mm().map_or(OTHER_RATIO, |(width_mm, height_mm)| width_mm / height_mm)
}

fn shares(place: Rect, (width_px, height_px): (f32, f32)) -> Outline {
    Outline {
        x: place.x / width_px,
        y: place.y / height_px,
        width: place.width / width_px,
        height: place.height / height_px,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "thresholds between 0 and 1; the lost digits are far below a pixel")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::CardNeeds;

    #[test]
    fn the_outline_has_the_width_the_trials_asked_for() {
        let card = Mode::IdCard { needs: CardNeeds::NameSide };
        for (width, height, expected, because) in [
            (1280.0, 720.0, 0.52, "720p"),
            (640.0, 480.0, 0.52, "small cameras use the widest"),
            (1920.0, 1080.0, 0.40, "1080p has pixels to spare, and farther is sharper"),
            (3840.0, 2160.0, 0.36, "4K more so"),
        ] {
            let outline = guide(card, CardFormat::Id1, (width, height), 0, Profile::standard()).outline.unwrap();
            assert!((outline.width - expected).abs() < 1e-4, "{because}: {outline:?}");
            let ratio = outline.width * width / (outline.height * height);
            assert!(
                (ratio - 85.60 / 53.98).abs() < 1e-3,
                "{because}: an ID-1 card is 1.586 times as wide as high, not {ratio}"
            );
            assert!((outline.x + outline.width / 2.0 - 0.5).abs() < 1e-5, "{because}: centred");
        }
    }

    #[test]
    fn the_smallest_outline_still_reads() {
        let card = Mode::IdCard { needs: CardNeeds::NameSide };
        let outline = guide(card, CardFormat::Id1, (1280.0, 720.0), SHRINK_STEPS, Profile::standard()).outline.unwrap();
        assert!((outline.width * 1280.0 / 85.6 - 5.5).abs() < 1e-3, "{outline:?}");
    }

    #[test]
    fn the_card_lies_on_the_side_of_its_hand_inside_the_frame_and_clear_of_the_oval() {
        for size in [(1280.0, 720.0), (640.0, 480.0), (1920.0, 1080.0)] {
            for (hand, right_of_head) in [(Hand::Left, true), (Hand::Right, false)] {
                let shape = guide(Mode::FaceWithCard { hand }, CardFormat::Id1, size, 0, Profile::standard());
                let (oval, outline) = (shape.oval.unwrap(), shape.outline.unwrap());
                let middle = outline.x + outline.width / 2.0;
                assert_eq!(middle > oval.centre.0, right_of_head, "the learner's left is the image's right");
                assert!(outline.x > 0.02 && outline.x + outline.width < 0.98, "{size:?} {outline:?}");
                let gap = (middle - oval.centre.0).abs() - outline.width / 2.0;
                assert!(gap > 0.3 * oval.size.0, "the card does not cover the face: {gap}");
            }
        }
    }
}
