//! One card in `IdCard` mode: twice good, and once or twice with each defect.
//!
//! Frames are 1280x720: at 640x480 no card is ever legible. Each decision is the one of the third look at a card
//! held still, for nothing is said about a card before three looks agree.

use std::time::Duration;

use likeness_camera::{Planes, decode_still};
use likeness_capture::{CardNeeds, Mode, Observer, Opinion, Settings};
use likeness_studio::{CardLayout, CardScene, Easel, Glare, Learner, RoomStyle, Scene, Truth};
use likeness_vision::card::{CardAnalyser, CardFormat, Guide};
use likeness_vision::{Colour, Lens, Picture, Plane, PlaneError, Rect};

use crate::EvaluationError;
use crate::chance::Chance;
use crate::record::Record;
use crate::shot::{Sensor, Shot};
use crate::trial::{Trial, Wall};

const SIZE_PX: (u16, u16) = (1280, 720);
const FULL_HD_PX: (u16, u16) = (1920, 1080);
const SET: &str = "card";
const LOOKS: u64 = 3;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A card of this seed held well.
pub fn good(seed: u64, variant: u64, layout: CardLayout) -> Scene {
    let mut chance = Chance::new(seed, 200 + variant);
    let mut scene = Scene::id(seed, u32::from(SIZE_PX.0), u32::from(SIZE_PX.1), layout);
    scene.room = chance.one_of(&[RoomStyle::Plain, RoomStyle::Shelf, RoomStyle::Window, RoomStyle::Lines]);
    scene.light.key_azimuth_deg = chance.between(-40.0, 40.0);
    scene.light.exposure = chance.between(0.8, 1.1);
    scene.lens.noise = chance.between(0.8, 2.8);
    scene.lens.blur_px = chance.between(0.35, 0.8);
    let distance_mm = scene.distance_for_card_share_mm(chance.between(0.47, 0.60));
    let f_px = scene.focal_px();
    let place = |share: f32| share * f32::from(SIZE_PX.0) * distance_mm / f_px;
    scene.card = Some(CardScene {
        seed,
        layout,
        distance_mm,
        right_mm: place(chance.between(-0.03, 0.03)),
        up_mm: place(chance.between(-0.02, 0.03)),
        yaw_deg: chance.between(-7.0, 7.0),
        pitch_deg: chance.between(-7.0, 7.0),
        roll_deg: chance.between(-5.0, 5.0),
        hand: chance.unit() < 0.85,
        ..CardScene::default()
    });
    scene
}

fn card(scene: &mut Scene, change: impl FnOnce(&mut CardScene)) {
    if let Some(card) = &mut scene.card {
        change(card);
    }
}

struct Cards<'a> {
    wall: &'a Wall,
    easel: Easel,
    seed: u64,
    records: Vec<Record>,
}

/// All frames of one seed.
pub fn trial(seed: u64, wall: &Wall) -> Trial {
    let mut cards = Cards { wall, easel: Easel::default(), seed, records: Vec::new() };
    for variant in 0..2 {
        cards.variants_of(variant)?;
        cards.other_sides(variant)?;
        cards.no_card(variant)?;
        cards.density(variant)?;
    }
    Ok(cards.records)
}

const PHOTO_AND_NAME: CardNeeds = CardNeeds::PhotoAndName;

impl Cards<'_> {
    fn variants_of(&mut self, variant: u32) -> Result<(), EvaluationError> {
        let mut chance = Chance::new(self.seed, 600 + u64::from(variant));
        let base = good(self.seed, u64::from(variant), CardLayout::PhotoAndName);
        let sensor = Sensor {
            exposure: base.light.exposure,
            noise: base.lens.noise,
            seed: self.seed + 1_000 * u64::from(variant),
        };
        self.judge("good", variant, &base, sensor, PHOTO_AND_NAME)?;
        let mut blurred = base.clone();
        blurred.lens.blur_px = chance.between(0.27, 0.55) * px_per_mm(&base);
        self.judge("blurred", variant, &blurred, sensor, PHOTO_AND_NAME)?;
        let dark = Sensor { exposure: chance.between(0.04, 0.09), noise: 1.6 * sensor.noise, ..sensor };
        self.judge("dark", variant, &base, dark, PHOTO_AND_NAME)?;
        let glare = self.with_glare(&base, &mut chance)?;
        self.judge("glare", variant, &glare, sensor, PHOTO_AND_NAME)?;
        let mut tilted = base.clone();
        card(&mut tilted, |card| {
            let degrees = chance.aside(33.0, 42.0);
            if chance.unit() < 0.5 { card.pitch_deg = degrees } else { card.yaw_deg = degrees }
        });
        self.judge("tilted", variant, &tilted, sensor, PHOTO_AND_NAME)?;
        let mut covered = base.clone();
        card(&mut covered, |card| {
            card.hand = true;
            card.thumb_deeper_mm = chance.between(16.0, 28.0);
        });
        self.judge("print-covered", variant, &covered, sensor, PHOTO_AND_NAME)?;
        let mut misplaced = base;
        let kind = ["cut-off", "off-guide", "small"][((self.seed + u64::from(variant)) % 3) as usize];
        let f_px = misplaced.focal_px();
        card(&mut misplaced, |card| match kind {
            "cut-off" => card.right_mm = chance.aside(0.28, 0.38) * 1_280.0 * card.distance_mm / f_px,
            "off-guide" => card.right_mm = chance.aside(0.10, 0.17) * 1_280.0 * card.distance_mm / f_px,
            _ => card.distance_mm *= chance.between(1.9, 2.6),
        });
        self.judge(kind, variant, &misplaced, sensor, PHOTO_AND_NAME)
    }

    /// The wrong side, for both needs; and the name side of a two-sided card held well.
    fn other_sides(&mut self, variant: u32) -> Result<(), EvaluationError> {
        let sensor = Sensor { exposure: 1.0, noise: 1.6, seed: self.seed + 5_000 };
        let seed = self.seed;
        let side = |layout| good(seed, 10 + u64::from(variant), layout);
        if variant == 0 {
            let without = [CardLayout::NameOnly, CardLayout::Back][(self.seed % 2) as usize];
            self.judge("wrong-side", 0, &side(without), sensor, PHOTO_AND_NAME)?;
            self.judge("wrong-side", 1, &side(CardLayout::PhotoOnly), sensor, CardNeeds::NameSide)
        } else {
            self.judge("good-name-side", 0, &side(CardLayout::NameOnly), sensor, CardNeeds::NameSide)
        }
    }

    /// Empty rooms with and without straight lines, and a learner who shows nothing.
    fn no_card(&mut self, variant: u32) -> Result<(), EvaluationError> {
        let sensor = Sensor { exposure: 1.0, noise: 2.0, seed: self.seed };
        let mut scene = Scene::empty(self.seed * 2 + u64::from(variant), u32::from(SIZE_PX.0), u32::from(SIZE_PX.1));
        scene.room = [RoomStyle::Lines, RoomStyle::Shelf, RoomStyle::Lines, RoomStyle::Window]
            [((self.seed * 2 + u64::from(variant)) % 4) as usize];
        if self.seed.is_multiple_of(8) {
            scene.learner = Some(Learner::of(self.seed));
        }
        self.judge("no-card", variant, &scene, sensor, PHOTO_AND_NAME)
    }

    /// A card between 80 and 400 dpi before the ruler alone: the outline lies about where the card is.
    fn density(&mut self, variant: u32) -> Result<(), EvaluationError> {
        let mut chance = Chance::new(self.seed, 800 + u64::from(variant));
        // The same rooms again and again: only the card matters here.
        let mut scene =
            Scene::id(self.seed, u32::from(FULL_HD_PX.0), u32::from(FULL_HD_PX.1), CardLayout::PhotoAndName);
        scene.room = RoomStyle::Plain;
        let px_per_mm = chance.between(80.0, 400.0) / 25.4;
        let distance_mm = scene.focal_px() / px_per_mm;
        let tilt = [chance.between(-8.0, 8.0), chance.between(-8.0, 8.0), chance.between(-6.0, 6.0)];
        card(&mut scene, |card| {
            card.distance_mm = distance_mm.max(60.0);
            [card.yaw_deg, card.pitch_deg, card.roll_deg] = tilt;
        });
        let painting = self.easel.paint(&scene)?;
        let shot = Shot::of(&painting, FULL_HD_PX, Sensor { exposure: 0.95, noise: 1.6, seed: self.seed })?;
        let Some(truth) = &shot.truth.card else { return Ok(()) };
        let planes = decode_still(&shot.jpeg)?;
        let picture = picture_of(&planes)?;
        let lens = Lens::assumed(u32::from(FULL_HD_PX.0), u32::from(FULL_HD_PX.1));
        let (width, height) = (85.6 * truth.px_per_mm, 53.98 * truth.px_per_mm);
        let shift = chance.between(-0.02, 0.02) * width;
        let middle = (960.0 + shift, 540.0 - shift);
        let outline = Rect { x: middle.0 - width / 2.0, y: middle.1 - height / 2.0, width, height };
        let found = CardAnalyser::new().analyse(&picture, &lens, &Guide { outline }, CardFormat::Id1);
        let mut record = Record {
            set: "density".into(),
            shown: "good".into(),
            seed: self.seed,
            variant,
            passed: found.is_some(),
            kept: found.is_some(),
            codes: Vec::new(),
            first: None,
            values: std::collections::BTreeMap::new(),
        };
        record = record.with("true_dpi", truth.px_per_mm * 25.4);
        if let Some(card) = found {
            record = record.with("dpi", card.px_per_mm * 25.4);
        }
        self.wall.hang(&record, &shot)?;
        self.records.push(record);
        Ok(())
    }

    /// A reflection that burns more than 3 % of the card.
    fn with_glare(&mut self, base: &Scene, chance: &mut Chance) -> Result<Scene, EvaluationError> {
        let (x_mm, y_mm) = (chance.between(12.0, 74.0), chance.between(12.0, 42.0));
        let mut radius_mm = chance.between(7.0, 12.0);
        loop {
            let mut scene = base.clone();
            card(&mut scene, |card| card.glare = Some(Glare { x_mm, y_mm, radius_mm, strength: 2.0 }));
            let share = self.easel.paint(&scene)?.truth.card.map_or(1.0, |card| card.glare_share);
            if share > 0.035 || radius_mm > 40.0 {
                return Ok(scene);
            }
            radius_mm *= 1.3;
        }
    }

    fn judge(
        &mut self,
        shown: &str,
        variant: u32,
        scene: &Scene,
        sensor: Sensor,
        needs: CardNeeds,
    ) -> Result<(), EvaluationError> {
        let painting = self.easel.paint(scene)?;
        let mut observer = Observer::new(Mode::IdCard { needs }, Settings::default())?;
        let mut last = None;
        for look in 0..LOOKS {
            let shot = Shot::of(&painting, SIZE_PX, Sensor { seed: sensor.seed + 31 * look, ..sensor })?;
            let opinion = observer.watch(&shot.jpeg, LOOK_EVERY * look as u32)?;
            last = Some((shot, opinion));
        }
        let Some((shot, opinion)) = last else { return Ok(()) };
        let mut record = Record::new(SET, shown, self.seed, variant, &opinion);
        if shown == "no-card" {
            // Stricter than passing: a card that all looks agree on must not be seen at all.
            record.passed = opinion.advice.as_ref().is_some_and(|advice| advice.quad.is_some());
        }
        if let Some(percent) = corner_error_percent(&opinion, &shot.truth) {
            record = record.with("corner_error_percent", percent);
        }
        if let (Some(card), Some(truth)) = (&opinion.card, &shot.truth.card) {
            record = record
                .with("sigma_mm", card.sigma_mm)
                .with("true_sigma_mm", truth.sigma_mm)
                .with("glare_share", card.glare_share)
                .with("true_glare_share", truth.glare_share)
                .with("text_lines", card.text_lines)
                .with("tilt_degrees", card.tilt_degrees)
                .with("true_tilt_degrees", truth.tilt_deg);
            if let Some(portrait) = card.portrait {
                record = record.with("portrait", portrait);
            }
        }
        self.wall.hang(&record, &shot)?;
        self.records.push(record);
        Ok(())
    }
}

fn px_per_mm(scene: &Scene) -> f32 {
    let distance_mm = scene.card.as_ref().map_or(130.0, |card| card.distance_mm);
    scene.focal_px() / distance_mm
}

/// The worst corner, in per cent of the card's width. `None` without a card, or before its edges are agreed.
pub fn corner_error_percent(opinion: &Opinion, truth: &Truth) -> Option<f32> {
    let (card, truth) = (opinion.card.as_ref()?, truth.card.as_ref()?);
    if let Some(advice) = &opinion.advice {
        advice.quad?;
    }
    let width =
        f32::midpoint(truth.corners[0].distance_px(truth.corners[1]), truth.corners[3].distance_px(truth.corners[2]));
    let worst = card
        .quad
        .0
        .iter()
        .zip(&truth.corners)
        .map(|(found, real)| (found.x - real.x_px).hypot(found.y - real.y_px))
        .fold(0.0, f32::max);
    Some(100.0 * worst / width.max(1.0))
}

fn picture_of(planes: &Planes) -> Result<Picture<'_>, PlaneError> {
    let lend = |plane: &'_ likeness_camera::Plane| -> Result<(u32, u32, u32), PlaneError> {
        let side = |length: usize| u32::try_from(length).map_err(|_| PlaneError::TooLarge);
        Ok((side(plane.width)?, side(plane.height)?, side(plane.stride)?))
    };
    let (width, height, stride) = lend(&planes.y)?;
    Ok(Picture { luma: Plane::new(&planes.y.px, width, height, stride)?, colour: Colour::None })
}
