//! What a drawn person looks like. All skin tones are equal citizens: a seed draws one from six anchors and the tones between them.

use crate::error::{SceneError, within};
use crate::seed::Dice;

/// Skin from light to dark: linear reflectance in red, green and blue.
pub(crate) const SKIN_ANCHORS: [[f32; 3]; 6] = [
    [0.75, 0.55, 0.45],
    [0.62, 0.40, 0.30],
    [0.55, 0.35, 0.24],
    [0.36, 0.21, 0.13],
    [0.20, 0.11, 0.07],
    [0.10, 0.055, 0.035],
];

/// End of the scale of [`Looks::with_tone`].
pub const DARKEST_TONE: f32 = 5.0;

const BLACK: [f32; 3] = [0.018, 0.016, 0.015];
const DARK_BROWN: [f32; 3] = [0.050, 0.030, 0.020];
const BROWN: [f32; 3] = [0.120, 0.066, 0.036];
const BLOND: [f32; 3] = [0.400, 0.270, 0.130];
const RED: [f32; 3] = [0.260, 0.090, 0.035];
const GREY: [f32; 3] = [0.340, 0.330, 0.320];

const CLOTHES: [[f32; 3]; 8] = [
    [0.035, 0.070, 0.150],
    [0.050, 0.125, 0.085],
    [0.200, 0.040, 0.050],
    [0.300, 0.190, 0.045],
    [0.035, 0.140, 0.150],
    [0.140, 0.140, 0.150],
    [0.170, 0.080, 0.150],
    [0.420, 0.390, 0.340],
];

/// How the hair is worn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hair {
    /// A few millimetres all over.
    Cropped,
    /// Short at the sides, fuller on top.
    Short,
    /// Short, combed to one side.
    Parted,
    /// Down to the shoulders.
    Long,
    /// Full curls.
    Curly,
    /// Tied into a knot on top.
    Bun,
    /// Covered by a scarf that leaves the face free.
    Scarf,
}

/// What is worn on the upper body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clothing {
    /// A jumper with a round neck.
    Jumper,
    /// A jumper with a pointed neck.
    PointedNeck,
    /// A jumper with a high collar.
    HighCollar,
}

/// Looks of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Looks {
    /// Linear reflectance of the skin, each 0.01 to 0.95.
    pub skin: [f32; 3],
    /// How the hair is worn.
    pub hair: Hair,
    /// Linear reflectance of the hair (or the scarf).
    pub hair_colour: [f32; 3],
    /// Linear reflectance of the iris.
    pub eye_colour: [f32; 3],
    /// What is worn.
    pub clothing: Clothing,
    /// Linear reflectance of what is worn.
    pub clothing_colour: [f32; 3],
    /// Width of the face; 1 is usual, 0.9 to 1.1.
    pub face_width: f32,
    /// Width of the jaw; 1 is usual, 0.8 to 1.2.
    pub jaw_width: f32,
    /// Width of the nose; 1 is usual, 0.8 to 1.3.
    pub nose_width: f32,
    /// Fullness of the lips; 1 is usual, 0.6 to 1.6.
    pub lips: f32,
    /// Thickness of the brows; 1 is usual, 0.5 to 1.6.
    pub brows: f32,
    /// Density of a short beard, 0 none to 1.
    pub beard: f32,
    /// Whether glasses with a thin rim are worn.
    pub glasses: bool,
    /// Folds beside nose and mouth, on the forehead and under the eyes: 0 a young face to 1 an old one.
    pub folds: f32,
}

impl Looks {
    /// The person of this seed.
    pub fn from_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let tone = dice.between(0.0, 5.0);
        let skin = blend(&SKIN_ANCHORS, tone);
        let hair =
            [Hair::Short, Hair::Long, Hair::Parted, Hair::Curly, Hair::Bun, Hair::Cropped, Hair::Scarf][dice.below(7)];
        let fair = [BLACK, DARK_BROWN, BROWN, BLOND, RED, GREY];
        let hair_colour = if tone < 1.3 {
            fair[1 + dice.below(5)]
        } else if tone < 2.6 {
            [BLACK, DARK_BROWN, BROWN, GREY][dice.below(4)]
        } else {
            [BLACK, BLACK, DARK_BROWN][dice.below(3)]
        };
        let eye_colour = if tone < 1.6 {
            [[0.10, 0.17, 0.24], [0.13, 0.17, 0.09], [0.12, 0.065, 0.03]][dice.below(3)]
        } else {
            [[0.085, 0.045, 0.022], [0.050, 0.027, 0.015]][dice.below(2)]
        };
        let clothing = [Clothing::Jumper, Clothing::PointedNeck, Clothing::HighCollar][dice.below(3)];
        let first = dice.below(CLOTHES.len());
        let second = (first + 1 + dice.below(CLOTHES.len() - 1)) % CLOTHES.len();
        let bearded = matches!(hair, Hair::Short | Hair::Cropped | Hair::Parted) && dice.unit() < 0.45;
        Self {
            skin,
            hair,
            hair_colour: if hair == Hair::Scarf { CLOTHES[second] } else { hair_colour },
            eye_colour,
            clothing,
            clothing_colour: CLOTHES[first],
            face_width: dice.between(0.95, 1.05),
            jaw_width: dice.between(0.90, 1.10),
            nose_width: dice.between(0.90, 1.15) + 0.05 * (tone / 5.0),
            lips: dice.between(0.85, 1.15) + 0.15 * (tone / 5.0),
            brows: dice.between(0.75, 1.25),
            beard: if bearded { dice.between(0.5, 0.9) } else { 0.0 },
            glasses: false,
            folds: 0.0,
        }
    }

    /// The same person with skin of another tone, from 0 lightest to [`DARKEST_TONE`]; other values count as the nearer end.
    #[must_use]
    pub fn with_tone(self, tone: f32) -> Self {
        Self { skin: blend(&SKIN_ANCHORS, tone.clamp(0.0, DARKEST_TONE)), ..self }
    }

    /// The same person at another age: folds, and grey hair from the middle on. 0 is young, 1 is old.
    #[must_use]
    pub fn aged(self, age: f32) -> Self {
        let age = age.clamp(0.0, 1.0);
        let grey = ((age - 0.5) * 2.0).clamp(0.0, 1.0);
        let hair_colour = if self.hair == Hair::Scarf {
            self.hair_colour
        } else {
            std::array::from_fn(|i| self.hair_colour[i] + (GREY[i] - self.hair_colour[i]) * grey)
        };
        Self { folds: age, hair_colour, lips: (self.lips * (1.0 - 0.2 * age)).max(0.6), ..self }
    }

    pub(crate) fn check(&self) -> Result<(), SceneError> {
        let colours = self.skin.iter().chain(&self.hair_colour).chain(&self.eye_colour).chain(&self.clothing_colour);
        for &value in colours {
            within("a reflectance", value, 0.0, 1.0)?;
        }
        within("the width of the face", self.face_width, 0.9, 1.1)?;
        within("the width of the jaw", self.jaw_width, 0.8, 1.2)?;
        within("the width of the nose", self.nose_width, 0.8, 1.3)?;
        within("the fullness of the lips", self.lips, 0.6, 1.6)?;
        within("the thickness of the brows", self.brows, 0.5, 1.6)?;
        within("the folds of the face", self.folds, 0.0, 1.0)?;
        within("the density of the beard", self.beard, 0.0, 1.0)
    }
}

/// Skin at a place on the scale of the six anchors, 0 lightest to 5 darkest.
fn blend(anchors: &[[f32; 3]; 6], tone: f32) -> [f32; 3] {
    let low = (tone as usize).min(4);
    let share = tone - low as f32;
    std::array::from_fn(|i| anchors[low][i] + (anchors[low + 1][i] - anchors[low][i]) * share)
}
