//! One learner in `Face` mode: twice good, and once or twice with each defect.
//!
//! Frames are 640x480. Every frame is judged as a still is before it may be sent, except where a baseline is said to help.

use std::time::Duration;

use likeness_capture::{Mode, Observer, Settings};
use likeness_studio::{Easel, Learner, Light, Looks, RoomStyle, Scene};

use crate::EvaluationError;
use crate::chance::Chance;
use crate::record::Record;
use crate::shot::{Sensor, Shot};
use crate::trial::{Trial, Wall};

pub const SIZE_PX: (u16, u16) = (640, 480);
const SET: &str = "face";

/// A learner of this seed who does everything right, in some room, some light, some place near the middle.
pub fn good(seed: u64, variant: u64) -> Scene {
    let mut chance = Chance::new(seed, 100 + variant);
    let mut scene = Scene::face(seed, u32::from(SIZE_PX.0), u32::from(SIZE_PX.1));
    let (f_px, height) = (scene.focal_px(), f32::from(SIZE_PX.1));
    scene.room = chance.one_of(&[RoomStyle::Plain, RoomStyle::Shelf, RoomStyle::Shelf, RoomStyle::Window]);
    if scene.room == RoomStyle::Window {
        scene.light.background = 0.55;
    }
    scene.light.key_azimuth_deg = chance.between(-38.0, 38.0);
    scene.light.key_elevation_deg = chance.between(15.0, 45.0);
    scene.light.exposure = chance.between(0.85, 1.12);
    scene.lens.noise = chance.between(0.8, 2.6);
    scene.lens.blur_px = chance.between(0.35, 0.7);
    // At 640x480 a learner is led to where the eyes are 80 px apart and more; drawn chins are seen some 8 % short.
    let distance_mm = scene.distance_for_share_mm(chance.between(0.335, 0.375));
    let mut looks = Looks::from_seed(seed);
    looks.glasses = chance.unit() < 0.15;
    let looks = if chance.unit() < 0.4 { looks.aged(chance.between(0.2, 1.0)) } else { looks };
    scene.learner = Some(Learner {
        looks,
        distance_mm,
        right_mm: chance.between(-0.03, 0.03) * f32::from(SIZE_PX.0) * distance_mm / f_px,
        up_mm: (0.072 + chance.between(-0.03, 0.03)) * height * distance_mm / f_px,
        yaw_deg: chance.between(-6.0, 6.0),
        pitch_deg: chance.between(-5.0, 5.0),
        roll_deg: chance.between(-5.0, 5.0),
        smile: chance.between(0.1, 0.7),
        ..Learner::of(seed)
    });
    scene
}

/// The light stands behind the learner.
fn light_behind(scene: &mut Scene, chance: &mut Chance) {
    scene.room = RoomStyle::Window;
    scene.light = Light {
        key: chance.between(0.0, 0.06),
        fill: chance.between(0.03, 0.07),
        ambient: chance.between(0.08, 0.14),
        background: chance.between(1.2, 1.6),
        ..scene.light
    };
}

/// A lamp to one side, and little else.
fn light_aside(scene: &mut Scene, chance: &mut Chance) {
    scene.light = Light {
        key_azimuth_deg: chance.aside(78.0, 95.0),
        key_elevation_deg: chance.between(5.0, 20.0),
        key: chance.between(1.2, 1.6),
        fill: chance.between(0.01, 0.04),
        ambient: chance.between(0.06, 0.12),
        ..scene.light
    };
}

fn learner(scene: &mut Scene, change: impl FnOnce(&mut Learner)) {
    if let Some(learner) = &mut scene.learner {
        change(learner);
    }
}

struct Faces<'a> {
    wall: &'a Wall,
    easel: Easel,
    observer: Observer,
    seed: u64,
    records: Vec<Record>,
}

/// All frames of one seed.
pub fn trial(seed: u64, wall: &Wall) -> Trial {
    let observer = Observer::new(Mode::Face, Settings::default())?;
    let mut faces = Faces { wall, easel: Easel::default(), observer, seed, records: Vec::new() };
    for variant in 0..2 {
        faces.variants_of(variant)?;
    }
    faces.nobody()?;
    faces.away()?;
    Ok(faces.records)
}

impl Faces<'_> {
    fn variants_of(&mut self, variant: u32) -> Result<(), EvaluationError> {
        let mut chance = Chance::new(self.seed, 500 + u64::from(variant));
        let base = good(self.seed, u64::from(variant));
        let sensor =
            Sensor { exposure: base.light.exposure, noise: base.lens.noise, seed: self.seed + 7 * u64::from(variant) };
        // What only exposure, lens or another person changes shares one drawing of the learner.
        self.judge("good", variant, &base, sensor)?;
        let dark = chance.between(0.05, 0.17);
        self.judge("dark", variant, &base, Sensor { exposure: dark, noise: sensor.noise * 1.6, ..sensor })?;
        let bright = chance.between(2.4, 4.5);
        self.judge("bright", variant, &base, Sensor { exposure: bright, ..sensor })?;
        self.blurred(variant, &base, sensor, &mut chance)?;
        let mut together = base.clone();
        together.others.push(self.other(&base, &mut chance));
        self.judge("second-person", variant, &together, sensor)?;
        let mut blink = base.clone();
        learner(&mut blink, |learner| learner.eyes_open = chance.between(0.0, 0.06));
        self.judge("eyes-closed", variant, &blink, sensor)?;
        self.blink_after_open(variant, &base, &blink, sensor)?;
        let mut talk = base.clone();
        learner(&mut talk, |learner| learner.mouth_open_mm = chance.between(9.0, 18.0));
        self.judge("mouth-open", variant, &talk, sensor)?;
        let mut turned = base.clone();
        let kind = ["turned", "nodding", "leaning"][((self.seed + u64::from(variant)) % 3) as usize];
        learner(&mut turned, |learner| match kind {
            "turned" => learner.yaw_deg = chance.aside(23.0, 40.0),
            "nodding" => learner.pitch_deg = chance.aside(22.0, 32.0),
            _ => learner.roll_deg = chance.aside(19.0, 30.0),
        });
        self.judge(kind, variant, &turned, sensor)?;
        if variant == 0 {
            let mut aside = base.clone();
            learner(&mut aside, |learner| {
                learner.right_mm += chance.aside(0.17, 0.25) * 640.0 * learner.distance_mm / base.focal_px();
            });
            self.judge("off-centre", variant, &aside, sensor)?;
            let mut behind = base.clone();
            light_behind(&mut behind, &mut chance);
            self.judge("light-behind", variant, &behind, sensor)?;
        }
        // One lamp, two exposures of it.
        if variant == 0 {
            let mut side = base;
            light_aside(&mut side, &mut chance);
            self.judge("side-light", 0, &side, sensor)?;
            self.judge(
                "side-light",
                1,
                &side,
                Sensor { exposure: 1.25 * sensor.exposure, seed: sensor.seed + 1, ..sensor },
            )?;
        }
        Ok(())
    }

    fn judge(&mut self, shown: &str, variant: u32, scene: &Scene, sensor: Sensor) -> Result<(), EvaluationError> {
        let painting = self.easel.paint(scene)?;
        let shot = Shot::of(&painting, SIZE_PX, sensor)?;
        self.note(shown, variant, &shot)
    }

    fn note(&mut self, shown: &str, variant: u32, shot: &Shot) -> Result<(), EvaluationError> {
        let opinion = self.observer.examine(&shot.jpeg)?;
        let mut record = Record::new(SET, shown, self.seed, variant, &opinion);
        if let (Some(face), Some(truth)) = (&opinion.face, &shot.truth.face) {
            record = record
                .with("distance_mm", face.distance_mm)
                .with("true_distance_mm", truth.distance_mm)
                .with("eye_white", face.eye_white_luma)
                .with("blur", face.blur)
                .with("eye_contrast", face.eye_contrast);
        }
        self.wall.hang(&record, shot)?;
        self.records.push(record);
        Ok(())
    }

    /// At least 2 px of blur where the eyes are 72 px apart.
    fn blurred(
        &mut self,
        variant: u32,
        base: &Scene,
        sensor: Sensor,
        chance: &mut Chance,
    ) -> Result<(), EvaluationError> {
        let painting = self.easel.paint(base)?;
        let inter_eye_px = painting.truth.face.as_ref().map_or(72.0, |face| face.inter_eye_px);
        let sigma_px = chance.between(2.0, 4.0) * inter_eye_px / 72.0;
        let shot = Shot::of(&painting.softened(sigma_px), SIZE_PX, sensor)?;
        self.note("blurred", variant, &shot)
    }

    /// Two frames with open eyes first, as the running stream has them.
    fn blink_after_open(
        &mut self,
        variant: u32,
        open: &Scene,
        shut: &Scene,
        sensor: Sensor,
    ) -> Result<(), EvaluationError> {
        let mut observer = Observer::new(Mode::Face, Settings::default())?;
        let open = self.easel.paint(open)?;
        for look in 0..2 {
            let shot = Shot::of(&open, SIZE_PX, Sensor { seed: sensor.seed + 40 + look, ..sensor })?;
            observer.watch(&shot.jpeg, Duration::from_millis(100 * look))?;
        }
        let shut = self.easel.paint(shut)?;
        let shot = Shot::of(&shut, SIZE_PX, sensor)?;
        let opinion = observer.watch(&shot.jpeg, Duration::from_millis(200))?;
        let record = Record::new(SET, "eyes-closed-after-open", self.seed, variant, &opinion);
        self.wall.hang(&record, &shot)?;
        self.records.push(record);
        Ok(())
    }

    /// Somebody beside or behind the learner, 30 to 220 cm from the camera, with the face in the frame.
    fn other(&self, base: &Scene, chance: &mut Chance) -> Learner {
        let own_mm = base.learner.as_ref().map_or(500.0, |learner| learner.distance_mm);
        let distance_mm = chance.between((own_mm * 0.8).max(300.0), 2_200.0);
        let f_px = base.focal_px();
        // Near people need more room beside the learner than far ones.
        let half_face_px = 80.0 * f_px / distance_mm;
        let least_px = 80.0 * f_px / own_mm + 0.6 * half_face_px;
        let most_px = (320.0 - half_face_px).max(least_px + 1.0);
        let across_px = chance.aside(least_px.min(most_px), most_px);
        Learner {
            distance_mm,
            right_mm: across_px * distance_mm / f_px,
            up_mm: chance.between(-20.0, 60.0) * distance_mm / f_px,
            yaw_deg: chance.between(-12.0, 12.0),
            ..Learner::of(self.seed.wrapping_add(50_000))
        }
    }

    /// Rooms without anybody, and straight lines.
    fn nobody(&mut self) -> Result<(), EvaluationError> {
        let rooms = [RoomStyle::Plain, RoomStyle::Shelf, RoomStyle::Window, RoomStyle::Lines];
        for variant in 0..2u32 {
            let mut scene = Scene::empty(self.seed, u32::from(SIZE_PX.0), u32::from(SIZE_PX.1));
            scene.room = rooms[(self.seed as usize * 2 + variant as usize) % rooms.len()];
            self.judge("no-face", variant, &scene, Sensor { exposure: 1.0, noise: 2.0, seed: self.seed })?;
        }
        Ok(())
    }

    /// Too far for the photo, and one distance between 30 and 90 cm for the ruler.
    fn away(&mut self) -> Result<(), EvaluationError> {
        let mut chance = Chance::new(self.seed, 900);
        let sensor = Sensor { exposure: 1.0, noise: 1.6, seed: self.seed };
        for (shown, variant, distance_mm) in [("far", 0, 0.0), ("distance", 0, chance.between(300.0, 900.0))] {
            let mut scene = good(self.seed, 0);
            let share = chance.between(0.10, 0.165);
            let distance_mm = if shown == "far" { scene.distance_for_share_mm(share) } else { distance_mm };
            let f_px = scene.focal_px();
            learner(&mut scene, |learner| {
                learner.distance_mm = distance_mm;
                learner.right_mm = 0.0;
                learner.up_mm = 0.06 * 480.0 * distance_mm / f_px;
            });
            self.judge(shown, variant, &scene, sensor)?;
        }
        Ok(())
    }
}
