//! Faces of one frame and what can be measured on the main one. Gates are `capture`'s; here are only numbers.

pub(crate) mod detect;
mod hull;
mod light;
mod measure;
mod mesh;
mod pose;
mod sharpness;
mod shrink;
mod track;

use crate::{Plane, Point, Rect};

pub use track::{FaceAnalyser, SURE_SCORE};

/// The pixels of `plane`, the frame's own luma, that lie inside the outline of a mesh.
pub(crate) fn outline(points: &[[f32; 3]], plane: &Plane<'_>) -> hull::Spans {
    hull::spans(points, 1, plane)
}

/// One face the detector found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceBox {
    /// Detector score, 0 to 1.
    pub score: f32,
    /// Box of the detector, pixels of the frame.
    pub bounds: Rect,
    /// Right eye, left eye (the person's own), nose tip, mouth, right ear, left ear.
    pub keypoints: [Point; 6],
}

/// Everything one frame says about faces.
#[derive(Debug, Clone, Default)]
pub struct FaceReport {
    /// The main face: the largest that passed the detector, mesh presence and eye-contrast gates.
    pub main: Option<Face>,
    /// Every other face the detector is sure of (score at least 0.60) and mesh and eyes confirm, largest first, at most 8.
    /// As of the last look of the detector, at most four analysed frames ago. Empty without a main face.
    pub others: Vec<FaceBox>,
    /// Light of the whole frame.
    pub scene: SceneLight,
}

/// Luma of the whole frame, 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SceneLight {
    /// 10th percentile.
    pub p10: f32,
    /// 90th percentile.
    pub p90: f32,
    /// Mean.
    pub mean: f32,
}

/// The main face. All lengths in pixels of the frame, angles in degrees.
#[derive(Debug, Clone)]
pub struct Face {
    /// Detector score, 0 to 1.
    pub score: f32,
    /// Mesh presence, 0 to 1.
    pub presence: f32,
    /// Bounds of the mesh points.
    pub bounds: Rect,
    /// The 468 mesh points: x, y in frame pixels, z in the same scale.
    pub points: Vec<[f32; 3]>,
    /// Right and left eye centre (the person's own).
    pub eyes: [Point; 2],
    /// Inter-eye distance.
    pub inter_eye_px: f32,
    /// Eye midpoint to chin, divided by the frame's height: `T/H` of ISO/IEC 29794-5's head size.
    pub head_height_ratio: f32,
    /// Smallest distance of any hull point from a border, as a share of the frame's width (negative: outside).
    pub border_margin: f32,
    /// Turned to the image's right is positive.
    pub yaw_degrees: f32,
    /// Chin raised is positive.
    pub pitch_degrees: f32,
    /// Tilted clockwise in the image is positive.
    pub roll_degrees: f32,
    /// 98th percentile luma of the better eye box: how bright the eye whites are, 0 to 255. Fair to every skin tone.
    pub eye_white_luma: f32,
    /// Lower of the two eye boxes' standard deviation over mean. Closed eyes are low.
    pub eye_contrast: f32,
    /// Share of the face hull at or above 250.
    pub burnt_share: f32,
    /// Median luma of the upper third outside the hull, divided by `eye_white_luma`.
    pub background_over_eye: f32,
    /// Ratio (at least 1) of the linear luminance of the two cheeks.
    pub side_light_ratio: f32,
    /// Which cheek is darker in the image: true = the image's left one.
    pub darker_side_is_image_left: bool,
    /// Edge width in the eye band over the inter-eye distance. Smaller is sharper; not to be judged below 60 px.
    pub blur: f32,
    /// Inner-lip gap over mouth width.
    pub mouth_open: f32,
    /// 95th percentile luma of the face hull: the fallback when the eyes cannot be used for light.
    pub face_p95_luma: f32,
    /// Mean distance of chroma from neutral in the face, 0 to 128; `None` without colour.
    pub chroma: Option<f32>,
    /// From the camera to the eyes, millimetres, for eyes 63 mm apart. Only as true as the lens: see [`crate::Lens::known`].
    pub distance_mm: f32,
}
