//! The thresholds, compiled in from `profiles/*.toml` by `build.rs`.
//!
//! Guarantees: a profile that exists is complete and its limits are in order.
//! Refuses to know: what a limit is for; the gates name that.

/// Where advice starts and where the automatic shutter stops. An absent limit is infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    pub(crate) warn: f64,
    pub(crate) stop: f64,
}

#[derive(Debug)]
pub(crate) struct Thresholds {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) face_height_min: Limits,
    pub(crate) face_height_max: Limits,
    pub(crate) beside_height_min: Limits,
    pub(crate) beside_height_max: Limits,
    pub(crate) inter_eye_px_min: Limits,
    pub(crate) face_margin_min: Limits,
    pub(crate) face_across_max: Limits,
    pub(crate) face_down_max: Limits,
    pub(crate) yaw_max: Limits,
    pub(crate) pitch_max: Limits,
    pub(crate) roll_max: Limits,
    pub(crate) eye_white_min: Limits,
    pub(crate) eye_white_max: Limits,
    pub(crate) burnt_share_max: Limits,
    pub(crate) face_p95_min: Limits,
    pub(crate) background_max: Limits,
    pub(crate) side_light_max: Limits,
    pub(crate) face_blur_max: Limits,
    pub(crate) eye_contrast_min: Limits,
    pub(crate) mouth_open_max: Limits,
    pub(crate) card_density_min: Limits,
    pub(crate) card_sigma_mm_max: Limits,
    pub(crate) card_fill_min: Limits,
    pub(crate) card_fill_max: Limits,
    pub(crate) card_margin_min: Limits,
    pub(crate) card_across_max: Limits,
    pub(crate) card_down_max: Limits,
    pub(crate) card_tilt_max: Limits,
    pub(crate) card_roll_max: Limits,
    pub(crate) card_glare_max: Limits,
    pub(crate) card_median_max: Limits,
    pub(crate) card_p90_min: Limits,
    pub(crate) card_lines_min: Limits,
    pub(crate) card_lines_with_portrait_min: Limits,
    pub(crate) card_capital_px_min: Limits,
    pub(crate) beside_density_min: Limits,
    pub(crate) beside_sigma_px_max: Limits,
    pub(crate) beside_size_min: Limits,
    pub(crate) beside_size_max: Limits,
    pub(crate) portrait_min: Limits,
    pub(crate) beside_portrait_min: Limits,
    pub(crate) portrait_on_card_min: Limits,
    pub(crate) portrait_on_card_max: Limits,
    pub(crate) portrait_of_face_min: Limits,
    pub(crate) portrait_of_face_max: Limits,
    pub(crate) face_height_target: f64,
    pub(crate) beside_height_target: f64,
    pub(crate) face_blur_floor: f64,
    pub(crate) face_blur_of_best: f64,
    pub(crate) eye_contrast_of_best: f64,
    pub(crate) eye_contrast_readable: f64,
    pub(crate) card_sigma_mm_green: f64,
    pub(crate) other_face_of_main: f64,
    pub(crate) glare_over_text_stop: f64,
    pub(crate) steady_overlap: f64,
    pub(crate) moving_share: f64,
}

include!(concat!(env!("OUT_DIR"), "/profiles.rs"));

/// A named, versioned set of thresholds. Its meaning is fixed when the program is built.
#[derive(Debug, Clone, Copy)]
pub struct Profile(&'static Thresholds);

impl Profile {
    /// The one every learner meets unless policy says otherwise.
    pub fn standard() -> Self {
        Self(&STANDARD)
    }

    /// The standard with warnings of light, pose and sharpness made stops.
    pub fn strict() -> Self {
        Self(&STRICT)
    }

    /// The profile of that name, as policy writes it.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::standard(), Self::strict()].into_iter().find(|profile| profile.0.name == name)
    }

    /// Name and version, for example `standard/1`, as the manifest records it.
    pub fn label(self) -> String {
        format!("{}/{}", self.0.name, self.0.version)
    }

    pub(crate) fn limits(self) -> &'static Thresholds {
        self.0
    }
}
