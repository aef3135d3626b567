//! From measured values to the scores of ISO/IEC 29794-5:2025, as its reference implementation maps them.
//!
//! The formulas are those of OFIQ 1.0.3 (BSI). They reproduce every score OFIQ publishes for its conformance pictures from the raw value published
//! beside it. Our own raw values come from other networks and from luma alone: they are estimates, and nothing here
//! makes them conformant.
//! Guarantees: any number gives a score of 0 to 100, one that is none gives 0.
//! Refuses to know: limits. The standard sets none, and several of these components must not be gated on (dark skin in good light is called
//! under-exposed).

use crate::Picture;
use crate::face::{Face, FaceBox};
use std::f64::consts::PI;

/// A quality component of ISO/IEC 29794-5, by its name in OFIQ's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the standard's own term; its raw value and map stand beside it in `score`")]
pub enum Component {
    UnifiedQualityScore,
    BackgroundUniformity,
    IlluminationUniformity,
    LuminanceMean,
    LuminanceVariance,
    UnderExposurePrevention,
    OverExposurePrevention,
    DynamicRange,
    Sharpness,
    CompressionArtifacts,
    NaturalColour,
    SingleFacePresent,
    EyesOpen,
    MouthClosed,
    EyesVisible,
    MouthOcclusionPrevention,
    FaceOcclusionPrevention,
    InterEyeDistance,
    HeadSize,
    LeftwardCropOfTheFaceImage,
    RightwardCropOfTheFaceImage,
    MarginAboveOfTheFaceImage,
    MarginBelowOfTheFaceImage,
    HeadPoseYaw,
    HeadPosePitch,
    HeadPoseRoll,
    ExpressionNeutrality,
    NoHeadCoverings,
}

impl Component {
    /// All 28, in the order of OFIQ's tables.
    pub const ALL: [Self; 28] = [
        Self::UnifiedQualityScore,
        Self::BackgroundUniformity,
        Self::IlluminationUniformity,
        Self::LuminanceMean,
        Self::LuminanceVariance,
        Self::UnderExposurePrevention,
        Self::OverExposurePrevention,
        Self::DynamicRange,
        Self::Sharpness,
        Self::CompressionArtifacts,
        Self::NaturalColour,
        Self::SingleFacePresent,
        Self::EyesOpen,
        Self::MouthClosed,
        Self::EyesVisible,
        Self::MouthOcclusionPrevention,
        Self::FaceOcclusionPrevention,
        Self::InterEyeDistance,
        Self::HeadSize,
        Self::LeftwardCropOfTheFaceImage,
        Self::RightwardCropOfTheFaceImage,
        Self::MarginAboveOfTheFaceImage,
        Self::MarginBelowOfTheFaceImage,
        Self::HeadPoseYaw,
        Self::HeadPosePitch,
        Self::HeadPoseRoll,
        Self::ExpressionNeutrality,
        Self::NoHeadCoverings,
    ];

    /// The score of a raw value, 0 (worst) to 100, rounded half up. Not a number gives 0.
    ///
    /// `raw`: in the component's own unit: pixels for the eye distance, degrees for the pose, shares and ratios else.
    /// Source: the maps of OFIQ 1.0.3; ISO/IEC 29794-5:2025, clause 7.
    pub fn score(self, raw: f64) -> u8 {
        let score = match self {
            Self::UnifiedQualityScore => 100.0 * rise(raw, 23.0, 2.6),
            Self::BackgroundUniformity => 190.0 * (1.0 - rise(raw, 10.0, 100.0)),
            Self::IlluminationUniformity => 100.0 * raw.powf(0.3),
            Self::LuminanceMean => 100.0 * rise(raw, 0.2, 0.05) * (1.0 - rise(raw, 0.8, 0.05)),
            Self::LuminanceVariance => 100.0 * (60.0 * raw / (60.0 * raw + 1.0) * PI).sin(),
            Self::UnderExposurePrevention => 120.0 * (0.832 - rise(raw, 0.92, 0.05)),
            Self::OverExposurePrevention => 1.0 / (raw + 0.01),
            Self::DynamicRange => 12.5 * raw,
            Self::Sharpness => 115.0 * rise(raw, -20.0, 15.0) - 14.0,
            Self::CompressionArtifacts => 103.0 * rise(raw, 0.3308, 0.092) - 0.0278,
            Self::NaturalColour => 200.0 * (1.0 - rise(raw, 0.0, 10.0)),
            Self::SingleFacePresent
            | Self::EyesVisible
            | Self::MouthOcclusionPrevention
            | Self::FaceOcclusionPrevention => 100.0 * (1.0 - raw),
            Self::EyesOpen => 100.0 * rise(raw, 0.02, 0.01),
            Self::MouthClosed => 100.0 * (1.0 - rise(raw, 0.2, 0.06)),
            Self::InterEyeDistance => 100.0 * rise(raw, 70.0, 20.0),
            Self::HeadSize => 200.0 * (1.0 - rise((raw - 0.45).abs(), 0.0, 0.05)),
            Self::LeftwardCropOfTheFaceImage | Self::RightwardCropOfTheFaceImage => 100.0 * rise(raw, 0.9, 0.1),
            Self::MarginAboveOfTheFaceImage => 100.0 * rise(raw, 1.4, 0.1),
            Self::MarginBelowOfTheFaceImage => 100.0 * rise(raw, 1.8, 0.1),
            Self::HeadPoseYaw | Self::HeadPosePitch | Self::HeadPoseRoll => {
                100.0 * raw.to_radians().cos().max(0.0).powi(2)
            }
            Self::ExpressionNeutrality => 100.0 * rise(raw, -5000.0, 5000.0),
            Self::NoHeadCoverings => uncovered(raw),
        };
        // A conversion of a float saturates, and makes 0 of what is not a number.
        (score + 0.5).floor().clamp(0.0, 100.0) as u8
    }
}

/// The logistic function: one half at `middle`, `width` sets how slowly it rises.
fn rise(value: f64, middle: f64, width: f64) -> f64 {
    1.0 / (1.0 + (-(value - middle) / width).exp())
}

fn uncovered(share: f64) -> f64 {
    const MOST: f64 = 0.95;
    if share <= 0.0 {
        return 100.0;
    }
    if share >= MOST {
        return 0.0;
    }
    let at = |share: f64| rise(share, 0.02, 0.1);
    100.0 * (at(MOST) - at(share)) / (at(MOST) - at(0.0))
}

/// Raw values as far as one frame of ours gives them, in the units [`Component::score`] takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimates {
    /// Inter-eye distance straightened by the yaw, pixels.
    pub inter_eye_distance_px: f64,
    /// Eyes to chin over the height of the frame.
    pub head_size: f64,
    /// From the frame's left border to the eye next to it, inter-eye distances.
    pub leftward_crop: f64,
    /// From the eye next to it to the frame's right border, inter-eye distances.
    pub rightward_crop: f64,
    /// Above the eyes, lengths from eyes to chin.
    pub margin_above: f64,
    /// Below the eyes, lengths from eyes to chin.
    pub margin_below: f64,
    /// Degrees.
    pub yaw_degrees: f64,
    /// Degrees.
    pub pitch_degrees: f64,
    /// Degrees.
    pub roll_degrees: f64,
    /// Area of the largest other face over that of the main one.
    pub second_face: f64,
    /// Mean linear luminance of the face, 0 to 1.
    pub luminance_mean: f64,
    /// Its variance.
    pub luminance_variance: f64,
    /// Share of the face in the lowest tenth of the luminance (0 to 25 of 255).
    pub under_exposed: f64,
    /// Share of the face at the top of it (247 to 255).
    pub over_exposed: f64,
    /// Entropy of its histogram of 256 steps, bits.
    pub dynamic_range: f64,
}

impl Estimates {
    /// Estimates of a face that was measured in this picture.
    ///
    /// `others`: the other faces of the frame. Luminance is taken inside the outline of the mesh from luma alone, as if the picture
    /// were grey; a face of no size gives zeros. Never fails, every number finite.
    pub fn of(face: &Face, picture: &Picture<'_>, others: &[FaceBox]) -> Self {
        let (width, height) = (f64::from(picture.luma.width()), f64::from(picture.luma.height()));
        let apart_px = f64::from(face.inter_eye_px).max(1.0);
        let to_chin_px = (f64::from(face.head_height_ratio) * height).max(1.0);
        let [right_eye, left_eye] = face.eyes;
        let eyes_y = f64::midpoint(f64::from(right_eye.y), f64::from(left_eye.y));
        let (first_x, last_x) = (f64::from(right_eye.x.min(left_eye.x)), f64::from(right_eye.x.max(left_eye.x)));
        let area = |bounds: &crate::Rect| f64::from(bounds.width) * f64::from(bounds.height);
        let second = others.iter().map(|other| area(&other.bounds)).fold(0.0, f64::max);
        let light = Luminance::of(face, picture);
        Self {
            // Beyond 60 degrees the straightened distance is no longer one.
            inter_eye_distance_px: apart_px / f64::from(face.yaw_degrees).to_radians().cos().max(0.5),
            head_size: to_chin_px / height,
            leftward_crop: first_x / apart_px,
            rightward_crop: (width - last_x) / apart_px,
            margin_above: eyes_y / to_chin_px,
            margin_below: (height - eyes_y) / to_chin_px,
            yaw_degrees: f64::from(face.yaw_degrees),
            pitch_degrees: f64::from(face.pitch_degrees),
            roll_degrees: f64::from(face.roll_degrees),
            second_face: (second / area(&face.bounds).max(1.0)).min(1.0),
            luminance_mean: light.mean,
            luminance_variance: light.variance,
            under_exposed: light.under,
            over_exposed: light.over,
            dynamic_range: light.entropy_bits,
        }
    }

    /// Each value with the component it is an estimate of.
    pub fn each(&self) -> [(Component, f64); 15] {
        [
            (Component::InterEyeDistance, self.inter_eye_distance_px),
            (Component::HeadSize, self.head_size),
            (Component::LeftwardCropOfTheFaceImage, self.leftward_crop),
            (Component::RightwardCropOfTheFaceImage, self.rightward_crop),
            (Component::MarginAboveOfTheFaceImage, self.margin_above),
            (Component::MarginBelowOfTheFaceImage, self.margin_below),
            (Component::HeadPoseYaw, self.yaw_degrees),
            (Component::HeadPosePitch, self.pitch_degrees),
            (Component::HeadPoseRoll, self.roll_degrees),
            (Component::SingleFacePresent, self.second_face),
            (Component::LuminanceMean, self.luminance_mean),
            (Component::LuminanceVariance, self.luminance_variance),
            (Component::UnderExposurePrevention, self.under_exposed),
            (Component::OverExposurePrevention, self.over_exposed),
            (Component::DynamicRange, self.dynamic_range),
        ]
    }
}

/// What the histogram of the linear luminance says.
#[derive(Default)]
struct Luminance {
    mean: f64,
    variance: f64,
    under: f64,
    over: f64,
    entropy_bits: f64,
}

/// Last step of the dark end and first of the bright one.
const DARK_TO: usize = 25;
const BRIGHT_FROM: usize = 247;

impl Luminance {
    fn of(face: &Face, picture: &Picture<'_>) -> Self {
        let mut counts = [0_u32; 256];
        let spans = crate::face::outline(&face.points, &picture.luma);
        for y in 0..picture.luma.height() {
            let (start, end) = spans.row(y);
            for luma in &picture.luma.row(y)[start..end] {
                counts[(linear(f64::from(*luma) / 255.0) * 255.0 + 0.5) as usize] += 1;
            }
        }
        let total: u32 = counts.iter().sum();
        if total == 0 {
            return Self::default();
        }
        let shares = counts.map(|count| f64::from(count) / f64::from(total));
        let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
            shares.iter().enumerate().map(|(step, share)| share * of(step as f64 / 255.0)).sum()
        };
        let mean = sum(&|value| value);
        let bits = shares.iter().filter(|share| **share > 0.0).map(|share| -share * share.log2());
        Self {
            mean,
            variance: sum(&|value| (value - mean).powi(2)),
            under: shares[..=DARK_TO].iter().sum(),
            over: shares[BRIGHT_FROM..].iter().sum(),
            entropy_bits: bits.sum(),
        }
    }
}

/// From stored to linear light, both 0 to 1 (IEC 61966-2-1).
fn linear(stored: f64) -> f64 {
    if stored <= 0.04045 { stored / 12.92 } else { ((stored + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Raw values and scores as OFIQ 1.0.3 publishes them (BSI-OFIQ/OFIQ-Project, `expected_results.csv`, MIT): for each
    /// component the worst, a middling and the best picture of its 28.
    #[allow(clippy::unreadable_literal, reason = "written as they are published, so that they can be searched for")]
    #[rustfmt::skip]
    const PUBLISHED: &[(Component, f64, u8)] = &[
        (Component::UnifiedQualityScore, 13.33449, 2),
        (Component::UnifiedQualityScore, 22.899508, 49),
        (Component::UnifiedQualityScore, 27.733389, 86),
        (Component::BackgroundUniformity, 242.789467, 17),
        (Component::BackgroundUniformity, 66.769635, 69),
        (Component::BackgroundUniformity, 35.980417, 83),
        (Component::IlluminationUniformity, 0.012111, 27),
        (Component::IlluminationUniformity, 0.166955, 58),
        (Component::IlluminationUniformity, 0.842057, 95),
        (Component::LuminanceMean, 0.103719, 13),
        (Component::LuminanceMean, 0.277023, 82),
        (Component::LuminanceMean, 0.497561, 100),
        (Component::LuminanceVariance, 0.067912, 58),
        (Component::LuminanceVariance, 0.030372, 90),
        (Component::LuminanceVariance, 0.015774, 100),
        (Component::UnderExposurePrevention, 0.082671, 100),
        (Component::OverExposurePrevention, 6.5e-05, 99),
        (Component::OverExposurePrevention, 0.0, 100),
        (Component::DynamicRange, 5.55899, 69),
        (Component::DynamicRange, 6.729036, 84),
        (Component::DynamicRange, 7.609802, 95),
        (Component::Sharpness, 38.0, 99),
        (Component::Sharpness, 49.0, 100),
        (Component::CompressionArtifacts, 0.964031, 100),
        (Component::NaturalColour, 100.0, 0),
        (Component::NaturalColour, 0.948361, 95),
        (Component::NaturalColour, 0.0, 100),
        (Component::SingleFacePresent, 0.333736, 67),
        (Component::SingleFacePresent, 0.316289, 68),
        (Component::SingleFacePresent, 0.0, 100),
        (Component::EyesOpen, 0.023177, 58),
        (Component::EyesOpen, 0.05741, 98),
        (Component::EyesOpen, 0.074475, 100),
        (Component::MouthClosed, 0.082712, 88),
        (Component::MouthClosed, 0.040533, 93),
        (Component::MouthClosed, 0.005358, 96),
        (Component::EyesVisible, 1.0, 0),
        (Component::EyesVisible, 0.189971, 81),
        (Component::EyesVisible, 0.0, 100),
        (Component::MouthOcclusionPrevention, 1.0, 0),
        (Component::MouthOcclusionPrevention, 0.0, 100),
        (Component::FaceOcclusionPrevention, 0.73643, 26),
        (Component::FaceOcclusionPrevention, 0.182349, 82),
        (Component::FaceOcclusionPrevention, 0.003762, 100),
        (Component::InterEyeDistance, 558.847682, 100),
        (Component::HeadSize, 0.147008, 0),
        (Component::HeadSize, 0.222656, 2),
        (Component::HeadSize, 0.248645, 4),
        (Component::LeftwardCropOfTheFaceImage, 3.709694, 100),
        (Component::RightwardCropOfTheFaceImage, 3.381765, 100),
        (Component::MarginAboveOfTheFaceImage, 1.548853, 82),
        (Component::MarginAboveOfTheFaceImage, 1.768317, 98),
        (Component::MarginAboveOfTheFaceImage, 2.033863, 100),
        (Component::MarginBelowOfTheFaceImage, 1.725211, 32),
        (Component::MarginBelowOfTheFaceImage, 2.022937, 90),
        (Component::MarginBelowOfTheFaceImage, 2.996707, 100),
        (Component::HeadPoseYaw, -7.966364, 98),
        (Component::HeadPoseYaw, -4.255126, 99),
        (Component::HeadPoseYaw, -1.803813, 100),
        (Component::HeadPosePitch, 16.617661, 92),
        (Component::HeadPosePitch, 10.251065, 97),
        (Component::HeadPosePitch, 3.48683, 100),
        (Component::HeadPoseRoll, -27.373343, 79),
        (Component::HeadPoseRoll, 5.036475, 99),
        (Component::HeadPoseRoll, -3.996515, 100),
        (Component::ExpressionNeutrality, -15135.901367, 12),
        (Component::ExpressionNeutrality, -1481.442627, 67),
        (Component::ExpressionNeutrality, 10100.629883, 95),
        (Component::NoHeadCoverings, 0.515918, 1),
        (Component::NoHeadCoverings, 0.401441, 4),
        (Component::NoHeadCoverings, 0.0, 100),
    ];

    #[test]
    fn published_raw_values_get_the_published_scores() {
        assert!(PUBLISHED.len() >= 60, "{} figures", PUBLISHED.len());
        for component in Component::ALL {
            assert!(PUBLISHED.iter().any(|(one, _, _)| *one == component), "{component:?} has a figure");
        }
        for (component, raw, score) in PUBLISHED {
            assert_eq!(component.score(*raw), *score, "{component:?} of {raw}");
        }
    }

    /// Started by `cargo xtask verify-ofiq --csv FILE`, which sets the variable.
    #[test]
    #[ignore = "needs OFIQ's file, which is not part of the project"]
    fn the_whole_published_table_is_reproduced() {
        let path = std::env::var_os("LIKENESS_OFIQ_CSV").expect("LIKENESS_OFIQ_CSV names OFIQ's expected_results.csv");
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let mut rows = text.lines().map(|line| line.split(';').collect::<Vec<_>>());
        let heads = rows.next().expect("a first line with names");
        let column =
            |name: &str| heads.iter().position(|head| *head == name).unwrap_or_else(|| panic!("column {name}"));
        let rows: Vec<_> = rows.filter(|row| row.len() > 1).collect();
        let (mut right, mut all) = (0, 0);
        for component in Component::ALL {
            let name = format!("{component:?}");
            let (raw, score) = (column(&name), column(&format!("{name}.scalar")));
            for row in &rows {
                let published: i32 = row[score].parse().expect("a score");
                let found = component.score(row[raw].parse().expect("a raw value"));
                all += 1;
                if i32::from(found) == published {
                    right += 1;
                } else {
                    println!("{} {name}: raw {} gives {found}, published {published}", row[0], row[raw]);
                }
            }
        }
        println!("figure ofiq_reproduced = {right} of {all}");
        assert!(all > 0 && right == all, "{right} of {all} scores are reproduced");
    }

    #[test]
    fn any_number_gets_a_score() {
        for component in Component::ALL {
            for raw in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 0.0, -0.0, -1.0, 1e-300] {
                assert!(component.score(raw) <= 100, "{component:?} of {raw}");
            }
            assert_eq!(component.score(f64::NAN), 0, "{component:?}: what is no number is worth nothing");
        }
    }
}
