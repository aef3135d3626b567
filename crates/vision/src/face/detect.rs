//! Finds faces: one run of the detector over a picture or a part of it.
//!
//! Guarantees: boxes in pixels of the picture it was given, best first, each face once.
//! Refuses to know: whether a box is a face after all. Cups and cats score too; the mesh and the eyes decide (`track`).

use super::FaceBox;
use super::shrink::{Cells, Sums};
use crate::net::{ModelError, Network};
use crate::{Colour, Picture, Point, Rect};

/// Side of the square the network sees, pixels.
const SIDE: usize = 128;
/// Numbers per box: centre, size and six points.
const BOX: usize = 16;
/// Boxes that overlap a better one by more are the same face.
const SAME_OVERLAP: f32 = 0.3;
/// So are boxes of which a better one covers more than this share of the smaller.
const SAME_COVERED: f32 = 0.6;
/// Anchors of the network: cells along a side, and boxes in each cell.
const ANCHORS: [(usize, usize); 2] = [(16, 2), (8, 6)];

/// The detector and its memory.
pub struct Detector {
    network: Network,
    sums: Sums,
    luma: Vec<f32>,
    blue: Vec<f32>,
    red: Vec<f32>,
    candidates: Vec<FaceBox>,
}

/// Where the network's square lies in the picture, edges at whole numbers.
#[derive(Clone, Copy)]
struct Square {
    x: f32,
    y: f32,
    side: f32,
}

impl Detector {
    /// Loads the network.
    pub fn new() -> Result<Self, ModelError> {
        let plane = || vec![0.0; SIDE * SIDE];
        Ok(Self {
            network: Network::detector()?,
            sums: Sums::default(),
            luma: plane(),
            blue: plane(),
            red: plane(),
            candidates: Vec::new(),
        })
    }

    /// Every face that scores at least `floor`, in the whole picture or in `region` (pixels, outside counts as black).
    pub fn find(&mut self, picture: &Picture<'_>, region: Option<Rect>, floor: f32) -> &[FaceBox] {
        self.candidates.clear();
        let (width, height) = (picture.luma.width() as f32, picture.luma.height() as f32);
        let whole = Rect { x: 0.0, y: 0.0, width, height };
        if let Some(clip) = inside(region.unwrap_or(whole), whole) {
            let side = clip.width.max(clip.height);
            let centre = clip.centre();
            let square = Square { x: centre.x - side / 2.0, y: centre.y - side / 2.0, side };
            self.look(picture, square, clip);
            self.decode(square, floor);
            keep_each_once(&mut self.candidates);
        }
        &self.candidates
    }

    fn look(&mut self, picture: &Picture<'_>, square: Square, clip: Rect) {
        let step = square.side / SIDE as f32;
        let cells = Cells { x: square.x, y: square.y, width: step, height: step, clip, count: SIDE };
        self.sums.average(&picture.luma, &cells, 0.0, &mut self.luma);
        if let Colour::Planar { u, v, shift_x, shift_y } = picture.colour {
            let cells = cells.halved(shift_x, shift_y);
            self.sums.average(&u, &cells, 128.0, &mut self.blue);
            self.sums.average(&v, &cells, 128.0, &mut self.red);
        } else {
            self.blue.fill(0.0);
            self.red.fill(0.0);
        }
        let (pixels, _) = self.network.input().as_chunks_mut::<3>();
        for (((pixel, y), u), v) in pixels.iter_mut().zip(&self.luma).zip(&self.blue).zip(&self.red) {
            *pixel = rgb(*y, *u, *v).map(|value| value / 127.5 - 1.0);
        }
    }

    fn decode(&mut self, square: Square, floor: f32) {
        let [boxes, logits] = self.network.run() else { return };
        // The logistic function only rises, so the floor is compared before it is computed.
        let floor_logit = (floor / (1.0 - floor)).ln();
        for (index, (values, logit)) in boxes.chunks_exact(BOX).zip(logits).enumerate() {
            if *logit >= floor_logit {
                self.candidates.push(decode_one(values, logistic(*logit), anchor(index), square));
            }
        }
    }
}

/// The part of `rect` that lies in `whole`; `None` when that is less than a pixel.
fn inside(rect: Rect, whole: Rect) -> Option<Rect> {
    let x = rect.x.max(0.0);
    let y = rect.y.max(0.0);
    let width = (rect.x + rect.width).min(whole.width) - x;
    let height = (rect.y + rect.height).min(whole.height) - y;
    (width >= 1.0 && height >= 1.0).then_some(Rect { x, y, width, height })
}

/// From luma and the two differences (0 is no colour) to red, green, blue, 0 to 255: BT.601, full range (JFIF 1.02).
pub fn rgb(y: f32, u: f32, v: f32) -> [f32; 3] {
    [y + 1.402 * v, y - 0.344_136 * u - 0.714_136 * v, y + 1.772 * u].map(|value| value.clamp(0.0, 255.0))
}

/// `1 / (1 + e^-x)`, of a logit held within what the float can express.
pub fn logistic(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit.clamp(-100.0, 100.0)).exp())
}

/// Centre of anchor `index`, as a share of the square's side.
fn anchor(index: usize) -> (f32, f32) {
    let mut rest = index;
    for (cells, boxes) in ANCHORS {
        let count = cells * cells * boxes;
        if rest < count {
            let cell = rest / boxes;
            let place = |step: usize| (step as f32 + 0.5) / cells as f32;
            return (place(cell % cells), place(cell / cells));
        }
        rest -= count;
    }
    (0.5, 0.5)
}

fn decode_one(values: &[f32], score: f32, anchor: (f32, f32), square: Square) -> FaceBox {
    // Half a pixel less: the network speaks of edges, a `Point` of pixel centres.
    let point = |at: usize| Point {
        x: square.x + square.side * (values[at] / SIDE as f32 + anchor.0) - 0.5,
        y: square.y + square.side * (values[at + 1] / SIDE as f32 + anchor.1) - 0.5,
    };
    let centre = point(0);
    let width = (square.side * values[2] / SIDE as f32).abs();
    let height = (square.side * values[3] / SIDE as f32).abs();
    FaceBox {
        score,
        bounds: Rect { x: centre.x - width / 2.0, y: centre.y - height / 2.0, width, height },
        keypoints: std::array::from_fn(|index| point(4 + 2 * index)),
    }
}

/// Sorts by score and drops every box that shows the same face as a better one.
pub fn keep_each_once(faces: &mut Vec<FaceBox>) {
    faces.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = 0;
    for index in 0..faces.len() {
        let face = faces[index];
        if !faces[..kept].iter().any(|better| same_face(&better.bounds, &face.bounds)) {
            faces[kept] = face;
            kept += 1;
        }
    }
    faces.truncate(kept);
}

/// Do two boxes show one face?
pub fn same_face(a: &Rect, b: &Rect) -> bool {
    let width = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let height = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    let both = width.max(0.0) * height.max(0.0);
    let smaller = (a.width * a.height).min(b.width * b.height);
    a.overlap(b) > SAME_OVERLAP || both > SAME_COVERED * smaller
}
