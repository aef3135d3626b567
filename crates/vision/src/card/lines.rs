//! Straight lines near one side of the guide: a Hough vote of the edge points that agree with the line's direction.
//!
//! Guarantees: at most `LINES` lines a side, strongest first; how much of a line is really there is answered for any
//! stretch of it. Knows nothing of cards.

use std::ops::Range;

use super::edges::EdgeMap;

/// Lines kept for one side: the true one, the header line inside it, a shelf behind it, and some.
const LINES: usize = 8;
/// A side may be turned at most this far against the guide's, degrees.
pub(super) const MOST_TURN_DEGREES: i32 = 24;
/// An edge point votes for lines within this of its own direction, degrees.
const AGREEMENT_DEGREES: i32 = 3;
/// Slope by which a point may differ from a line it supports: 8 degrees, because noise turns weak gradients.
const SUPPORT_SLOPE: f32 = 0.14;
/// How far from the line a supporting point may lie, coarse pixels.
const SUPPORT_REACH_PX: f32 = 1.5;

/// The direction of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Top or bottom: position runs across, offset down.
    Lying,
    /// Left or right: position runs down, offset across.
    Standing,
}

/// Where lines of one side are looked for, coarse pixels along and across the side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    pub side: Side,
    /// Offsets in which the line must lie at the middle of the side.
    pub offsets: (f32, f32),
    /// Positions between which points vote.
    pub positions: (f32, f32),
    /// Votes a line needs to be kept.
    pub least_votes: f32,
    /// How far the side may be turned against the guide's, degrees, at most [`MOST_TURN_DEGREES`].
    pub turn_degrees: i32,
}

/// An edge point seen from its side.
#[derive(Debug, Clone, Copy)]
struct EdgePoint {
    position: f32,
    offset: f32,
    slope: f32,
    voted: bool,
}

/// `offset = at_middle + slope * (position - middle)`, coarse pixels.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub at_middle: f32,
    pub slope: f32,
    pub middle: f32,
    /// Running count of supported positions; entry n counts positions below n.
    supported: Vec<u16>,
}

impl Line {
    /// Offset at a position.
    pub fn offset(&self, position: f32) -> f32 {
        self.at_middle + self.slope * (position - self.middle)
    }

    /// A line beside another one, `offset` away; none of it is seen.
    pub fn parallel_to(other: &Self, offset: f32) -> Self {
        Self { at_middle: other.at_middle + offset, slope: other.slope, middle: other.middle, supported: Vec::new() }
    }

    /// Share of the stretch between two positions where the picture shows this line; `None` outside the picture.
    pub fn support(&self, from: f32, to: f32) -> Option<f32> {
        let last = (self.supported.len() as f32 - 1.0).max(0.0);
        let (from, to) = (from.round().clamp(0.0, last), to.round().clamp(0.0, last));
        if to - from < 2.0 {
            return None;
        }
        let count = self.supported[to as usize] - self.supported[from as usize];
        Some(f32::from(count) / (to - from))
    }
}

/// Finds the lines of one side. One for each side, so that the buffers are kept.
#[derive(Debug, Default)]
pub(super) struct LineFinder {
    points: Vec<EdgePoint>,
    rows: Rows,
    /// Which pixels of a row may be edge points.
    edges: Vec<u8>,
    votes: Vec<u16>,
    marks: Vec<bool>,
    lines: Vec<Line>,
    kept: usize,
}

impl LineFinder {
    /// The lines of the last search, strongest first.
    pub fn lines(&self) -> &[Line] {
        &self.lines[..self.kept]
    }

    /// Searches one band.
    pub fn search(&mut self, map: &EdgeMap, band: &Band) {
        self.kept = 0;
        let length = match band.side {
            Side::Lying => map.width,
            Side::Standing => map.height,
        };
        let slack = 4.0 + (band.turn_degrees as f32).to_radians().tan() * length as f32 / 2.0;
        self.collect(map, band, band.offsets.0 - slack, band.offsets.1 + slack);
        let grid = Grid::new(band);
        if grid.bins > 8192 {
            return;
        }
        self.vote(band, &grid);
        self.make_room(length);
        for _ in 0..LINES {
            let Some((turn, bin, strength)) = self.strongest(grid.bins) else { break };
            if f32::from(strength) < band.least_votes {
                break;
            }
            self.keep(grid.first as f32 + bin as f32, grid.slope(turn), grid.middle, length);
            self.take_back(&grid, length);
            // The fit may have moved away from the cell that was chosen; it must not be chosen again.
            let chosen = turn * grid.bins + bin;
            self.votes[chosen - 1..=chosen + 1].fill(0);
        }
    }

    /// Memory for as many lines as there can be: the first frame with one more would otherwise ask for it.
    fn make_room(&mut self, length: usize) {
        self.lines.resize_with(LINES, Line::default);
        self.marks.clear();
        self.marks.reserve(length);
        for line in &mut self.lines {
            line.supported.clear();
            line.supported.reserve(length + 1);
        }
    }

    /// Edge points of the band: above the threshold, the strongest of their neighbours across the side, direction near
    /// enough to the side's.
    fn collect(&mut self, map: &EdgeMap, band: &Band, low: f32, high: f32) {
        let side = band.side;
        self.points.clear();
        self.rows.clear(side);
        let (width, height) = (map.width, map.height);
        if width < 3 || height < 3 {
            return;
        }
        let (main, cross, neighbour) = match side {
            Side::Lying => (&map.down, &map.across, width),
            Side::Standing => (&map.across, &map.down, 1),
        };
        let clip = |value: f32, size: usize| value.clamp(1.0, size as f32 - 1.0) as usize;
        let (rows, columns) = match side {
            Side::Lying => (clip(low, height)..clip(high, height), 1..width - 1),
            Side::Standing => (1..height - 1, clip(low, width)..clip(high, width)),
        };
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        self.rows.first = rows.start;
        let widest = ((band.turn_degrees + AGREEMENT_DEGREES) as f32).to_radians().tan();
        for y in rows {
            self.rows.starts.push(self.points.len());
            let row = y * width;
            let stretch = row + columns.start..row + columns.end;
            mark_edges(main, cross, stretch, neighbour, (map.threshold, widest), &mut self.edges);
            for x in marked(&self.edges).map(|place| columns.start + place) {
                let index = row + x;
                let slope = -f32::from(cross[index]) / f32::from(main[index]);
                if slope.abs() > widest {
                    continue;
                }
                let [before, strength, after] =
                    [index - neighbour, index, index + neighbour].map(|at| i32::from(main[at]).abs());
                // Vertex of the parabola through three strengths; the middle one is the largest, so it lies within half.
                let bend = (before - 2 * strength + after) as f32;
                let shift = if bend < 0.0 { 0.5 * (before - after) as f32 / bend } else { 0.0 };
                let (position, offset) = match side {
                    Side::Lying => (x, y),
                    Side::Standing => (y, x),
                };
                self.points.push(EdgePoint {
                    position: position as f32,
                    offset: offset as f32 + shift,
                    slope,
                    voted: false,
                });
            }
        }
        self.rows.starts.push(self.points.len());
    }

    fn vote(&mut self, band: &Band, grid: &Grid) {
        self.votes.clear();
        self.votes.resize(grid.turns() * grid.bins, 0);
        for point in &mut self.points {
            point.voted = point.position >= band.positions.0 && point.position <= band.positions.1;
            if point.voted {
                grid.cells_of(point).for_each(|cell| self.votes[cell] = self.votes[cell].saturating_add(1));
            }
        }
    }

    /// The cell with the most votes, counting half of its neighbours: a line between two cells votes for both.
    fn strongest(&self, bins: usize) -> Option<(usize, usize, u16)> {
        let mut best = None;
        let mut most = 0;
        for (turn, row) in self.votes.chunks_exact(bins).enumerate() {
            for (bin, cells) in row.windows(3).enumerate() {
                let votes = cells[1] + u16::midpoint(cells[0], cells[2]);
                if votes > most {
                    most = votes;
                    best = Some((turn, bin + 1, votes));
                }
            }
        }
        best
    }

    /// Takes back the votes of the points that lie on the newest line: the smear of a long line would otherwise stand
    /// in the way of a shorter one.
    fn take_back(&mut self, grid: &Grid, length: usize) {
        let Some(line) = self.lines[..self.kept].last() else { return };
        for row in self.rows.near(line, SUPPORT_REACH_PX, length) {
            let within = self.rows.within(&self.points, row, line, SUPPORT_REACH_PX);
            for point in &mut self.points[within] {
                if point.voted && supports(line, point, SUPPORT_REACH_PX) {
                    point.voted = false;
                    for cell in grid.cells_of(point) {
                        self.votes[cell] = self.votes[cell].saturating_sub(1);
                    }
                }
            }
        }
    }

    /// Fits the line to its points and notes where they are.
    fn keep(&mut self, at_middle: f32, slope: f32, middle: f32, length: usize) {
        let line = &mut self.lines[self.kept];
        self.kept += 1;
        (line.at_middle, line.slope, line.middle) = (at_middle, slope, middle);
        for reach in [2.5, SUPPORT_REACH_PX] {
            fit(line, &self.points, &self.rows, reach, length);
        }
        self.marks.clear();
        self.marks.resize(length, false);
        for row in self.rows.near(line, SUPPORT_REACH_PX, length) {
            let within = self.rows.within(&self.points, row, line, SUPPORT_REACH_PX);
            for point in self.points[within].iter().filter(|point| supports(line, point, SUPPORT_REACH_PX)) {
                self.marks[point.position as usize] = true;
            }
        }
        line.supported.clear();
        line.supported.push(0);
        let mut count = 0;
        for position in 0..length {
            // A gap of one pixel is noise, not an end.
            let beside = position > 0 && self.marks[position - 1] && self.marks.get(position + 1) == Some(&true);
            count += u16::from(self.marks[position] || beside);
            line.supported.push(count);
        }
    }
}

/// Where in the list the points of each row of the map are: whoever asks for the points near a line need not see all.
#[derive(Debug, Default)]
struct Rows {
    lying: bool,
    /// Row of the first entry of `starts`.
    first: usize,
    /// Index of the first point of each row, and the end of the last.
    starts: Vec<usize>,
}

impl Rows {
    /// Ranges are wider by this than the rounding of offsets needs; a point lies at most half a pixel off its own pixel.
    const MARGIN_PX: f32 = 1.0;

    fn clear(&mut self, side: Side) {
        self.lying = side == Side::Lying;
        self.first = 0;
        self.starts.clear();
    }

    /// Entries whose rows hold the points within `reach_px` of a line that runs over `length` positions.
    fn near(&self, line: &Line, reach_px: f32, length: usize) -> Range<usize> {
        let rows = self.starts.len().saturating_sub(1);
        if !self.lying {
            return 0..rows;
        }
        let (one, other) = (line.offset(0.0), line.offset(length as f32));
        let reach = reach_px + Self::MARGIN_PX;
        let clip = |row: f32| (row - self.first as f32).clamp(0.0, rows as f32) as usize;
        clip((one.min(other) - reach).floor())..clip((one.max(other) + reach).ceil() + 1.0)
    }

    /// The points of one entry that may lie within `reach_px` of the line. In a row of a standing side they are in the
    /// order of their offsets: neighbours are never both the strongest.
    fn within(&self, points: &[EdgePoint], entry: usize, line: &Line, reach_px: f32) -> Range<usize> {
        let (start, end) = (self.starts[entry], self.starts[entry + 1]);
        if self.lying {
            return start..end;
        }
        let at = line.offset((self.first + entry) as f32);
        let reach = reach_px + Self::MARGIN_PX;
        let row = &points[start..end];
        let before = row.partition_point(|point| point.offset < at - reach);
        let held = row[before..].iter().take_while(|point| point.offset <= at + reach).count();
        start + before..start + before + held
    }
}

/// Marks the pixels of a stretch that are at least `threshold` strong, the strongest of their neighbours across the side,
/// and of a direction that may be near enough to the side's. Few are, so what is asked of each is asked without a branch,
/// of many at once. Gradients are at most 1020 strong, and the threshold lies among them.
fn mark_edges(
    main: &[i16],
    cross: &[i16],
    stretch: Range<usize>,
    neighbour: usize,
    (threshold, widest): (i32, f32),
    edges: &mut Vec<u8>,
) {
    let before = &main[stretch.start - neighbour..stretch.end - neighbour];
    let after = &main[stretch.start + neighbour..stretch.end + neighbour];
    let threshold = threshold as i16;
    // In 32nds, rounded up: the slope is compared exactly where this leaves a pixel.
    let widest = (32.0 * widest).ceil() as i16;
    let pixels = main[stretch.clone()].iter().zip(&cross[stretch.clone()]).zip(before.iter().zip(after));
    edges.clear();
    edges.resize(stretch.len().next_multiple_of(EIGHT), 0);
    for (mark, ((here, cross), (before, after))) in edges.iter_mut().zip(pixels) {
        let [here, cross, before, after] = [here, cross, before, after].map(|value| value.wrapping_abs());
        let may_agree = cross.wrapping_mul(32) <= here.wrapping_mul(widest);
        let (is_strong, no_less, more) = (here >= threshold, here >= before, here > after);
        *mark = u8::from(is_strong & no_less & more & may_agree);
    }
}

const EIGHT: usize = size_of::<u64>();

/// Places of the marks, which are 0 or 1 each. Eight are passed over at a time where there are none.
fn marked(edges: &[u8]) -> impl Iterator<Item = usize> + '_ {
    edges.as_chunks::<EIGHT>().0.iter().enumerate().flat_map(|(chunk, eight)| {
        let mut left = u64::from_le_bytes(*eight);
        std::iter::from_fn(move || {
            (left != 0).then(|| {
                let place = left.trailing_zeros() as usize / 8;
                left &= left - 1;
                EIGHT * chunk + place
            })
        })
    })
}

/// Turns a point may vote for; an even eight, so that they are computed together.
const TOGETHER: usize = 8;
/// Turns of the table of slopes, with room on both sides for points turned further than any line.
const MOST_TURN: i32 = MOST_TURN_DEGREES + 2 * AGREEMENT_DEGREES;
const TABLE: usize = 2 * MOST_TURN as usize + TOGETHER;

/// The cells of the vote: turns by offsets at the middle of the side.
#[derive(Debug, Clone, Copy)]
struct Grid {
    first: i32,
    bins: usize,
    middle: f32,
    turn_degrees: i32,
    /// Slope of each turn from `-MOST_TURN` on.
    slopes: [f32; TABLE],
}

impl Grid {
    fn new(band: &Band) -> Self {
        let first = band.offsets.0.floor() as i32;
        Self {
            first,
            bins: (band.offsets.1.ceil() as i32 - first).max(0) as usize + 1,
            middle: f32::midpoint(band.positions.0, band.positions.1),
            turn_degrees: band.turn_degrees,
            slopes: std::array::from_fn(|turn| (turn as f32 - MOST_TURN as f32).to_radians().tan()),
        }
    }

    fn turns(&self) -> usize {
        2 * self.turn_degrees as usize + 1
    }

    /// Slope of a row of cells.
    fn slope(&self, turn: usize) -> f32 {
        self.slopes[turn + (MOST_TURN - self.turn_degrees) as usize]
    }

    /// The cells a point votes for: every turn near its own direction, at the offset the line then has in the middle.
    fn cells_of(&self, point: &EdgePoint) -> impl Iterator<Item = usize> + use<> {
        let own =
            nearest(degrees_of_slope(point.slope)).clamp(AGREEMENT_DEGREES - MOST_TURN, MOST_TURN - AGREEMENT_DEGREES);
        let lowest = own - AGREEMENT_DEGREES;
        let start = (lowest + MOST_TURN) as usize;
        let (offset, from_middle, first) = (point.offset, point.position - self.middle, self.first);
        let mut bins = [0; TOGETHER];
        for (bin, slope) in bins.iter_mut().zip(&self.slopes[start..start + TOGETHER]) {
            *bin = nearest(offset - slope * from_middle).wrapping_sub(first);
        }
        let most = self.turn_degrees;
        let turns = lowest.max(-most)..(own + AGREEMENT_DEGREES).min(most) + 1;
        let rows = self.bins;
        turns.filter_map(move |turn| {
            // A bin below 0 becomes one far above the last.
            let bin = bins[(turn - lowest) as usize] as u32 as usize;
            (bin < rows).then(|| (turn + most) as usize * rows + bin)
        })
    }
}

/// Arc tangent in degrees by its series; off by less than .15 degree up to 27 degrees.
fn degrees_of_slope(slope: f32) -> f32 {
    let square = slope * slope;
    (slope * (1.0 - square * (1.0 / 3.0 - square / 5.0))).to_degrees()
}

/// Rounds, halves up, values within 8192 of 0. Adding 2^23 leaves a whole number in the low bits of the float, one too
/// many where it was rounded up: the checked conversion would keep the compiler from rounding several at once.
fn nearest(value: f32) -> i32 {
    const WHOLE: f32 = 8_388_608.0;
    let shifted = value + 8192.5;
    let whole = shifted + WHOLE;
    let rounded_up = i32::from(whole - WHOLE > shifted);
    ((whole.to_bits() & 0x007F_FFFF) as i32).wrapping_sub(8192).wrapping_sub(rounded_up)
}

fn supports(line: &Line, point: &EdgePoint, reach_px: f32) -> bool {
    (point.offset - line.offset(point.position)).abs() <= reach_px && (point.slope - line.slope).abs() <= SUPPORT_SLOPE
}

/// Least squares over the points the line already has; left as it is when they are too few or all in one place.
fn fit(line: &mut Line, points: &[EdgePoint], rows: &Rows, reach_px: f32, length: usize) {
    let (mut count, mut sum_t, mut sum_s, mut sum_tt, mut sum_ts) = (0.0_f32, 0.0, 0.0, 0.0, 0.0);
    for row in rows.near(line, reach_px, length) {
        let within = rows.within(points, row, line, reach_px);
        for point in points[within].iter().filter(|point| supports(line, point, reach_px)) {
            let (t, s) = (point.position - line.middle, point.offset - line.at_middle);
            count += 1.0;
            sum_t += t;
            sum_s += s;
            sum_tt += t * t;
            sum_ts += t * s;
        }
    }
    let spread = count * sum_tt - sum_t * sum_t;
    if count < 8.0 || spread < count * count {
        return;
    }
    let slope = (count * sum_ts - sum_t * sum_s) / spread;
    line.at_middle += (sum_s - slope * sum_t) / count;
    line.slope = slope;
}
