//! Size, light and mimic of the main face.
//!
//! Guarantees: every number finite. Formulas and the shares of the eye distance follow ISO/IEC 29794-5 where it has
//! them; light is judged at the eye whites, because they are equally bright in every skin tone.

use super::light::Histogram;
use super::mesh::{Chroma, Mesh, middle};
use super::pose::pose;
use super::sharpness::{Rows, edge_width};
use super::{Face, hull};
use crate::{Lens, Picture, Plane, Point};

/// Mean distance of human pupils, millimetres; what turns pixels into distance.
const EYE_DISTANCE_MM: f32 = 63.0;
/// Half sides of an eye box over the inter-eye distance.
const EYE_BOX: (f32, f32) = (0.20, 0.11);
/// Places an eye box is read at, across and down: about the resolution it has at an inter-eye distance of 70 px.
const EYE_GRID: (usize, usize) = (29, 17);
/// Below this inter-eye distance in the small picture the frame itself is read.
const EYE_DETAIL_PX: f32 = 40.0;
/// Side of a cheek square over the inter-eye distance.
const CHEEK: f32 = 0.3;
/// Places a cheek square is read at, along each side.
const CHEEK_GRID: usize = 12;
/// Luma from which skin counts as burnt.
const BURNT: usize = 250;
/// Linear luminance below which two cheeks are equally black.
const BLACK: f32 = 0.001;
/// Chin, lips, corners of the mouth in the mesh.
const CHIN: usize = 152;
const MOUTH: (usize, usize) = (61, 291);
const INNER_LIPS: (usize, usize) = (13, 14);
const INNER_CORNERS: (usize, usize) = (78, 308);

/// A frame in both sizes.
#[derive(Clone, Copy)]
pub struct Sizes<'a> {
    /// As it came.
    pub frame: Picture<'a>,
    /// Sides divided by `by`.
    pub small: Picture<'a>,
    /// See above.
    pub by: u32,
}

/// A plane that is read at places of the frame, whatever its size.
#[derive(Clone, Copy)]
struct Reader<'a> {
    plane: Plane<'a>,
    by: f32,
}

impl Reader<'_> {
    fn at(&self, place: Point) -> f32 {
        self.plane.sample((place.x + 0.5) / self.by - 0.5, (place.y + 0.5) / self.by - 0.5)
    }
}

/// The face's own axes: along the eyes and down the face, each one inter-eye distance long.
#[derive(Clone, Copy)]
struct Axes {
    across: Point,
    down: Point,
}

impl Axes {
    fn from(&self, origin: Point, across: f32, down: f32) -> Point {
        Point {
            x: origin.x + across * self.across.x + down * self.down.x,
            y: origin.y + across * self.across.y + down * self.down.y,
        }
    }
}

/// The eyes of a mesh and what they say.
#[derive(Debug, Clone, Copy)]
pub struct Eyes {
    /// Right and left eye centre (the person's own).
    pub centres: [Point; 2],
    /// Between them, pixels; at least 1.
    pub apart_px: f32,
    /// 98th percentile luma of the better eye box.
    pub white_luma: f32,
    /// Lower of both boxes' standard deviation over mean.
    pub contrast: f32,
}

/// Reads the eyes; also the last gate that tells a face from a thing.
pub fn eyes(sizes: &Sizes<'_>, mesh: &Mesh) -> Eyes {
    let centres = [mesh.between(33, 133), mesh.between(362, 263)];
    let apart_px = centres[0].distance(centres[1]).max(1.0);
    let reader = reader(sizes, apart_px);
    let axes = axes(centres, apart_px);
    let read = centres.map(|centre| eye_box(&reader, &axes, centre));
    Eyes { centres, apart_px, white_luma: read[0].0.max(read[1].0), contrast: read[0].1.min(read[1].1) }
}

fn axes([right, left]: [Point; 2], apart_px: f32) -> Axes {
    let (x, y) = (left.x - right.x, left.y - right.y);
    // Two eyes in one place give no direction; level is as good as any.
    let (x, y) = if x.hypot(y) < 1.0 { (apart_px, 0.0) } else { (x, y) };
    Axes { across: Point { x, y }, down: Point { x: -y, y: x } }
}

fn reader<'a>(sizes: &Sizes<'a>, apart_px: f32) -> Reader<'a> {
    if apart_px / sizes.by as f32 >= EYE_DETAIL_PX {
        Reader { plane: sizes.small.luma, by: sizes.by as f32 }
    } else {
        Reader { plane: sizes.frame.luma, by: 1.0 }
    }
}

/// 98th percentile, and standard deviation over mean.
fn eye_box(reader: &Reader<'_>, axes: &Axes, centre: Point) -> (f32, f32) {
    let mut values = [0.0; EYE_GRID.0 * EYE_GRID.1];
    for (index, value) in values.iter_mut().enumerate() {
        let share = |step: usize, steps: usize| 2.0 * step as f32 / (steps - 1) as f32 - 1.0;
        let across = EYE_BOX.0 * share(index % EYE_GRID.0, EYE_GRID.0);
        let down = EYE_BOX.1 * share(index / EYE_GRID.0, EYE_GRID.1);
        *value = reader.at(axes.from(centre, across, down));
    }
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
    let place = (0.98 * (count - 1.0)).round() as usize;
    let (_, bright, _) = values.select_nth_unstable_by(place, f32::total_cmp);
    (*bright, variance.sqrt() / mean.max(1.0))
}

/// Memory of the measures, kept so that nothing is allocated per frame.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Rows of the sharpness.
    rows: Rows,
    /// For the points of the next face.
    pub points: Vec<[f32; 3]>,
}

/// Everything that is measured on the main face.
pub fn measure(
    sizes: &Sizes<'_>,
    lens: &Lens,
    mesh: &Mesh,
    eyes: &Eyes,
    score: f32,
    workspace: &mut Workspace,
) -> Face {
    let mut points = std::mem::take(&mut workspace.points);
    points.clear();
    points.extend_from_slice(&mesh.points);
    let (width, height) = (sizes.frame.luma.width() as f32, sizes.frame.luma.height() as f32);
    let middle = middle(eyes.centres[0], eyes.centres[1]);
    let pose = pose(mesh);
    let skin = skin(sizes, mesh);
    let (side_light_ratio, darker_side_is_image_left) = side_light(sizes, mesh, eyes, middle);
    let eye_white = eyes.white_luma.max(1.0);
    // A turned head shows the eyes closer together than they are.
    let true_apart_px = eyes.apart_px / pose.yaw.to_radians().cos().max(0.3);
    Face {
        score,
        presence: mesh.presence,
        bounds: mesh.bounds,
        eyes: eyes.centres,
        inter_eye_px: eyes.apart_px,
        head_height_ratio: middle.distance(mesh.at(CHIN)) / height,
        border_margin: border_margin(mesh, width, height),
        yaw_degrees: pose.yaw,
        pitch_degrees: pose.pitch,
        roll_degrees: pose.roll,
        eye_white_luma: eyes.white_luma,
        eye_contrast: eyes.contrast,
        burnt_share: skin.face.share_from(BURNT),
        background_over_eye: skin.behind.percentile(0.5) / eye_white,
        side_light_ratio,
        darker_side_is_image_left,
        blur: edge_width(&sizes.frame.luma, middle, eyes.apart_px, &mut workspace.rows) / eyes.apart_px,
        mouth_open: ratio(mesh, INNER_LIPS, INNER_CORNERS),
        face_p95_luma: skin.face.percentile(0.95),
        chroma: skin.chroma,
        distance_mm: lens.focal_px.max(0.0) * EYE_DISTANCE_MM / true_apart_px,
        points,
    }
}

fn ratio(mesh: &Mesh, gap: (usize, usize), width: (usize, usize)) -> f32 {
    mesh.at(gap.0).distance(mesh.at(gap.1)) / mesh.at(width.0).distance(mesh.at(width.1)).max(1.0)
}

fn border_margin(mesh: &Mesh, width: f32, height: f32) -> f32 {
    let bounds = &mesh.bounds;
    let right = width - 1.0 - (bounds.x + bounds.width);
    let bottom = height - 1.0 - (bounds.y + bounds.height);
    bounds.x.min(bounds.y).min(right).min(bottom) / width
}

/// What lies inside the outline of the face, and above and beside it.
struct Skin {
    face: Histogram,
    /// The upper third of the frame without the face.
    behind: Histogram,
    chroma: Option<f32>,
}

fn skin(sizes: &Sizes<'_>, mesh: &Mesh) -> Skin {
    let luma = &sizes.small.luma;
    let spans = hull::spans(&mesh.points, sizes.by, luma);
    let (mut face, mut behind) = (Histogram::new(), Histogram::new());
    let colour = Chroma::new(&sizes.small.colour);
    let (mut distance, mut counted) = (0.0, 0_u32);
    for y in 0..luma.height() {
        let row = luma.row(y);
        let (start, end) = spans.row(y);
        face.add(&row[start..end]);
        if y < luma.height() / 3 {
            behind.add(&row[..start]);
            behind.add(&row[end..]);
        }
        // Colour is stored at half size, so every second place tells all there is.
        for x in (start..end).step_by(2).filter(|_| y % 2 == 0) {
            let (u, v) = colour.at(x as f32, y as f32);
            distance += u.hypot(v);
            counted += 1;
        }
    }
    if behind.is_empty() {
        // The face fills the whole upper third: nothing behind it can be bright.
        behind.add(&[0]);
    }
    let chroma = (colour.is_there() && counted > 0).then(|| distance / counted.max(1) as f32);
    Skin { face, behind, chroma }
}

/// Ratio of the linear luminance of the cheeks, and whether the image's left one is darker.
fn side_light(sizes: &Sizes<'_>, mesh: &Mesh, eyes: &Eyes, middle: Point) -> (f32, bool) {
    let reader = reader(sizes, eyes.apart_px);
    let axes = axes(eyes.centres, eyes.apart_px);
    let below = 0.5 * middle.distance(mesh.between(MOUTH.0, MOUTH.1)) / eyes.apart_px;
    // The person's right eye stands left in the image; its cheek square reaches outward from it.
    let [left, right] = [(eyes.centres[0], -CHEEK), (eyes.centres[1], 0.0)].map(|(eye, start)| {
        let mut sum = 0.0;
        for index in 0..CHEEK_GRID * CHEEK_GRID {
            let step = |step: usize| CHEEK * (step as f32 + 0.5) / CHEEK_GRID as f32;
            let across = start + step(index % CHEEK_GRID);
            sum += linear(reader.at(axes.from(eye, across, below + step(index / CHEEK_GRID))));
        }
        sum / (CHEEK_GRID * CHEEK_GRID) as f32
    });
    ((left.max(right) + BLACK) / (left.min(right) + BLACK), left < right)
}

/// Linear luminance of a stored luma, 0 to 1: the curve of IEC 61966-2-1 (sRGB).
fn linear(luma: f32) -> f32 {
    let value = (luma / 255.0).clamp(0.0, 1.0);
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}
