//! What is really in a drawn picture, so that a measurement can be compared with it.
//!
//! "Left" and "right" in names of parts of a face are the person's own; everything else is as the picture shows it.

use crate::geometry::Point;

/// Everything known about one drawn picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// The learner, when one was drawn.
    pub face: Option<FaceTruth>,
    /// The card, when one was drawn.
    pub card: Option<CardTruth>,
    /// The other people, in the order of the scene.
    pub others: Vec<FaceTruth>,
    /// Corners of the pictures of people, in the order of the scene: top left, top right, bottom right, bottom left.
    pub flats: Vec<[Point; 4]>,
    /// Focal length of the lens in pixels.
    pub focal_px: f32,
    /// Exposure of the picture; 1 is right.
    pub exposure: f32,
    /// Standard deviation of the blur put over the whole picture, in pixels.
    pub blur_px: f32,
}

impl Truth {
    /// How many people are in the picture, portraits on cards, posters and screens not counted.
    pub fn people(&self) -> usize {
        self.others.len() + usize::from(self.face.is_some())
    }
}

/// Where a face is and how it is held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaceTruth {
    /// Degrees; positive: the nose points to the right of the picture.
    pub yaw_deg: f32,
    /// Degrees; positive: the nose points up.
    pub pitch_deg: f32,
    /// Degrees; positive: the head leans clockwise in the picture.
    pub roll_deg: f32,
    /// From the camera to the point between the eyes.
    pub distance_mm: f32,
    /// Places in the picture.
    pub landmarks: FaceLandmarks,
    /// Distance of the eye centres in the picture.
    pub inter_eye_px: f32,
    /// From the point between the eyes to the chin, divided by the height of the picture.
    pub eyes_to_chin_share: f32,
    /// 0 closed, 1 open.
    pub eyes_open: f32,
}

/// Points of a face in the picture, whether or not something covers them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaceLandmarks {
    /// Middle between the corners of the person's right eye (left in the picture).
    pub right_eye: Point,
    /// Middle between the corners of the person's left eye.
    pub left_eye: Point,
    /// Tip of the nose.
    pub nose_tip: Point,
    /// The person's right corner of the mouth.
    pub right_mouth_corner: Point,
    /// The person's left corner of the mouth.
    pub left_mouth_corner: Point,
    /// Lowest point of the chin.
    pub chin: Point,
}

/// Where a card is and what can be seen on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CardTruth {
    /// Corners of the full rectangle (as if they were not rounded): top left, top right, bottom right, bottom left of the card as printed.
    pub corners: [Point; 4],
    /// The smaller of (mean of top and bottom side / 85.60) and (mean of left and right side / 53.98).
    pub px_per_mm: f32,
    /// Standard deviation of all blur on the card (print, sampling, lens), in millimetres on the card.
    pub sigma_mm: f32,
    /// Angle between the card's normal and the line from the card to the camera's plane, in degrees.
    pub tilt_deg: f32,
    /// Share of the card's area whose stored luma is 247 or more.
    pub glare_share: f32,
    /// Share of the card's area covered by the hand.
    pub finger_share: f32,
    /// Whether this side carries the portrait.
    pub has_portrait: bool,
    /// Whether this side carries the learner's name.
    pub has_name: bool,
    /// Corners of the portrait, in the same order as `corners`; all zero without a portrait.
    pub portrait: [Point; 4],
    /// The printed lines.
    pub text_lines: Vec<TextLineTruth>,
}

/// One printed line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextLineTruth {
    /// What it says.
    pub text: String,
    /// Height of its capitals on the card.
    pub height_mm: f32,
    /// Height of its capitals in the picture (at the card's mean density).
    pub height_px: f32,
    /// Where its capitals begin: top left.
    pub start: Point,
    /// Where its last capital ends: bottom right.
    pub end: Point,
}
