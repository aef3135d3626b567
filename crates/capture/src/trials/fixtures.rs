//! A good face, a good card, and a session that is fed 12 looks a second.

use std::time::Duration;

use likeness_vision::card::Card;
use likeness_vision::face::{Face, FaceBox, SceneLight};
use likeness_vision::{Lens, Point, Quad, Rect};
use zeroize::Zeroizing;

use crate::advice::{Advice, Phase};
use crate::mode::{CardNeeds, Hand, Mode, Settings};
use crate::photo::{CameraFacts, CapturedPhoto};
use crate::session::{Ask, Press, Session, Step, Still};
use crate::view::{FrameView, Measures};

pub(super) const ID: Mode = Mode::IdCard { needs: CardNeeds::PhotoAndName };
pub(super) const NAME_SIDE: Mode = Mode::IdCard { needs: CardNeeds::NameSide };
pub(super) const BESIDE: Mode = Mode::FaceWithCard { hand: Hand::Left };
pub(super) const WIDTH: f32 = 1280.0;
pub(super) const HEIGHT: f32 = 720.0;

/// A face that passes every gate, of this eyes-to-chin height, with its middle at these shares of the frame.
pub(super) fn face_at(height_ratio: f32, across: f32, down: f32) -> Face {
    let chin_px = height_ratio * HEIGHT;
    let inter_eye_px = chin_px / 1.87;
    let (width, height) = (1.2 * chin_px, 1.62 * chin_px);
    let middle = Point { x: across * WIDTH, y: down * HEIGHT };
    let bounds = Rect { x: middle.x - width / 2.0, y: middle.y - height / 2.0, width, height };
    let line = middle.y - 0.19 * chin_px;
    let border = bounds.x.min(bounds.y).min(WIDTH - bounds.x - width).min(HEIGHT - bounds.y - height);
    Face {
        score: 0.9,
        presence: 0.99,
        bounds,
        points: Vec::new(),
        eyes: [
            Point { x: middle.x - inter_eye_px / 2.0, y: line },
            Point { x: middle.x + inter_eye_px / 2.0, y: line },
        ],
        inter_eye_px,
        head_height_ratio: height_ratio,
        border_margin: border / WIDTH,
        yaw_degrees: -1.0,
        pitch_degrees: 2.0,
        roll_degrees: 0.5,
        eye_white_luma: 185.0,
        eye_contrast: 0.33,
        burnt_share: 0.0,
        background_over_eye: 0.68,
        side_light_ratio: 1.2,
        darker_side_is_image_left: true,
        blur: 0.04,
        mouth_open: 0.01,
        face_p95_luma: 170.0,
        chroma: Some(12.0),
        distance_mm: 0.866 * WIDTH * 63.0 / inter_eye_px,
    }
}

/// A card that passes every gate, this wide, with its middle at these pixels.
pub(crate) fn card_at(width_px: f32, middle: Point) -> Card {
    let height = width_px / (85.60 / 53.98);
    let (left, right) = (middle.x - width_px / 2.0, middle.x + width_px / 2.0);
    let (top, bottom) = (middle.y - height / 2.0, middle.y + height / 2.0);
    let corner = |x: f32, y: f32| Point { x, y };
    let px_per_mm = width_px / 85.60;
    Card {
        quad: Quad([corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)]),
        score: 1.0,
        px_per_mm,
        sigma_mm: 0.11,
        sigma_px: (0.11 * px_per_mm).min(1.2),
        glare_share: 0.001,
        glare_blobs: Vec::new(),
        glare_over_text: false,
        median_luma: 170.0,
        p90_luma: 210.0,
        tilt_degrees: 3.0,
        roll_degrees: 1.0,
        border_margin: left.min(top).min(WIDTH - right).min(HEIGHT - bottom) / WIDTH,
        text_lines: 5,
        capital_height_px: 2.0 * px_per_mm,
        portrait: Some(0.88),
        portrait_bounds: Some(Rect {
            x: left + 0.06 * width_px,
            y: middle.y - 0.12 * width_px,
            width: 0.24 * width_px,
            height: 0.24 * width_px,
        }),
        upside_down: false,
    }
}

pub(super) fn face_box(eyes_px: f32, at: Point) -> FaceBox {
    let mut keypoints = [at; 6];
    keypoints[0].x -= eyes_px / 2.0;
    keypoints[1].x += eyes_px / 2.0;
    FaceBox {
        score: 0.8,
        bounds: Rect { x: at.x - eyes_px, y: at.y - eyes_px, width: 2.0 * eyes_px, height: 2.0 * eyes_px },
        keypoints,
    }
}

/// An empty, evenly lit room.
pub(super) fn room() -> Measures {
    Measures {
        width_px: 1280,
        height_px: 720,
        lens: Lens::assumed(1280, 720),
        scene: SceneLight { p10: 40.0, p90: 190.0, mean: 120.0 },
        face: None,
        others: Vec::new(),
        card: None,
    }
}

/// What a good look at the mode's subject measures.
pub(super) fn good(mode: Mode) -> Measures {
    let middle = Point { x: WIDTH / 2.0, y: HEIGHT / 2.0 };
    match mode {
        Mode::Face => Measures { face: Some(face_at(0.30, 0.5, 0.5)), ..room() },
        Mode::IdCard { .. } => Measures { card: Some(card_at(0.56 * WIDTH, middle)), ..room() },
        Mode::FaceWithCard { .. } => {
            let face = face_at(0.40, 0.39, 0.5);
            let place = crate::guide::beside_face(&face, Hand::Left, likeness_vision::card::CardFormat::Id1);
            Measures { card: Some(card_at(place.width, place.centre())), face: Some(face), ..room() }
        }
    }
}

/// A session under trial. Answers the session's questions as a camera without faults would.
pub(super) struct Trial {
    pub(super) session: Session,
    pub(super) at: Duration,
    pub(super) every: Duration,
    pub(super) seq: u64,
    pub(super) fresh: bool,
    pub(super) photos: Vec<CapturedPhoto>,
    /// Changes what is measured on the bytes of a still; `None` is a damaged still.
    pub(super) develop: fn(Measures) -> Option<Measures>,
    pub(super) stills: usize,
    pub(super) size_px: (u16, u16),
    last: Option<Advice>,
}

impl Trial {
    pub(super) fn new(mode: Mode, settings: Settings) -> Self {
        Self {
            session: Session::new(mode, settings),
            at: Duration::ZERO,
            every: Duration::from_millis(83),
            seq: 0,
            fresh: true,
            photos: Vec::new(),
            develop: Some,
            stills: 0,
            size_px: (1280, 720),
            last: None,
        }
    }

    /// A session past its warm-up, looking at an empty room.
    pub(super) fn guiding(mode: Mode) -> Self {
        Self::guiding_with(mode, Settings::default())
    }

    pub(super) fn guiding_with(mode: Mode, settings: Settings) -> Self {
        let mut trial = Self::new(mode, settings);
        for _ in 0..20 {
            if trial.look(&room()).phase == Phase::Guiding {
                return trial;
            }
        }
        panic!("the warm-up must end");
    }

    pub(super) fn look(&mut self, measures: &Measures) -> Advice {
        self.at += self.every;
        self.seq += 1;
        let view = FrameView { seq: self.seq, at: self.at, fresh: self.fresh, measures: measures.clone() };
        let step = self.session.on_view(&view);
        self.follow(step, measures)
    }

    pub(super) fn look_for(&mut self, time: Duration, measures: &Measures) -> Advice {
        let until = self.at + time;
        loop {
            let advice = self.look(measures);
            if self.at >= until {
                return advice;
            }
        }
    }

    /// Looks until the phase comes, for at most 10 s.
    pub(super) fn look_until(&mut self, measures: &Measures, wanted: impl Fn(Phase) -> bool) -> Advice {
        let until = self.at + Duration::from_secs(10);
        while self.at < until {
            let advice = self.look(measures);
            if wanted(advice.phase) {
                return advice;
            }
        }
        panic!("the phase did not come; last was {:?}", self.last);
    }

    pub(super) fn press(&mut self, press: Press) {
        self.session.press(press);
    }

    fn follow(&mut self, mut step: Step, measures: &Measures) -> Advice {
        loop {
            match step.ask {
                Some(Ask::Still(seq)) => {
                    self.stills += 1;
                    let still = (self.develop)(measures.clone()).map(|measures| Still {
                        seq,
                        jpeg: Zeroizing::new(vec![0xFF, 0xD8, 0xFF, 0xD9]),
                        size_px: self.size_px,
                        measures,
                        taken_at_unix_ms: 1_700_000_000_000,
                        camera: CameraFacts::default(),
                    });
                    step = self.session.on_still(still, self.at);
                }
                Some(Ask::Photo(photo)) => {
                    self.photos.push(photo);
                    step.ask = None;
                }
                Some(Ask::Keep) | None => {
                    self.last = Some(step.advice.clone());
                    return step.advice;
                }
            }
        }
    }
}
