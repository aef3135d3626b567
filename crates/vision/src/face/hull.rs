//! The outline of a face as rows of pixels.

use super::mesh::POINTS;
use crate::Plane;

/// Per row of a plane, the pixels inside the convex hull of a mesh.
pub struct Spans {
    hull: Chain,
    width: u32,
}

impl Spans {
    /// Start and end of the pixels in row `y`; equal when there are none.
    pub fn row(&self, y: u32) -> (usize, usize) {
        span(self.hull.places(), y as f32, self.width)
    }
}

/// Places of the frame in a plane whose sides are the frame's divided by `by`. At most [`POINTS`] of them count.
pub fn spans(points: &[[f32; 3]], by: u32, plane: &Plane<'_>) -> Spans {
    let to_plane = |value: f32| (value + 0.5) / by as f32 - 0.5;
    let mut places = [[0.0; 2]; POINTS];
    let count = points.len().min(POINTS);
    for (place, [x, y, _]) in places.iter_mut().zip(points) {
        *place = [to_plane(*x), to_plane(*y)];
    }
    Spans { hull: convex_hull(&mut places[..count]), width: plane.width() }
}

fn span(outline: &[[f32; 2]], y: f32, width: u32) -> (usize, usize) {
    let (mut left, mut right) = (f32::MAX, f32::MIN);
    for (index, from) in outline.iter().enumerate() {
        let to = outline[(index + 1) % outline.len()];
        let (low, high) = if from[1] <= to[1] { (*from, to) } else { (to, *from) };
        if low[1] <= y && y <= high[1] {
            let share = (y - low[1]) / (high[1] - low[1]).max(f32::MIN_POSITIVE);
            let x = low[0] + share.min(1.0) * (high[0] - low[0]);
            left = left.min(x);
            right = right.max(x);
        }
    }
    let start = left.ceil().clamp(0.0, width as f32) as usize;
    let end = (right.floor() + 1.0).clamp(0.0, width as f32) as usize;
    (start, end.max(start))
}

/// Corners of an outline, in the order it is walked.
struct Chain {
    places: [[f32; 2]; POINTS],
    count: usize,
}

impl Chain {
    fn places(&self) -> &[[f32; 2]] {
        &self.places[..self.count]
    }

    /// Adds the next corner, and takes back those from `start` on that it makes hollow.
    fn add(&mut self, next: [f32; 2], start: usize) {
        let turns_right = |places: &[[f32; 2]]| match places {
            [.., a, b] => (b[0] - a[0]) * (next[1] - a[1]) - (b[1] - a[1]) * (next[0] - a[0]) <= 0.0,
            _ => false,
        };
        while turns_right(&self.places[start..self.count]) {
            self.count -= 1;
        }
        if self.count < POINTS {
            self.places[self.count] = next;
            self.count += 1;
        }
    }
}

/// Andrew's monotone chain, 1979: one half from the left to the right, the other one back.
fn convex_hull(places: &mut [[f32; 2]]) -> Chain {
    places.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let mut hull = Chain { places: [[0.0; 2]; POINTS], count: 0 };
    for place in &*places {
        hull.add(*place, 0);
    }
    // The last place of each half is the first of the other one.
    let half = hull.count.saturating_sub(1);
    hull.count = half;
    for place in places.iter().rev() {
        hull.add(*place, half);
    }
    hull.count = hull.count.saturating_sub(1).max(half);
    hull
}
