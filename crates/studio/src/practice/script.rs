//! What the practice learner does when: bad moments one after the other, then good for ever.
//!
//! Knows no picture and no clock: a time goes in, a stance comes out.

use std::time::Duration;

use crate::geometry::step_between;

/// How long things take. All of it but the blinking is divided by the pace.
#[derive(Clone, Copy, Debug)]
pub struct Timing;

impl Timing {
    /// How long each bad moment is held: long enough that a hint is shown, read and spoken.
    pub const MOMENT: Duration = Duration::from_millis(2_500);
    /// How long a move to the next moment takes.
    pub const MOVE: Duration = Duration::from_millis(500);
    /// From one blink to the next.
    pub const BLINK_EVERY: Duration = Duration::from_secs(6);
    /// How long a blink lasts: too short to count as closed eyes.
    pub const BLINK_FOR: Duration = Duration::from_millis(150);
    /// When the first blink begins.
    const FIRST_BLINK: Duration = Duration::from_millis(4_200);
}

/// What the learner is asked for, and so how the learner fumbles before getting it right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Script {
    /// Camera check: sits well from the first moment.
    Neutral,
    /// Face photo: too far, too dark, turned away, then good.
    WalkIn,
    /// Face photo with the photo side of the card beside the head (image right): too far, then no card, then good.
    WalkInWithCard,
    /// Card photo: too far, tilted, a lamp mirrored in it, then good.
    Id,
}

/// What is wrong with a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Face or card is too far from the camera.
    TooFar,
    /// Too little light.
    TooDark,
    /// The head is turned away.
    Turned,
    /// The card that belongs beside the head is missing.
    NoCard,
    /// The card is tilted.
    Tilted,
    /// A lamp is mirrored in the card.
    Glare,
    /// Nothing.
    Good,
}

impl Script {
    /// The moments in order; the last one stays.
    pub fn moments(self) -> &'static [Moment] {
        match self {
            Self::Neutral => &[Moment::Good],
            Self::WalkIn => &[Moment::TooFar, Moment::TooDark, Moment::Turned, Moment::Good],
            Self::WalkInWithCard => &[Moment::TooFar, Moment::NoCard, Moment::Good],
            Self::Id => &[Moment::TooFar, Moment::Tilted, Moment::Glare, Moment::Good],
        }
    }

    /// The moment that is on, or being left, at this time at pace 1.
    pub fn moment_at(self, since_begin: Duration) -> Moment {
        let moments = self.moments();
        moments[self.place(since_begin).0]
    }

    /// From when on nothing is wrong any more, at pace 1.
    pub fn good_from(self) -> Duration {
        (Timing::MOMENT + Timing::MOVE) * (self.moments().len() as u32 - 1)
    }

    /// Index of the moment, and how far the move to the next one has gone, 0 to 1.
    fn place(self, at: Duration) -> (usize, f32) {
        let last = self.moments().len() - 1;
        let each = (Timing::MOMENT + Timing::MOVE).as_secs_f32();
        let round = at.as_secs_f32() / each;
        if round >= last as f32 {
            return (last, 0.0);
        }
        let within = round.fract() * each - Timing::MOMENT.as_secs_f32();
        (round as usize, step_between(0.0, 1.0, within / Timing::MOVE.as_secs_f32()))
    }

    /// How things stand at this time at pace 1.
    pub(crate) fn stance_at(self, at: Duration) -> Stance {
        let (index, moved) = self.place(at);
        let moments = self.moments();
        let now = self.stance(moments[index]);
        match moments.get(index + 1) {
            Some(&next) if moved > 0.0 => now.mix(&self.stance(next), moved),
            _ => now,
        }
    }

    fn stance(self, moment: Moment) -> Stance {
        let face = match self {
            Self::WalkInWithCard => FaceStance { x: 0.386, y: 0.405, chin_share: 0.410, yaw_deg: 0.0 },
            Self::Neutral | Self::WalkIn | Self::Id => FaceStance { x: 0.5, y: 0.428, chin_share: 0.315, yaw_deg: 0.0 },
        };
        let card = match self {
            Self::WalkInWithCard => CardStance { x: 0.626, y: 0.500, width_share: 0.182, ..CardStance::FLAT },
            Self::Neutral | Self::WalkIn | Self::Id => CardStance::FLAT,
        };
        let good = Stance { face, card, gain: 1.0 };
        match (self, moment) {
            (Self::Id, Moment::TooFar) => Stance { card: CardStance { width_share: 0.33, y: 0.53, ..card }, ..good },
            (Self::WalkInWithCard, Moment::TooFar) => {
                Stance { face: FaceStance { chin_share: 0.165, y: 0.44, ..face }, card: card.lowered(), ..good }
            }
            (_, Moment::TooFar) => Stance { face: FaceStance { chin_share: 0.160, y: 0.45, ..face }, ..good },
            (_, Moment::TooDark) => Stance { gain: 0.13, ..good },
            (_, Moment::Turned) => Stance { face: FaceStance { yaw_deg: 24.0, ..face }, ..good },
            (_, Moment::NoCard) => Stance { card: card.lowered(), ..good },
            (_, Moment::Tilted) => Stance { card: CardStance { pitch_deg: 38.0, y: 0.52, ..card }, ..good },
            (_, Moment::Glare) => Stance { card: CardStance { glare: 2.4, ..card }, ..good },
            (_, Moment::Good) => good,
        }
    }

    /// Whether the card is the subject, with the learner out of focus behind it.
    pub(crate) fn is_card_alone(self) -> bool {
        self == Self::Id
    }
}

/// Where the face is. Shares are of the picture's width (x) and height (y, chin).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FaceStance {
    /// The point between the eyes.
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// Eyes to chin.
    pub(crate) chin_share: f32,
    pub(crate) yaw_deg: f32,
}

/// Where the card is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CardStance {
    /// The card's middle.
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width_share: f32,
    pub(crate) pitch_deg: f32,
    pub(crate) roll_deg: f32,
    /// Peak of the lamp's mirror image, 0 none.
    pub(crate) glare: f32,
}

impl CardStance {
    const FLAT: Self = Self { x: 0.5, y: 0.5, width_share: 0.56, pitch_deg: 0.0, roll_deg: 0.0, glare: 0.0 };

    /// Out of the picture, below its lower border.
    fn lowered(self) -> Self {
        Self { y: 1.35, ..self }
    }
}

/// Everything a frame is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stance {
    pub(crate) face: FaceStance,
    pub(crate) card: CardStance,
    /// Exposure; 1 is right.
    pub(crate) gain: f32,
}

impl Stance {
    fn mix(&self, next: &Self, t: f32) -> Self {
        let mid = |a: f32, b: f32| a + (b - a) * t;
        Self {
            face: FaceStance {
                x: mid(self.face.x, next.face.x),
                y: mid(self.face.y, next.face.y),
                chin_share: mid(self.face.chin_share, next.face.chin_share),
                yaw_deg: mid(self.face.yaw_deg, next.face.yaw_deg),
            },
            card: CardStance {
                x: mid(self.card.x, next.card.x),
                y: mid(self.card.y, next.card.y),
                width_share: mid(self.card.width_share, next.card.width_share),
                pitch_deg: mid(self.card.pitch_deg, next.card.pitch_deg),
                roll_deg: mid(self.card.roll_deg, next.card.roll_deg),
                glare: mid(self.card.glare, next.card.glare),
            },
            gain: mid(self.gain, next.gain),
        }
    }

    /// Nobody holds quite still: a slow sway of at most a sixth of a percent of the width, in real time.
    pub(crate) fn swayed(mut self, real: Duration) -> Self {
        let t = real.as_secs_f32();
        let wave = |period: f32, phase: f32| (std::f32::consts::TAU * t / period + phase).sin();
        self.face.x += 0.0010 * wave(5.3, 0.4) + 0.0004 * wave(2.1, 1.9);
        self.face.y += 0.0011 * wave(4.1, 2.2);
        self.face.chin_share *= 1.0 + 0.0016 * wave(4.1, 0.9);
        self.card.x += 0.0009 * wave(3.7, 1.1);
        self.card.y += 0.0012 * wave(2.9, 0.2);
        self.card.roll_deg += 0.22 * wave(4.7, 2.8);
        self.card.pitch_deg += 0.40 * wave(6.1, 1.3);
        self
    }
}

/// How far open the eyes are at this time: 1 open, 0.5 half, 0 closed.
pub(crate) fn eyes_open_at(real: Duration) -> f32 {
    let Some(since_first) = real.checked_sub(Timing::FIRST_BLINK) else { return 1.0 };
    let within_ms = since_first.as_millis() % Timing::BLINK_EVERY.as_millis();
    let whole_ms = Timing::BLINK_FOR.as_millis();
    match within_ms {
        ms if ms >= whole_ms => 1.0,
        ms if ms < whole_ms / 4 || ms >= whole_ms * 3 / 4 => 0.5,
        _ => 0.0,
    }
}
