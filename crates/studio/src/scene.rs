//! What is to be drawn. Every part has a sensible default; a scene is checked as a whole before a pixel is drawn.

use crate::error::{SceneError, within};
use crate::looks::Looks;

/// Width of an ID-1 card (ISO/IEC 7810).
pub(crate) const CARD_WIDTH_MM: f32 = 85.60;
/// Height of an ID-1 card (ISO/IEC 7810).
pub(crate) const CARD_HEIGHT_MM: f32 = 53.98;
/// From the point between the eyes to the chin of the drawn head.
pub(crate) const EYES_TO_CHIN_MM: f32 = 117.0;

const LEAST_SIDE_PX: u32 = 16;
const MOST_SIDE_PX: u32 = 4096;
const MOST_OTHERS: usize = 8;

/// One picture to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Width, 16 to 4096.
    pub width_px: u32,
    /// Height, 16 to 4096.
    pub height_px: u32,
    /// Decides room, noise, and whatever the parts leave open.
    pub seed: u64,
    /// The person the picture is about.
    pub learner: Option<Learner>,
    /// The card held up.
    pub card: Option<CardScene>,
    /// Other people, at most 8.
    pub others: Vec<Learner>,
    /// Pictures of people that hang or are held in the room, at most 8.
    pub flats: Vec<Flat>,
    /// Where light comes from.
    pub light: Light,
    /// The camera.
    pub lens: LensModel,
    /// What is behind everybody.
    pub room: RoomStyle,
    /// Burns `SPECIMEN` into the lower left corner.
    pub specimen_mark: bool,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            width_px: 640,
            height_px: 480,
            seed: 1,
            learner: None,
            card: None,
            others: Vec::new(),
            flats: Vec::new(),
            light: Light::default(),
            lens: LensModel::default(),
            room: RoomStyle::Shelf,
            specimen_mark: false,
        }
    }
}

impl Scene {
    /// An empty room.
    pub fn empty(seed: u64, width_px: u32, height_px: u32) -> Self {
        Self { width_px, height_px, seed, ..Self::default() }
    }

    /// A learner sitting well: eyes to chin is .315 of the height, looking straight at the camera.
    pub fn face(seed: u64, width_px: u32, height_px: u32) -> Self {
        let mut scene = Self::empty(seed, width_px, height_px);
        let distance_mm = scene.distance_for_share_mm(0.315);
        // The middle of the face, not the eyes, belongs into the middle of the picture.
        let up_mm = 0.072 * height_px as f32 * distance_mm / scene.focal_px();
        scene.learner = Some(Learner { distance_mm, up_mm, ..Learner::of(seed) });
        scene
    }

    /// A card held well: .56 of the width, flat, the learner out of focus behind it when `with_learner`.
    pub fn id(seed: u64, width_px: u32, height_px: u32, layout: CardLayout) -> Self {
        let mut scene = Self::empty(seed, width_px, height_px);
        let distance_mm = scene.distance_for_card_share_mm(0.56);
        scene.card = Some(CardScene { seed, layout, distance_mm, ..CardScene::default() });
        scene
    }

    /// A learner with the photo side of the card beside the head, on the right of the picture.
    pub fn face_with_card(seed: u64, width_px: u32, height_px: u32) -> Self {
        let mut scene = Self::empty(seed, width_px, height_px);
        let focal_px = scene.focal_px();
        // The card is held a little nearer than the head, and its gap from the eye leaves the cheek free.
        let head_mm = scene.distance_for_share_mm(0.41);
        let eyes_px = 63.0 * focal_px / head_mm;
        let card_px = 1.50 * eyes_px;
        let card_mm = CARD_WIDTH_MM * focal_px / card_px;
        let head_x_px = -0.115 * width_px as f32;
        let eyes_y_px = 0.095 * height_px as f32;
        let card_x_px = head_x_px + 1.25 * eyes_px + 0.5 * card_px;
        let card_y_px = eyes_y_px - 0.45 * eyes_px;
        scene.learner = Some(Learner {
            distance_mm: head_mm,
            right_mm: head_x_px * head_mm / focal_px,
            up_mm: eyes_y_px * head_mm / focal_px,
            ..Learner::of(seed)
        });
        scene.card = Some(CardScene {
            seed,
            layout: CardLayout::PhotoOnly,
            distance_mm: card_mm,
            right_mm: card_x_px * card_mm / focal_px,
            up_mm: card_y_px * card_mm / focal_px,
            ..CardScene::default()
        });
        scene
    }

    /// Focal length in pixels.
    pub fn focal_px(&self) -> f32 {
        self.width_px as f32 / (2.0 * (self.lens.field_of_view_deg.to_radians() / 2.0).tan())
    }

    /// How far a learner sits when eyes to chin takes this share of the picture's height.
    pub fn distance_for_share_mm(&self, share: f32) -> f32 {
        self.focal_px() * EYES_TO_CHIN_MM / (share * self.height_px as f32)
    }

    /// How far a card is when it takes this share of the picture's width.
    pub fn distance_for_card_share_mm(&self, share: f32) -> f32 {
        self.focal_px() * CARD_WIDTH_MM / (share * self.width_px as f32)
    }

    pub(crate) fn check(&self) -> Result<(), SceneError> {
        let sides = LEAST_SIDE_PX..=MOST_SIDE_PX;
        if !sides.contains(&self.width_px) || !sides.contains(&self.height_px) {
            return Err(SceneError::Size {
                width_px: self.width_px,
                height_px: self.height_px,
                least: LEAST_SIDE_PX,
                most: MOST_SIDE_PX,
            });
        }
        if self.others.len() > MOST_OTHERS {
            return Err(SceneError::Crowd { count: self.others.len(), most: MOST_OTHERS });
        }
        self.lens.check()?;
        self.light.check()?;
        self.learner.iter().chain(&self.others).try_for_each(Learner::check)?;
        if self.flats.len() > MOST_OTHERS {
            return Err(SceneError::Crowd { count: self.flats.len(), most: MOST_OTHERS });
        }
        self.flats.iter().try_for_each(Flat::check)?;
        self.card.as_ref().map_or(Ok(()), CardScene::check)
    }
}

/// A person before the camera.
#[derive(Clone, Debug, PartialEq)]
pub struct Learner {
    /// Face, skin, hair, clothes.
    pub looks: Looks,
    /// From the camera to the point between the eyes, 150 to 6000.
    pub distance_mm: f32,
    /// How far right of the middle of the picture the head is, in its own plane.
    pub right_mm: f32,
    /// How far above the middle of the picture the eyes are, in their own plane.
    pub up_mm: f32,
    /// Degrees, -60 to 60; positive turns the nose to the right of the picture.
    pub yaw_deg: f32,
    /// Degrees, -45 to 45; positive lifts the nose.
    pub pitch_deg: f32,
    /// Degrees, -45 to 45; positive leans clockwise in the picture.
    pub roll_deg: f32,
    /// 0 closed to 1 open.
    pub eyes_open: f32,
    /// Gap between the lips, 0 to 30.
    pub mouth_open_mm: f32,
    /// 0 neutral to 1 smiling with closed lips.
    pub smile: f32,
}

impl Default for Learner {
    fn default() -> Self {
        Self::of(1)
    }
}

impl Learner {
    /// A person of this seed, 55 cm away, looking straight ahead.
    pub fn of(seed: u64) -> Self {
        Self {
            looks: Looks::from_seed(seed),
            distance_mm: 550.0,
            right_mm: 0.0,
            up_mm: 15.0,
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            eyes_open: 1.0,
            mouth_open_mm: 0.0,
            smile: 0.5,
        }
    }

    fn check(&self) -> Result<(), SceneError> {
        within("the learner's distance in mm", self.distance_mm, 150.0, 6_000.0)?;
        within("the learner's place to the right in mm", self.right_mm, -6_000.0, 6_000.0)?;
        within("the learner's place upwards in mm", self.up_mm, -6_000.0, 6_000.0)?;
        within("yaw in degrees", self.yaw_deg, -60.0, 60.0)?;
        within("pitch in degrees", self.pitch_deg, -45.0, 45.0)?;
        within("roll in degrees", self.roll_deg, -45.0, 45.0)?;
        within("the opening of the eyes", self.eyes_open, 0.0, 1.0)?;
        within("the opening of the mouth in mm", self.mouth_open_mm, 0.0, 30.0)?;
        within("the smile", self.smile, 0.0, 1.0)?;
        self.looks.check()
    }
}

/// What a picture of a person is shown on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FlatKind {
    /// A printed poster, 420 x 594 mm.
    #[default]
    Poster,
    /// A telephone with a lit screen, 76 x 158 mm, as if somebody held a photo of a face up.
    PhoneScreen,
    /// A framed photo, 180 x 240 mm.
    PictureFrame,
}

impl FlatKind {
    /// Width and height in millimetres.
    pub fn size_mm(self) -> (f32, f32) {
        match self {
            Self::Poster => (420.0, 594.0),
            Self::PhoneScreen => (76.0, 158.0),
            Self::PictureFrame => (180.0, 240.0),
        }
    }
}

/// A picture of a person in the room.
#[derive(Clone, Debug, PartialEq)]
pub struct Flat {
    /// Whose picture.
    pub seed: u64,
    /// What it is shown on.
    pub kind: FlatKind,
    /// From the camera to its middle, 100 to 6000.
    pub distance_mm: f32,
    /// How far right of the middle of the picture its middle is, in its own plane.
    pub right_mm: f32,
    /// How far above the middle of the picture, in its own plane.
    pub up_mm: f32,
    /// Degrees, -70 to 70; turn about its vertical axis.
    pub yaw_deg: f32,
    /// Degrees, -180 to 180; positive turns clockwise in the picture.
    pub roll_deg: f32,
}

impl Default for Flat {
    fn default() -> Self {
        Self {
            seed: 1,
            kind: FlatKind::Poster,
            distance_mm: 1_500.0,
            right_mm: 0.0,
            up_mm: 0.0,
            yaw_deg: 0.0,
            roll_deg: 0.0,
        }
    }
}

impl Flat {
    fn check(&self) -> Result<(), SceneError> {
        within("the picture's distance in mm", self.distance_mm, 100.0, 6_000.0)?;
        within("the picture's place to the right in mm", self.right_mm, -6_000.0, 6_000.0)?;
        within("the picture's place upwards in mm", self.up_mm, -6_000.0, 6_000.0)?;
        within("the picture's yaw in degrees", self.yaw_deg, -70.0, 70.0)?;
        within("the picture's roll in degrees", self.roll_deg, -180.0, 180.0)
    }
}

/// Which side of which card is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CardLayout {
    /// The usual front: portrait and name together.
    #[default]
    PhotoAndName,
    /// Two-sided card, the side with the portrait and without the name.
    PhotoOnly,
    /// Two-sided card, the side with the name and without a portrait.
    NameOnly,
    /// The usual back: address and machine-readable lines.
    Back,
}

impl CardLayout {
    /// Every layout there is.
    pub const ALL: [Self; 4] = [Self::PhotoAndName, Self::PhotoOnly, Self::NameOnly, Self::Back];

    /// Whether this side carries the portrait.
    pub fn has_portrait(self) -> bool {
        matches!(self, Self::PhotoAndName | Self::PhotoOnly)
    }

    /// Whether this side carries the learner's name in plain text.
    pub fn has_name(self) -> bool {
        matches!(self, Self::PhotoAndName | Self::NameOnly)
    }
}

/// A card before the camera.
#[derive(Clone, Debug, PartialEq)]
pub struct CardScene {
    /// Whose card it is: the same seed as the learner's gives a portrait of the learner.
    pub seed: u64,
    /// Which side is shown.
    pub layout: CardLayout,
    /// From the camera to the middle of the card, 60 to 3000.
    pub distance_mm: f32,
    /// How far right of the middle of the picture the card's middle is, in its own plane.
    pub right_mm: f32,
    /// How far above the middle of the picture, in its own plane.
    pub up_mm: f32,
    /// Degrees, -70 to 70; turn about the card's vertical axis.
    pub yaw_deg: f32,
    /// Degrees, -70 to 70; positive tips the top edge away from the camera.
    pub pitch_deg: f32,
    /// Degrees, -180 to 180; positive turns clockwise in the picture.
    pub roll_deg: f32,
    /// A lamp mirrored in the card.
    pub glare: Option<Glare>,
    /// Whether a hand holds it by the lower edge.
    pub hand: bool,
    /// How much further than usual the thumb covers the card, 0 to 30 mm.
    pub thumb_deeper_mm: f32,
}

impl Default for CardScene {
    fn default() -> Self {
        Self {
            seed: 1,
            layout: CardLayout::PhotoAndName,
            distance_mm: 132.0,
            right_mm: 0.0,
            up_mm: 0.0,
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            glare: None,
            hand: true,
            thumb_deeper_mm: 0.0,
        }
    }
}

impl CardScene {
    fn check(&self) -> Result<(), SceneError> {
        within("the card's distance in mm", self.distance_mm, 60.0, 3_000.0)?;
        within("the card's place to the right in mm", self.right_mm, -3_000.0, 3_000.0)?;
        within("the card's place upwards in mm", self.up_mm, -3_000.0, 3_000.0)?;
        within("the card's yaw in degrees", self.yaw_deg, -70.0, 70.0)?;
        within("the card's pitch in degrees", self.pitch_deg, -70.0, 70.0)?;
        within("the card's roll in degrees", self.roll_deg, -180.0, 180.0)?;
        within("the depth of the thumb in mm", self.thumb_deeper_mm, 0.0, 30.0)?;
        self.glare.as_ref().map_or(Ok(()), |glare| {
            within("the glare's place on the card in mm", glare.x_mm, -100.0, 200.0)?;
            within("the glare's place on the card in mm", glare.y_mm, -100.0, 200.0)?;
            within("the glare's radius in mm", glare.radius_mm, 0.5, 100.0)?;
            within("the glare's strength", glare.strength, 0.0, 50.0)
        })
    }
}

/// The mirror image of a lamp in the card's surface: light added as a bell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glare {
    /// From the card's left edge.
    pub x_mm: f32,
    /// From the card's top edge.
    pub y_mm: f32,
    /// Standard deviation of the bell along the card's width; two thirds of it across.
    pub radius_mm: f32,
    /// Peak, in units of a white surface at right exposure.
    pub strength: f32,
}

/// Where light comes from. Right exposure with the default light puts the eye whites at about 190 of 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Light {
    /// Degrees to the right of the camera; negative is left in the picture.
    pub key_azimuth_deg: f32,
    /// Degrees above the camera.
    pub key_elevation_deg: f32,
    /// Strength of the key light, 0 to 10.
    pub key: f32,
    /// Light from the direction of the camera (the screen), 0 to 10.
    pub fill: f32,
    /// Light from everywhere, 0 to 10.
    pub ambient: f32,
    /// Brightness of the room behind, 0 to 20; 1 is usual.
    pub background: f32,
    /// Exposure of the picture, 0 to 20; 1 is right.
    pub exposure: f32,
}

impl Default for Light {
    fn default() -> Self {
        Self {
            key_azimuth_deg: -32.0,
            key_elevation_deg: 34.0,
            key: 0.62,
            fill: 0.30,
            ambient: 0.34,
            background: 1.0,
            exposure: 1.0,
        }
    }
}

impl Light {
    fn check(&self) -> Result<(), SceneError> {
        within("the key light's azimuth in degrees", self.key_azimuth_deg, -180.0, 180.0)?;
        within("the key light's elevation in degrees", self.key_elevation_deg, -90.0, 90.0)?;
        within("the key light's strength", self.key, 0.0, 10.0)?;
        within("the fill light's strength", self.fill, 0.0, 10.0)?;
        within("the ambient light's strength", self.ambient, 0.0, 10.0)?;
        within("the background's brightness", self.background, 0.0, 20.0)?;
        within("the exposure", self.exposure, 0.0, 20.0)
    }
}

/// The camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LensModel {
    /// Across the width, 20 to 120 degrees.
    pub field_of_view_deg: f32,
    /// Standard deviation of the blur over everything, 0 to 20 px.
    pub blur_px: f32,
    /// Standard deviation of the noise in stored luma steps at middle grey, 0 to 40.
    pub noise: f32,
    /// Standard deviation of additional blur on everything that is not the card, 0 to 40 px: the lens is focused on the card.
    pub background_blur_px: f32,
}

impl Default for LensModel {
    fn default() -> Self {
        Self { field_of_view_deg: 60.0, blur_px: 0.5, noise: 1.6, background_blur_px: 0.0 }
    }
}

impl LensModel {
    fn check(&self) -> Result<(), SceneError> {
        within("the field of view in degrees", self.field_of_view_deg, 20.0, 120.0)?;
        within("the blur in px", self.blur_px, 0.0, 20.0)?;
        within("the noise", self.noise, 0.0, 40.0)?;
        within("the background's blur in px", self.background_blur_px, 0.0, 40.0)
    }
}

/// What is behind everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RoomStyle {
    /// A plain wall.
    Plain,
    /// A wall with a shelf and a plant, out of focus.
    #[default]
    Shelf,
    /// A wall with a window: brighter than the learner when `background` is raised.
    Window,
    /// Boards, a door frame and the edge of a desk, all in focus: straight lines where a card's edges could be.
    Lines,
}
