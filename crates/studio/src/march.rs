//! Walks rays through a person's shape and lights what they hit.
//!
//! One ray per pixel, four where neighbours differ. Each pixel depends on nothing but its place,
//! so the number of threads never changes the picture.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::complexion::surface;
use crate::geometry::{Pinhole, V3, step_between, v3};
use crate::head::{Bust, Part};
use crate::looks::Looks;
use crate::picture::CutOut;
use crate::scene::{Learner, Light};

/// Rays per pixel where an edge runs through it, as offsets from its middle.
const EDGE_RAYS: [(f32, f32); 4] = [(-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125)];

/// Rays of a square of this side are led through free space together.
pub(crate) const TILE_PX: usize = 8;

/// Lit lights: directions towards them and strengths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lamps {
    to_key: V3,
    key: V3,
    to_fill: V3,
    fill: V3,
    sky: V3,
    ground: V3,
}

impl Lamps {
    pub(crate) fn new(light: &Light) -> Self {
        let (azimuth, elevation) = (light.key_azimuth_deg.to_radians(), light.key_elevation_deg.to_radians());
        Self {
            to_key: v3(azimuth.sin() * elevation.cos(), elevation.sin(), azimuth.cos() * elevation.cos()),
            key: v3(1.0, 0.955, 0.90) * light.key,
            to_fill: v3(0.12, 0.05, 1.0).unit(),
            fill: v3(0.96, 0.98, 1.03) * light.fill,
            sky: v3(0.97, 0.99, 1.04) * light.ambient,
            ground: v3(0.80, 0.72, 0.64) * light.ambient * 0.62,
        }
    }

    /// Light on a free surface with this normal.
    pub(crate) fn irradiance(&self, n: V3) -> V3 {
        let key = self.key * n.dot(self.to_key).max(0.0);
        let fill = self.fill * n.dot(self.to_fill).max(0.0);
        self.ground.mix(self.sky, 0.5 + 0.5 * n.y) + key + fill
    }

    /// Direction to the key light where Y points down, as on a card.
    pub(crate) fn key_direction_y_down(&self) -> V3 {
        v3(self.to_key.x, -self.to_key.y, self.to_key.z)
    }
}

/// One person placed before a camera.
pub(crate) struct Sitter<'a> {
    bust: Bust,
    looks: &'a Looks,
    lamps: Lamps,
    eye: Pinhole,
    /// The camera in body place.
    camera: V3,
    /// Nearest and furthest distance at which anything of the person can be.
    near: f32,
    far: f32,
}

#[derive(Clone, Copy)]
struct Hit {
    light: [f32; 4],
    part: Option<Part>,
    depth: f32,
}

const MISS: Hit = Hit { light: [0.0; 4], part: None, depth: 0.0 };

impl<'a> Sitter<'a> {
    pub(crate) fn new(learner: &'a Learner, light: &Light, eye: Pinhole) -> Self {
        let place = v3(learner.right_mm, learner.up_mm, -learner.distance_mm);
        Self {
            bust: Bust::new(learner),
            looks: &learner.looks,
            lamps: Lamps::new(light),
            eye,
            camera: -place,
            near: (learner.distance_mm - 130.0).max(5.0),
            far: learner.distance_mm + 900.0,
        }
    }

    pub(crate) fn bust(&self) -> &Bust {
        &self.bust
    }

    /// Draws the pixels `x..x+w`, `y..y+h`. `None` when `stop` was raised on the way.
    pub(crate) fn draw(&self, x: i32, y: i32, w: usize, h: usize, stop: &AtomicBool) -> Option<CutOut> {
        let tiles = w.div_ceil(TILE_PX);
        let mut starts = vec![None; tiles * h.div_ceil(TILE_PX)];
        rows(&mut starts, tiles, stop, |row, out| {
            let middle = TILE_PX as f32 / 2.0;
            for (column, start) in out.iter_mut().enumerate() {
                let (left, top) = (x as f32 + (column * TILE_PX) as f32, y as f32 + (row * TILE_PX) as f32);
                *start = self.free_until(left + middle, top + middle);
            }
        });
        let start_at = |column: usize, row: usize| starts[row / TILE_PX * tiles + column / TILE_PX];
        let mut hits = vec![MISS; w * h];
        rows(&mut hits, w, stop, |row, out| {
            for (column, hit) in out.iter_mut().enumerate() {
                *hit = self.look(x as f32 + column as f32 + 0.5, y as f32 + row as f32 + 0.5, start_at(column, row));
            }
        });
        let mut px = vec![[0.0f32; 4]; w * h];
        rows(&mut px, w, stop, |row, out| {
            for (column, o) in out.iter_mut().enumerate() {
                let own = &hits[row * w + column];
                *o = own.light;
                if !Self::is_edge(&hits, w, h, column, row) {
                    continue;
                }
                let mut sum = [0.0f32; 4];
                for (dx, dy) in EDGE_RAYS {
                    let (at_x, at_y) = (x as f32 + column as f32 + 0.5 + dx, y as f32 + row as f32 + 0.5 + dy);
                    let ray = self.look(at_x, at_y, start_at(column, row));
                    for (s, v) in sum.iter_mut().zip(ray.light) {
                        *s += v * 0.25;
                    }
                }
                *o = sum;
            }
        });
        (!stop.load(Ordering::Relaxed)).then_some(CutOut { x, y, w, h, px })
    }

    fn is_edge(hits: &[Hit], w: usize, h: usize, x: usize, y: usize) -> bool {
        let own = &hits[y * w + x];
        let differs = |other: &Hit| {
            other.part != own.part
                || (other.depth - own.depth).abs() > 5.0
                || (0..3)
                    .any(|i| (other.light[i] - own.light[i]).abs() > 0.045 + 0.30 * own.light[i].min(other.light[i]))
        };
        (x > 0 && differs(&hits[y * w + x - 1]))
            || (x + 1 < w && differs(&hits[y * w + x + 1]))
            || (y > 0 && differs(&hits[(y - 1) * w + x]))
            || (y + 1 < h && differs(&hits[(y + 1) * w + x]))
    }

    /// How far the rays of a tile go through free space together; `None` when none of them meets anything.
    fn free_until(&self, x_px: f32, y_px: f32) -> Option<f32> {
        let ray = self.eye.ray(x_px, y_px);
        // The cone holds the tile's corners and the rays just outside it.
        let widens = (TILE_PX as f32 * 0.7072 + 1.0) / self.eye.f_px;
        let mut t = self.near;
        for _ in 0..96 {
            let free = self.bust.parts(self.camera + ray * t).least() - t * widens;
            if free < 0.3 {
                break;
            }
            t += free * 0.8;
            if t > self.far {
                return None;
            }
        }
        Some(t)
    }

    /// `start`: from where to look, as [`Self::free_until`] gives it.
    fn look(&self, x_px: f32, y_px: f32, start: Option<f32>) -> Hit {
        let Some(mut t) = start else {
            return MISS;
        };
        let ray = self.eye.ray(x_px, y_px);
        let mut d = f32::INFINITY;
        for _ in 0..72 {
            d = self.bust.parts(self.camera + ray * t).least();
            if d < 0.12 || t > self.far {
                break;
            }
            t += d * 0.88;
        }
        // A ray that grazes a cheek may run out of steps close above it: that is skin, not a hole.
        if d > 0.8 {
            return MISS;
        }
        let q = self.camera + ray * t;
        let part = self.bust.parts(q).part();
        let light = self.shade(q, ray, part);
        Hit { light: [light.x, light.y, light.z, 1.0], part: Some(part), depth: t }
    }

    fn normal(&self, q: V3, part: Part) -> V3 {
        let e = if part == Part::Skin { 0.45 } else { 0.6 };
        let of = |k: V3| {
            let parts = self.bust.parts(q + k * e);
            k * match part {
                Part::Skin => parts.skin,
                Part::Eye => parts.eye,
                Part::Hair => parts.hair,
                Part::Cloth => parts.cloth,
                Part::Rim => parts.rim,
            }
        };
        (of(v3(1.0, -1.0, -1.0)) + of(v3(-1.0, -1.0, 1.0)) + of(v3(-1.0, 1.0, -1.0)) + of(v3(1.0, 1.0, 1.0))).unit()
    }

    /// How open the surroundings are, 0 closed in to 1 free.
    fn openness(&self, q: V3, n: V3) -> f32 {
        let mut closed = 0.0;
        let mut weight = 1.0;
        for reach in [3.0f32, 9.0, 20.0, 38.0] {
            let d = self.bust.solid(q + n * reach);
            closed += weight * ((reach - d) / reach).max(0.0);
            weight *= 0.62;
        }
        (1.0 - 0.52 * closed).clamp(0.0, 1.0)
    }

    /// How much of the key light arrives, softened as by a window a metre wide.
    fn lit(&self, q: V3, n: V3) -> f32 {
        if n.dot(self.lamps.to_key) < -0.35 {
            return 0.0;
        }
        let mut arrived = 1.0f32;
        let mut t = 3.0;
        for _ in 0..12 {
            let d = self.bust.solid(q + n * 1.2 + self.lamps.to_key * t);
            arrived = arrived.min(0.5 + 5.0 * d / t);
            if arrived <= 0.0 || t > 170.0 {
                break;
            }
            t += d.max(5.0);
        }
        step_between(0.0, 1.0, arrived)
    }

    fn shade(&self, q: V3, ray: V3, part: Part) -> V3 {
        let n = self.normal(q, part);
        let s = surface(&self.bust, self.looks, part, q);
        let open = self.openness(q, n);
        let lit = self.lit(q, n);
        let facing = |to: V3| {
            let cosine = n.dot(to);
            let soft = |w: f32| ((cosine + w) / (1.0 + w)).max(0.0);
            v3(soft(s.wrap.x), soft(s.wrap.y), soft(s.wrap.z))
        };
        let up = 0.5 + 0.5 * n.y;
        let around = self.lamps.ground.mix(self.lamps.sky, up) * open;
        let key = facing(self.lamps.to_key).times(self.lamps.key) * lit;
        let fill = facing(self.lamps.to_fill).times(self.lamps.fill) * (0.35 + 0.65 * open);
        let diffuse = s.albedo.times(around + key + fill);
        let shine = |to: V3, strength: V3| {
            let half = (to - ray).unit();
            let cosine = n.dot(half).max(0.0);
            let grazing = 1.0 - (-ray.dot(half)).clamp(0.0, 1.0);
            let fresnel = 0.035 + 0.965 * grazing.powi(5);
            strength * (fresnel * s.gloss * (s.gloss_exponent + 8.0) * 0.04 * cosine.powf(s.gloss_exponent))
        };
        diffuse
            + shine(self.lamps.to_key, self.lamps.key) * lit
            + shine(self.lamps.to_fill, self.lamps.fill) * (0.6 * open)
    }
}

/// Hands rows to a few threads; a row is skipped once `stop` is raised.
fn rows<T: Send>(all: &mut [T], w: usize, stop: &AtomicBool, each: impl Fn(usize, &mut [T]) + Sync) {
    let next = AtomicUsize::new(0);
    let helpers = std::thread::available_parallelism().map_or(2, usize::from).clamp(1, 4);
    let bands: Vec<std::sync::Mutex<(usize, &mut [T])>> =
        all.chunks_mut(w * 8).enumerate().map(|(i, band)| std::sync::Mutex::new((i * 8, band))).collect();
    let work = || {
        while let Some(band) = bands.get(next.fetch_add(1, Ordering::Relaxed)) {
            // Each band is taken once, so the lock is always free; it only proves that to the compiler.
            let Ok(mut band) = band.lock() else { return };
            let first = band.0;
            for (i, row) in band.1.chunks_mut(w).enumerate() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                each(first + i, row);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..helpers {
            scope.spawn(work);
        }
        work();
    });
}
