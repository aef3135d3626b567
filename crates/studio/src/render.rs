//! Draws one scene: room, people from far to near, card, hand, lens, sensor.

use std::sync::atomic::AtomicBool;

use crate::card::{Design, PRINT_SIGMA_MM};
use crate::error::SceneError;
use crate::geometry::{Homography, Pinhole, Point, Turn, v3};
use crate::hand::hand;
use crate::looks::Looks;
use crate::march::{Lamps, Sitter};
use crate::mark::Mark;
use crate::picture::Picture;
use crate::room::room;
use crate::scene::{CARD_HEIGHT_MM, CARD_WIDTH_MM, CardScene, Learner, Scene};
use crate::sheet::Sheet;
use crate::truth::{CardTruth, FaceLandmarks, FaceTruth, TextLineTruth, Truth};

/// Multiplies all light so that exposure 1 with the default light puts the eye whites at about 190 of 255.
pub(crate) const BASE_EXPOSURE: f32 = 0.82;
/// Light that counts as burnt out: stored luma 247.
const BURNT: f32 = 0.930;

/// Draws `scene` into `rgb` (8 bits a channel, row by row, replaced) and says what is in it.
///
/// The same scene gives the same bytes on one machine; between machines sines may differ in the last place.
///
/// # Errors
/// [`SceneError`] when a size or number lies outside its range; `rgb` is then left as it was.
pub fn render(scene: &Scene, rgb: &mut Vec<u8>) -> Result<Truth, SceneError> {
    scene.check()?;
    let (w, h) = (scene.width_px as usize, scene.height_px as usize);
    let eye = Pinhole { f_px: scene.focal_px(), cx: w as f32 / 2.0, cy: h as f32 / 2.0 };
    let mut picture = room(scene.seed, w, h, scene.room, scene.light.background / BASE_EXPOSURE);
    let mut everybody: Vec<&Learner> = scene.others.iter().chain(&scene.learner).collect();
    everybody.sort_by(|a, b| b.distance_mm.total_cmp(&a.distance_mm));
    for person in everybody {
        lay_person(&mut picture, person, scene, eye);
    }
    picture.blur(scene.lens.background_blur_px);
    let card = scene.card.as_ref().map(|card| lay_card(&mut picture, card, scene, &eye));
    picture.blur(scene.lens.blur_px);
    picture.develop(scene.light.exposure * BASE_EXPOSURE, scene.lens.noise, scene.seed, rgb);
    if scene.specimen_mark {
        Mark::new(w, h).burn(rgb);
    }
    Ok(Truth {
        face: scene.learner.as_ref().map(|learner| face_truth(learner, scene, &eye)),
        others: scene.others.iter().map(|other| face_truth(other, scene, &eye)).collect(),
        card,
        focal_px: eye.f_px,
        exposure: scene.light.exposure,
        blur_px: scene.lens.blur_px,
    })
}

fn lay_person(picture: &mut Picture, person: &Learner, scene: &Scene, eye: Pinhole) {
    let scale = eye.f_px / (person.distance_mm - 110.0).max(60.0);
    let middle = eye.project(v3(person.right_mm, person.up_mm, -person.distance_mm));
    let clip = |v: f32, limit: usize| v.clamp(0.0, limit as f32) as usize;
    let (left, right) = (clip(middle.x_px - 270.0 * scale, picture.w), clip(middle.x_px + 270.0 * scale, picture.w));
    let (top, bottom) = (clip(middle.y_px - 200.0 * scale, picture.h), clip(middle.y_px + 620.0 * scale, picture.h));
    if right <= left || bottom <= top {
        return;
    }
    let never = AtomicBool::new(false);
    let sitter = Sitter::new(person, &scene.light, eye);
    if let Some(cut_out) = sitter.draw(left as i32, top as i32, right - left, bottom - top, &never) {
        picture.lay(&cut_out);
    }
}

fn face_truth(learner: &Learner, scene: &Scene, eye: &Pinhole) -> FaceTruth {
    let place = v3(learner.right_mm, learner.up_mm, -learner.distance_mm);
    let sitter = Sitter::new(learner, &scene.light, *eye);
    let bust = sitter.bust();
    let [right_eye, left_eye, nose_tip, right_mouth_corner, left_mouth_corner, chin] =
        bust.landmarks().map(|p| eye.project(bust.to_body(p) + place));
    let between = Point {
        x_px: f32::midpoint(right_eye.x_px, left_eye.x_px),
        y_px: f32::midpoint(right_eye.y_px, left_eye.y_px),
    };
    FaceTruth {
        yaw_deg: learner.yaw_deg,
        pitch_deg: learner.pitch_deg,
        roll_deg: learner.roll_deg,
        distance_mm: learner.distance_mm,
        landmarks: FaceLandmarks { right_eye, left_eye, nose_tip, right_mouth_corner, left_mouth_corner, chin },
        inter_eye_px: right_eye.distance_px(left_eye),
        eyes_to_chin_share: between.distance_px(chin) / scene.height_px as f32,
        eyes_open: learner.eyes_open,
    }
}

/// Where a card lies: its mapping, and its density.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CardPlace {
    pub(crate) map: Homography,
    pub(crate) corners: [Point; 4],
    pub(crate) px_per_mm: f32,
    pub(crate) tilt_deg: f32,
}

impl CardPlace {
    pub(crate) fn new(card: &CardScene, eye: &Pinhole) -> Self {
        let turn = Turn::from_degrees(card.yaw_deg, card.pitch_deg, card.roll_deg);
        let centre = v3(card.right_mm, card.up_mm, -card.distance_mm);
        let map = Homography::of_plane(eye, centre, &turn, (CARD_WIDTH_MM / 2.0, CARD_HEIGHT_MM / 2.0));
        let corners = rectangle(&map, [0.0, 0.0, CARD_WIDTH_MM, CARD_HEIGHT_MM]);
        let across =
            f32::midpoint(corners[0].distance_px(corners[1]), corners[3].distance_px(corners[2])) / CARD_WIDTH_MM;
        let down =
            f32::midpoint(corners[0].distance_px(corners[3]), corners[1].distance_px(corners[2])) / CARD_HEIGHT_MM;
        Self {
            map,
            corners,
            px_per_mm: across.min(down),
            tilt_deg: turn.apply(v3(0.0, 0.0, 1.0)).z.clamp(-1.0, 1.0).acos().to_degrees(),
        }
    }
}

fn rectangle(map: &Homography, [left, top, right, bottom]: [f32; 4]) -> [Point; 4] {
    [map.point(left, top), map.point(right, top), map.point(right, bottom), map.point(left, bottom)]
}

fn lay_card(picture: &mut Picture, card: &CardScene, scene: &Scene, eye: &Pinhole) -> CardTruth {
    let place = CardPlace::new(card, eye);
    let looks = scene.learner.as_ref().map_or_else(|| Looks::from_seed(card.seed), |learner| learner.looks.clone());
    let lamps = Lamps::new(&scene.light);
    let design = Design::new(card.seed, card.layout);
    let density = [4.0, 8.0, 16.0].into_iter().find(|d| *d >= 1.3 * place.px_per_mm).unwrap_or(16.0);
    let never = AtomicBool::new(false);
    let Some(sheet) = design.print(&looks, density, &never) else {
        unreachable!("printing ends early only when told to stop, and nobody else holds this flag")
    };
    let normal = Turn::from_degrees(card.yaw_deg, card.pitch_deg, card.roll_deg).apply(v3(0.0, 0.0, 1.0));
    let lit = lamps.irradiance(normal).dot(v3(0.2126, 0.7152, 0.0722));
    sheet.lay(picture, &place.map, place.px_per_mm, lit);
    if let Some(glare) = &card.glare {
        lay_glare(picture, &sheet, &place, |x, y| glare.at(x, y) / BASE_EXPOSURE);
    }
    let mut finger_share = 0.0;
    if card.hand {
        let hand = hand(&looks, &lamps, card.thumb_deeper_mm, density.min(6.0));
        hand.lay(picture, &place.map, place.px_per_mm, 1.0);
        finger_share = covered_share(&hand);
    }
    truth_of(card, scene, &design, &sheet, &place, lit, finger_share)
}

fn lay_glare(picture: &mut Picture, sheet: &Sheet, place: &CardPlace, at: impl Fn(f32, f32) -> f32) {
    let back = place.map.inverse();
    let level = sheet.level_for(place.px_per_mm);
    let (x_from, x_to, y_from, y_to) = sheet.reach(&place.map, picture.w, picture.h);
    for y in y_from..y_to {
        let row = &mut picture.px[y * picture.w..(y + 1) * picture.w];
        sheet.cover_row(level, &back, y, x_from, x_to, |x, c| {
            let (x_mm, y_mm) = back.map(x as f32 + 0.5, y as f32 + 0.5);
            let light = at(x_mm, y_mm) * c[3] as f32 / crate::picture::UNIT;
            for v in &mut row[x] {
                *v += light;
            }
        });
    }
}

/// Places on the card, half a millimetre apart.
fn card_grid() -> impl Iterator<Item = (f32, f32)> {
    (0..108).flat_map(|row| (0..171).map(move |column| (column as f32 * 0.5 + 0.3, row as f32 * 0.5 + 0.24)))
}

fn covered_share(hand: &Sheet) -> f32 {
    let solid = card_grid().filter(|&(x, y)| hand.cover_at(x, y) > 0.7).count();
    solid as f32 / card_grid().count() as f32
}

fn truth_of(
    card: &CardScene,
    scene: &Scene,
    design: &Design,
    sheet: &Sheet,
    place: &CardPlace,
    lit: f32,
    finger_share: f32,
) -> CardTruth {
    let level = sheet.level_for(place.px_per_mm);
    let exposure = scene.light.exposure;
    let burnt = card_grid()
        .filter(|&(x, y)| {
            let shine = card.glare.as_ref().map_or(0.0, |glare| glare.at(x, y));
            (sheet.luma_at(x, y) * lit * BASE_EXPOSURE + shine) * exposure >= BURNT
        })
        .count();
    let lens = scene.lens.blur_px / place.px_per_mm;
    let pixel = 0.29 / place.px_per_mm;
    let sigma_mm = (PRINT_SIGMA_MM.powi(2) + level.sampling_sigma_mm().powi(2) + lens.powi(2) + pixel.powi(2)).sqrt();
    CardTruth {
        corners: place.corners,
        px_per_mm: place.px_per_mm,
        sigma_mm,
        tilt_deg: place.tilt_deg,
        glare_share: burnt as f32 / card_grid().count() as f32,
        finger_share,
        has_portrait: card.layout.has_portrait(),
        has_name: card.layout.has_name(),
        portrait: design.portrait_mm.map_or([Point::default(); 4], |mm| rectangle(&place.map, mm)),
        text_lines: design
            .lines
            .iter()
            .map(|line| TextLineTruth {
                text: line.text.clone(),
                height_mm: line.capitals_mm,
                height_px: line.capitals_mm * place.px_per_mm,
                start: place.map.point(line.x_mm, line.y_mm),
                end: place.map.point(line.x_mm + line.width_mm(), line.y_mm + line.capitals_mm),
            })
            .collect(),
    }
}
