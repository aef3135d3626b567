//! Scenes of the studio as pictures: luma and halved colour, as a JPEG decoder leaves them.

use likeness_studio::{Scene, Truth};
use likeness_vision::{Colour, Lens, Picture, Plane};

/// A drawn scene and the truth about it.
pub struct Drawn {
    /// What is really in it.
    pub truth: Truth,
    width: u32,
    height: u32,
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
}

impl Drawn {
    /// Draws a scene; its sides must be even.
    pub fn new(scene: &Scene) -> Self {
        let mut rgb = Vec::new();
        let truth = likeness_studio::render(scene, &mut rgb).unwrap();
        let (width, height) = (scene.width_px, scene.height_px);
        let pixel = |x: u32, y: u32| {
            let at = 3 * (y * width + x) as usize;
            yuv([rgb[at], rgb[at + 1], rgb[at + 2]])
        };
        let luma = (0..width * height).map(|at| pixel(at % width, at / width)[0].round() as u8).collect();
        let chroma = |part: usize| {
            let block = |at: u32| {
                let (x, y) = (at % (width / 2) * 2, at / (width / 2) * 2);
                let sum: f32 =
                    [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| pixel(x + dx, y + dy)[part]).iter().sum();
                (sum / 4.0 + 128.0).round().clamp(0.0, 255.0) as u8
            };
            (0..width / 2 * (height / 2)).map(block).collect()
        };
        Self { truth, width, height, luma, blue: chroma(1), red: chroma(2) }
    }

    /// As the measures read it.
    pub fn picture(&self) -> Picture<'_> {
        let plane = |bytes, width, height| Plane::new(bytes, width, height, width).unwrap();
        let half = |bytes| plane(bytes, self.width / 2, self.height / 2);
        Picture {
            luma: plane(&self.luma, self.width, self.height),
            colour: Colour::Planar { u: half(&self.blue), v: half(&self.red), shift_x: 1, shift_y: 1 },
        }
    }

    /// The same without colour.
    pub fn grey(&self) -> Picture<'_> {
        Picture { colour: Colour::None, ..self.picture() }
    }

    /// The lens it was drawn with.
    pub fn lens(&self) -> Lens {
        Lens { focal_px: self.truth.focal_px, known: true, ..Lens::assumed(self.width, self.height) }
    }
}

/// BT.601, full range; the differences around zero.
fn yuv(rgb: [u8; 3]) -> [f32; 3] {
    let [r, g, b] = rgb.map(f32::from);
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [y, (b - y) / 1.772, (r - y) / 1.402]
}
