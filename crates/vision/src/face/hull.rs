//! The outline of a face as rows of pixels.

use crate::Plane;

/// Per row of a plane, the pixels inside the convex hull of a mesh.
pub struct Spans {
    first_row: u32,
    rows: Vec<(usize, usize)>,
}

impl Spans {
    /// Start and end of the pixels in row `y`; equal when there are none.
    pub fn row(&self, y: u32) -> (usize, usize) {
        y.checked_sub(self.first_row).and_then(|row| self.rows.get(row as usize)).copied().unwrap_or((0, 0))
    }
}

/// Places of the frame in a plane whose sides are the frame's divided by `by`.
pub fn spans(points: &[[f32; 3]], by: u32, plane: &Plane<'_>) -> Spans {
    let to_plane = |value: f32| (value + 0.5) / by as f32 - 0.5;
    let mut places: Vec<[f32; 2]> = points.iter().map(|[x, y, _]| [to_plane(*x), to_plane(*y)]).collect();
    let outline = convex_hull(&mut places);
    let rows = |value: f32| value.clamp(0.0, plane.height() as f32) as u32;
    let top = outline.iter().fold(f32::MAX, |top, place| top.min(place[1]));
    let bottom = outline.iter().fold(f32::MIN, |bottom, place| bottom.max(place[1]));
    let first_row = rows(top.ceil());
    let last_row = rows(bottom.floor() + 1.0);
    let rows = (first_row..last_row).map(|y| span(&outline, y as f32, plane.width())).collect();
    Spans { first_row, rows }
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

/// Andrew's monotone chain, 1979.
fn convex_hull(places: &mut [[f32; 2]]) -> Vec<[f32; 2]> {
    places.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let turns_right = |hull: &[[f32; 2]], next: &[f32; 2]| match hull {
        [.., a, b] => (b[0] - a[0]) * (next[1] - a[1]) - (b[1] - a[1]) * (next[0] - a[0]) <= 0.0,
        _ => false,
    };
    let chain = |places: &mut dyn Iterator<Item = &[f32; 2]>| {
        let mut chain: Vec<[f32; 2]> = Vec::new();
        for next in places {
            while turns_right(&chain, next) {
                chain.pop();
            }
            chain.push(*next);
        }
        chain.pop();
        chain
    };
    let mut hull = chain(&mut places.iter());
    hull.extend(chain(&mut places.iter().rev()));
    hull
}
