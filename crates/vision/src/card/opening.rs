//! Is this outline a card, or an opening between boards? A card carries something: a header, a portrait, lines of print.
//!
//! Guarantees: told from differences within the picture, so neither a dark frame nor a pale card is taken for blank.
//! Does not know: what a card shows. A card without any print is refused, and so is the back of a mirror.

use crate::Plane;

use super::glare::FLAT;
use super::warp::Homography;

/// Patches of this many pixels of the flat card are averaged, so that noise is not taken for print.
const PATCH_PX: usize = 6;
/// The rim that is not looked at: the outline may lie a little outside, and a board's shadow falls on the rim.
const RIM_SHARE: f32 = 0.10;
/// What is inside spans from this to that share of its patches, in the order of their luma.
const SPAN: (f32, f32) = (0.02, 0.98);
/// An opening shows the wall behind: its luma spans less than this share of the step at its outline. Openings of drawn
/// shelves reach .2, drawn cards begin at 1.6.
const LEAST_SPAN_OVER_STEP: f32 = 0.45;
/// How far inside and outside the outline the step is read, as a share of the card, and in how many places a side.
const BESIDE_SHARE: f32 = 0.04;
const PLACES: usize = 24;

/// Is there nothing inside the outline beside what its rim sets apart? `flat`: the card seen flat, [`FLAT`] in size.
pub(super) fn is_opening(luma: &Plane, homography: &Homography, flat: &[u8], patches: &mut Vec<u16>) -> bool {
    let (width, height) = (FLAT.0 as usize, FLAT.1 as usize);
    let rim = |side: usize| (RIM_SHARE * side as f32) as usize;
    patches.clear();
    for top in (rim(height)..height - rim(height) - PATCH_PX).step_by(PATCH_PX) {
        for left in (rim(width)..width - rim(width) - PATCH_PX).step_by(PATCH_PX) {
            let rows = (top..top + PATCH_PX).map(|y| &flat[y * width + left..y * width + left + PATCH_PX]);
            patches.push(rows.flatten().map(|value| u16::from(*value)).sum());
        }
    }
    patches.sort_unstable();
    let at = |share: f32| f32::from(patches[(share * (patches.len() - 1) as f32) as usize]);
    let span = (at(SPAN.1) - at(SPAN.0)) / (PATCH_PX * PATCH_PX) as f32;
    span < LEAST_SPAN_OVER_STEP * step_at_rim(luma, homography)
}

/// Median over the four sides of the difference between just inside and just outside, grey levels.
fn step_at_rim(luma: &Plane, homography: &Homography) -> f32 {
    let mean = |place: &dyn Fn(f32) -> (f32, f32)| {
        let at = |index: usize| {
            let (u, v) = place(0.1 + 0.8 * (index as f32 + 0.5) / PLACES as f32);
            let spot = homography.apply(u, v);
            luma.sample(spot.x, spot.y)
        };
        (0..PLACES).map(at).sum::<f32>() / PLACES as f32
    };
    let (near, far) = (BESIDE_SHARE, 1.0 - BESIDE_SHARE);
    let mut steps = [
        mean(&|along| (along, near)) - mean(&|along| (along, -near)),
        mean(&|along| (far, along)) - mean(&|along| (1.0 + near, along)),
        mean(&|along| (along, far)) - mean(&|along| (along, 1.0 + near)),
        mean(&|along| (near, along)) - mean(&|along| (-near, along)),
    ]
    .map(f32::abs);
    steps.sort_unstable_by(f32::total_cmp);
    f32::midpoint(steps[1], steps[2])
}
