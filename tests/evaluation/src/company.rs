//! `FaceWithCard`: the photo side of the ID held beside the head, and six ways of not doing that.
//!
//! Frames are 1280x720. Each scene is judged twice: as one frame, by the check that every photo must pass, and as a stream
//! of three seconds in which everything sways a little, by the whole session with its automatic shutter.

use std::time::Duration;

use likeness_capture::{Hand, Mode, Observer, Settings};
use likeness_studio::{CardLayout, Easel, Flat, FlatKind, Learner, Looks, RoomStyle, Scene};

use crate::EvaluationError;
use crate::cards::corner_error_percent;
use crate::chance::Chance;
use crate::record::Record;
use crate::shot::{Sensor, Shot};
use crate::trial::{Trial, Wall};

const SIZE_PX: (u16, u16) = (1280, 720);
const SET: &str = "company";
const MODE: Mode = Mode::FaceWithCard { hand: Hand::Left };
const STREAM: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What must never be accepted.
pub const WRONG: [&str; 6] = ["beside", "behind", "poster", "phone-screen", "no-portrait", "card-over-face"];

fn good(seed: u64, variant: u64) -> Scene {
    let mut chance = Chance::new(seed, 300 + variant);
    let mut scene = Scene::face_with_card(seed, u32::from(SIZE_PX.0), u32::from(SIZE_PX.1));
    scene.room = if seed.is_multiple_of(3) { RoomStyle::Plain } else { RoomStyle::Shelf };
    scene.lens.noise = chance.between(0.8, 2.2);
    scene.lens.blur_px = chance.between(0.4, 0.7);
    scene.light.exposure = chance.between(0.88, 1.08);
    scene.light.key_azimuth_deg = Chance::new(seed, 299).between(-36.0, 20.0);
    if let Some(card) = &mut scene.card {
        // Nearer or farther, but still where the outline is drawn: within some 7 % of the card's width.
        let nearer = chance.between(0.95, 1.03);
        card.distance_mm *= nearer;
        card.right_mm = card.right_mm * nearer + chance.between(-5.0, 5.0);
        card.up_mm = card.up_mm * nearer + chance.between(-5.0, 5.0);
        card.yaw_deg = chance.between(-9.0, 9.0);
        card.pitch_deg = chance.between(-9.0, 9.0);
        card.roll_deg = chance.between(-7.0, 7.0);
    }
    scene
}

/// Makes a good scene wrong.
fn spoil(scene: &mut Scene, kind: &str, seed: u64) {
    let mut chance = Chance::new(seed, 700 + kind.len() as u64);
    let f_px = scene.focal_px();
    let at = |x_share: f32, distance_mm: f32| x_share * 1_280.0 * distance_mm / f_px;
    let up_at = |y_share: f32, distance_mm: f32| y_share * 720.0 * distance_mm / f_px;
    match kind {
        "beside" | "behind" => {
            let distance_mm =
                if kind == "beside" { chance.between(420.0, 900.0) } else { chance.between(1_100.0, 2_200.0) };
            // Right of the card, left of the learner, or over the card.
            let x_share = if kind == "beside" {
                chance.one_of(&[-0.42, 0.42])
            } else {
                chance.one_of(&[-0.36, -0.30, 0.14, 0.30, 0.40])
            };
            let y_share = if kind == "beside" { chance.between(-0.05, 0.2) } else { chance.between(0.12, 0.30) };
            scene.others.push(Learner {
                distance_mm,
                right_mm: at(x_share, distance_mm),
                up_mm: up_at(y_share, distance_mm),
                yaw_deg: chance.between(-15.0, 15.0),
                ..Learner::of(seed + 60_000)
            });
        }
        "poster" => {
            scene.card = None;
            let kind = chance.one_of(&[FlatKind::Poster, FlatKind::PictureFrame]);
            let distance_mm = if kind == FlatKind::Poster {
                chance.between(1_300.0, 2_600.0)
            } else {
                chance.between(700.0, 1_500.0)
            };
            scene.flats.push(Flat {
                seed: seed + 60_000,
                kind,
                distance_mm,
                right_mm: at(chance.between(0.14, 0.26), distance_mm),
                up_mm: up_at(chance.between(-0.05, 0.12), distance_mm),
                yaw_deg: chance.between(-12.0, 12.0),
                ..Flat::default()
            });
        }
        "phone-screen" => {
            scene.card = None;
            let distance_mm = chance.between(330.0, 480.0);
            scene.flats.push(Flat {
                seed,
                kind: FlatKind::PhoneScreen,
                distance_mm,
                right_mm: at(chance.between(0.18, 0.24), distance_mm),
                up_mm: up_at(chance.between(-0.04, 0.06), distance_mm),
                yaw_deg: chance.between(-8.0, 8.0),
                roll_deg: chance.between(-6.0, 6.0),
            });
        }
        "no-portrait" => {
            if let Some(card) = &mut scene.card {
                card.layout = chance.one_of(&[CardLayout::NameOnly, CardLayout::Back]);
            }
        }
        _ => {
            let head =
                scene.learner.as_ref().map(|head| (head.right_mm / head.distance_mm, head.up_mm / head.distance_mm));
            if let (Some(card), Some((across, up))) = (&mut scene.card, head) {
                card.right_mm = (across + chance.between(-0.03, 0.05)) * card.distance_mm;
                card.up_mm = (up - chance.between(0.02, 0.16)) * card.distance_mm;
            }
        }
    }
}

/// Two good scenes and three wrong ones of one learner.
pub fn trial(seed: u64, wall: &Wall) -> Trial {
    let mut easel = Easel::default();
    let mut records = Vec::new();
    let mut looks = Looks::from_seed(seed);
    looks.glasses = seed.is_multiple_of(9);
    for variant in 0..2 {
        let mut scene = good(seed, u64::from(variant));
        if let Some(learner) = &mut scene.learner {
            learner.looks = looks.clone();
        }
        judge(&mut easel, "good", seed, variant, &scene, wall, &mut records)?;
    }
    for step in 0..3 {
        let kind = WRONG[((seed * 3 + step) % 6) as usize];
        let mut scene = good(seed, step % 2);
        if let Some(learner) = &mut scene.learner {
            learner.looks = looks.clone();
        }
        spoil(&mut scene, kind, seed);
        judge(&mut easel, kind, seed, 0, &scene, wall, &mut records)?;
    }
    Ok(records)
}

fn judge(
    easel: &mut Easel,
    shown: &str,
    seed: u64,
    variant: u32,
    scene: &Scene,
    wall: &Wall,
    records: &mut Vec<Record>,
) -> Result<(), EvaluationError> {
    let painting = easel.paint(scene)?;
    let sensor = Sensor { exposure: scene.light.exposure, noise: scene.lens.noise, seed: seed + u64::from(variant) };
    let shot = Shot::of(&painting, SIZE_PX, sensor)?;
    // No countdown: three seconds are for being seen, not for counting.
    let settings = Settings { countdown: Duration::ZERO, ..Settings::default() };
    let mut observer = Observer::new(MODE, settings)?;
    let opinion = observer.examine(&shot.jpeg)?;
    let mut record = Record::new(SET, shown, seed, variant, &opinion);
    record.passed = opinion.acceptable();
    if let Some(percent) = corner_error_percent(&opinion, &shot.truth) {
        record = record.with("corner_error_percent", percent);
    }
    if let Some(card) = &opinion.card {
        record = record.with("px_per_mm", card.px_per_mm).with("portrait", card.portrait.unwrap_or(-1.0));
    }
    let mut at = Duration::ZERO;
    let mut chance = Chance::new(seed, 750);
    let (turn_x, turn_y) = (chance.between(0.0, 6.0), chance.between(0.0, 6.0));
    let mut taken_ms = None;
    while at < STREAM && taken_ms.is_none() {
        let t = at.as_secs_f32();
        let sway = (1.4 * (2.1 * t + turn_x).sin(), 1.1 * (1.7 * t + turn_y).sin());
        let frame = shot.swayed(sway, seed * 64 + at.as_millis() as u64)?;
        if observer.watch(&frame, at)?.taken {
            taken_ms = Some(at.as_millis() as u32);
        }
        at += LOOK_EVERY;
    }
    record = record.with("taken_ms", taken_ms.map_or(-1.0, f64::from));
    wall.hang(&record, &shot)?;
    records.push(record);
    Ok(())
}
