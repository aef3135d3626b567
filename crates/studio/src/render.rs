//! Draws one scene: room, people from far to near, card, hand, lens, sensor.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;

use crate::card::{Design, PRINT_SIGMA_MM};
use crate::error::SceneError;
use crate::flat::{flat_corners, lay_flat};
use crate::geometry::{Homography, Pinhole, Point, Turn, v3};
use crate::hand::hand;
use crate::looks::Looks;
use crate::march::{Lamps, Sitter, TILE_PX};
use crate::mark::Mark;
use crate::picture::{CutOut, Picture};
use crate::room::room;
use crate::scene::{CARD_HEIGHT_MM, CARD_WIDTH_MM, CardLayout, CardScene, Flat, Learner, Light, RoomStyle, Scene};
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
    Easel::default().render(scene, rgb)
}

/// The same drawing, for many scenes of the same few people: who was drawn for an earlier scene is not drawn again.
///
/// What it gives is byte for byte what [`render`] gives.
#[derive(Debug, Default)]
pub struct Easel {
    people: VecDeque<Drawn>,
    sheets: VecDeque<Printed>,
    hands: VecDeque<Held>,
    rooms: VecDeque<Empty>,
}

/// A scene in linear light, before exposure and noise: one drawing serves many exposures.
#[derive(Clone, Debug)]
pub struct Painting {
    picture: Picture,
    mark: bool,
    /// What is in it. Exposure is that of the scene.
    pub truth: Truth,
}

impl Painting {
    /// Stores it as a camera would: 8 bits a channel into `rgb` (replaced). `exposure` 1 is right; `noise` as in
    /// [`crate::LensModel`]; another `seed` gives other noise on the same scene.
    pub fn develop(&self, exposure: f32, noise: f32, seed: u64, rgb: &mut Vec<u8>) {
        self.picture.develop(exposure * BASE_EXPOSURE, noise, seed, rgb);
        if self.mark {
            Mark::new(self.picture.w, self.picture.h).burn(rgb);
        }
    }

    /// The same scene through a softer lens: `sigma_px` of blur on top of what there is.
    #[must_use]
    pub fn softened(&self, sigma_px: f32) -> Self {
        let mut softer = self.clone();
        softer.picture.blur(sigma_px);
        softer.truth.blur_px = softer.truth.blur_px.hypot(sigma_px);
        if let Some(card) = &mut softer.truth.card {
            card.sigma_mm = card.sigma_mm.hypot(sigma_px / card.px_per_mm);
        }
        softer
    }
}

/// People and sheets that are remembered; a session of scenes about one person needs a handful.
const REMEMBERED: usize = 6;

#[derive(Debug)]
struct Drawn {
    learner: Learner,
    light: Light,
    eye: Pinhole,
    size: (usize, usize),
    cut_out: Option<CutOut>,
}

#[derive(Debug)]
struct Printed {
    seed: u64,
    layout: CardLayout,
    looks: Looks,
    density: f32,
    sheet: Sheet,
}

#[derive(Debug)]
struct Held {
    looks: Looks,
    light: Light,
    deeper_mm: f32,
    density: f32,
    sheet: Sheet,
}

#[derive(Debug)]
struct Empty {
    seed: u64,
    size_px: (u32, u32),
    style: RoomStyle,
    brightness: f32,
    picture: Picture,
}

impl Easel {
    /// As [`render`].
    ///
    /// # Errors
    /// [`SceneError`] when a size or number lies outside its range; `rgb` is then left as it was.
    pub fn render(&mut self, scene: &Scene, rgb: &mut Vec<u8>) -> Result<Truth, SceneError> {
        let painting = self.paint(scene)?;
        painting.develop(scene.light.exposure, scene.lens.noise, scene.seed, rgb);
        Ok(painting.truth)
    }

    /// Draws the scene up to the lens.
    ///
    /// # Errors
    /// [`SceneError`] when a size or number lies outside its range.
    pub fn paint(&mut self, scene: &Scene) -> Result<Painting, SceneError> {
        scene.check()?;
        let (w, h) = (scene.width_px as usize, scene.height_px as usize);
        let eye = Pinhole { f_px: scene.focal_px(), cx: w as f32 / 2.0, cy: h as f32 / 2.0 };
        let mut picture = self.room(scene);
        self.lay_subjects(&mut picture, scene, eye);
        picture.blur(scene.lens.background_blur_px);
        let card = scene.card.as_ref().map(|card| self.lay_card(&mut picture, card, scene, &eye));
        picture.blur(scene.lens.blur_px);
        Ok(Painting {
            picture,
            mark: scene.specimen_mark,
            truth: Truth {
                face: scene.learner.as_ref().map(|learner| face_truth(learner, scene, &eye)),
                others: scene.others.iter().map(|other| face_truth(other, scene, &eye)).collect(),
                flats: scene.flats.iter().map(|flat| flat_corners(flat, &eye)).collect(),
                card,
                focal_px: eye.f_px,
                exposure: scene.light.exposure,
                blur_px: scene.lens.blur_px,
            },
        })
    }

    fn room(&mut self, scene: &Scene) -> Picture {
        let size_px = (scene.width_px, scene.height_px);
        let brightness = scene.light.background / BASE_EXPOSURE;
        let known = self.rooms.iter().find(|empty| {
            empty.seed == scene.seed
                && empty.size_px == size_px
                && empty.style == scene.room
                && empty.brightness.total_cmp(&brightness).is_eq()
        });
        if let Some(empty) = known {
            return empty.picture.clone();
        }
        let picture = room(scene.seed, size_px.0 as usize, size_px.1 as usize, scene.room, brightness);
        let empty = Empty { seed: scene.seed, size_px, style: scene.room, brightness, picture: picture.clone() };
        remember(&mut self.rooms, empty);
        picture
    }

    /// People and pictures of people, from far to near.
    fn lay_subjects(&mut self, picture: &mut Picture, scene: &Scene, eye: Pinhole) {
        enum Subject<'a> {
            Person(&'a Learner),
            Flat(&'a Flat),
        }
        let people =
            scene.others.iter().chain(&scene.learner).map(|person| (person.distance_mm, Subject::Person(person)));
        let flats = scene.flats.iter().map(|flat| (flat.distance_mm, Subject::Flat(flat)));
        let mut subjects: Vec<_> = people.chain(flats).collect();
        subjects.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, subject) in subjects {
            match subject {
                Subject::Person(person) => self.lay_person(picture, person, scene, eye),
                Subject::Flat(flat) => lay_flat(picture, flat, scene, &eye),
            }
        }
    }

    fn lay_person(&mut self, picture: &mut Picture, person: &Learner, scene: &Scene, eye: Pinhole) {
        // Exposure and the room's brightness do not change how a person is lit.
        let light = Light { exposure: 1.0, background: 1.0, ..scene.light };
        let size = (picture.w, picture.h);
        let same_place = |drawn: &&Drawn| drawn.light == light && drawn.eye == eye && drawn.size == size;
        if let Some(drawn) = self.people.iter().filter(same_place).find(|drawn| drawn.learner == *person) {
            lay_drawn(picture, drawn);
            return;
        }
        let with_other_face = self.people.iter().filter(same_place).find(|drawn| {
            let features = Learner {
                eyes_open: person.eyes_open,
                mouth_open_mm: person.mouth_open_mm,
                smile: person.smile,
                ..drawn.learner.clone()
            };
            features == *person
        });
        let cut_out = match with_other_face {
            Some(Drawn { cut_out: Some(cut_out), .. }) => Some(redraw_face(cut_out, person, &light, eye)),
            _ => draw_person(person, &light, eye, size),
        };
        let drawn = Drawn { learner: person.clone(), light, eye, size, cut_out };
        lay_drawn(picture, &drawn);
        remember(&mut self.people, drawn);
    }

    fn lay_card(&mut self, picture: &mut Picture, card: &CardScene, scene: &Scene, eye: &Pinhole) -> CardTruth {
        let place = CardPlace::new(card, eye);
        let looks = scene.learner.as_ref().map_or_else(|| Looks::from_seed(card.seed), |learner| learner.looks.clone());
        let lamps = Lamps::new(&scene.light);
        let design = Design::new(card.seed, card.layout);
        let density = [4.0, 8.0, 16.0].into_iter().find(|d| *d >= 1.3 * place.px_per_mm).unwrap_or(16.0);
        let (sheet, lit) = (self.printed(card, &design, &looks, density), card_light(card, &lamps));
        sheet.lay(picture, &place.map, place.px_per_mm, lit);
        if let Some(glare) = &card.glare {
            lay_glare(picture, sheet, &place, |x, y| glare.at(x, y) / BASE_EXPOSURE);
        }
        let mut finger_share = 0.0;
        if card.hand {
            let hand = self.hand(card, &looks, scene, density.min(6.0));
            hand.lay(picture, &place.map, place.px_per_mm, 1.0);
            finger_share = covered_share(hand);
        }
        let sheet = self.printed(card, &design, &looks, density);
        truth_of(card, scene, &design, sheet, &place, lit, finger_share)
    }

    fn hand(&mut self, card: &CardScene, looks: &Looks, scene: &Scene, density: f32) -> &Sheet {
        let light = Light { exposure: 1.0, background: 1.0, ..scene.light };
        let wanted = (card.thumb_deeper_mm, density);
        let known = self.hands.iter().position(|held| {
            held.deeper_mm.total_cmp(&wanted.0).is_eq()
                && held.density.total_cmp(&wanted.1).is_eq()
                && held.light == light
                && held.looks == *looks
        });
        let index = known.unwrap_or_else(|| {
            let sheet = hand(looks, &Lamps::new(&light), wanted.0, density);
            remember(&mut self.hands, Held { looks: looks.clone(), light, deeper_mm: wanted.0, density, sheet });
            self.hands.len() - 1
        });
        &self.hands[index].sheet
    }

    fn printed(&mut self, card: &CardScene, design: &Design, looks: &Looks, density: f32) -> &Sheet {
        let known = self.sheets.iter().position(|printed| {
            printed.seed == card.seed
                && printed.layout == card.layout
                && printed.density.total_cmp(&density).is_eq()
                && printed.looks == *looks
        });
        let index = known.unwrap_or_else(|| {
            let never = AtomicBool::new(false);
            let Some(sheet) = design.print(looks, density, &never) else {
                unreachable!("printing ends early only when told to stop, and nobody else holds this flag")
            };
            remember(
                &mut self.sheets,
                Printed { seed: card.seed, layout: card.layout, looks: looks.clone(), density, sheet },
            );
            self.sheets.len() - 1
        });
        &self.sheets[index].sheet
    }
}

fn remember<T>(all: &mut VecDeque<T>, one: T) {
    if all.len() == REMEMBERED {
        all.pop_front();
    }
    all.push_back(one);
}

fn lay_drawn(picture: &mut Picture, drawn: &Drawn) {
    if let Some(cut_out) = &drawn.cut_out {
        picture.lay(cut_out);
    }
}

/// `None` when nothing of the person is in the picture.
fn draw_person(person: &Learner, light: &Light, eye: Pinhole, (w, h): (usize, usize)) -> Option<CutOut> {
    let scale = eye.f_px / (person.distance_mm - 110.0).max(60.0);
    let middle = eye.project(v3(person.right_mm, person.up_mm, -person.distance_mm));
    let clip = |v: f32, limit: usize| v.clamp(0.0, limit as f32) as usize;
    let (left, right) = (clip(middle.x_px - 270.0 * scale, w), clip(middle.x_px + 270.0 * scale, w));
    let (top, bottom) = (clip(middle.y_px - 200.0 * scale, h), clip(middle.y_px + 620.0 * scale, h));
    if right <= left || bottom <= top {
        return None;
    }
    let never = AtomicBool::new(false);
    Sitter::new(person, light, eye).draw(left as i32, top as i32, right - left, bottom - top, &never)
}

/// The part of a face that eyes and mouth can change, head place in millimetres: x and y from the middle, and its depths.
const MOBILE_X_MM: f32 = 56.0;
const MOBILE_Y_MM: [f32; 2] = [26.0, -106.0];
const MOBILE_Z_MM: [f32; 2] = [-60.0, 34.0];
/// Edges are found by looking at neighbours, so the outermost pixels of a piece are not taken.
const SEAM_PX: i32 = 2;

/// A person drawn before, with other eyes and mouth: only the face is drawn anew.
fn redraw_face(before: &CutOut, person: &Learner, light: &Light, eye: Pinhole) -> CutOut {
    let sitter = Sitter::new(person, light, eye);
    let place = v3(person.right_mm, person.up_mm, -person.distance_mm);
    let mut bounds = [f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY];
    for x in [-MOBILE_X_MM, MOBILE_X_MM] {
        for (y, z) in MOBILE_Y_MM.into_iter().flat_map(|y| MOBILE_Z_MM.map(|z| (y, z))) {
            let at = eye.project(sitter.bust().to_body(v3(x, y, z)) + place);
            bounds = [bounds[0].min(at.x_px), bounds[1].min(at.y_px), bounds[2].max(at.x_px), bounds[3].max(at.y_px)];
        }
    }
    let (right, bottom) = (before.x + before.w as i32, before.y + before.h as i32);
    // Rays start where those of their tile do, so the piece must have the tiles of the whole.
    let on_tile = |at: i32, start: i32, end: i32| {
        let steps = (at - SEAM_PX - start).clamp(0, end - start) / TILE_PX as i32;
        start + steps * TILE_PX as i32
    };
    let left = on_tile(bounds[0] as i32, before.x, right);
    let top = on_tile(bounds[1] as i32, before.y, bottom);
    let (w, h) = (
        (bounds[2] as i32 + 1 + SEAM_PX).clamp(left, right) - left,
        (bounds[3] as i32 + 1 + SEAM_PX).clamp(top, bottom) - top,
    );
    let mut after = before.clone();
    let never = AtomicBool::new(false);
    let Some(piece) = sitter.draw(left, top, w as usize, h as usize, &never) else {
        return after;
    };
    // At the border of the whole there is no neighbour outside, so nothing is left out there.
    let seam = |at: i32, end: i32| if at == end { 0 } else { SEAM_PX };
    let columns = seam(left, before.x)..w - seam(left + w, right);
    let rows = seam(top, before.y)..h - seam(top + h, bottom);
    for row in rows {
        let from = (row * w) as usize;
        let to = (top - before.y + row) as usize * before.w + (left - before.x) as usize;
        for column in columns.clone() {
            after.px[to + column as usize] = piece.px[from + column as usize];
        }
    }
    after
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

pub(crate) fn rectangle(map: &Homography, [left, top, right, bottom]: [f32; 4]) -> [Point; 4] {
    [map.point(left, top), map.point(right, top), map.point(right, bottom), map.point(left, bottom)]
}

/// Light that falls on the card, as luma.
fn card_light(card: &CardScene, lamps: &Lamps) -> f32 {
    let normal = Turn::from_degrees(card.yaw_deg, card.pitch_deg, card.roll_deg).apply(v3(0.0, 0.0, 1.0));
    lamps.irradiance(normal).dot(v3(0.2126, 0.7152, 0.0722))
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
