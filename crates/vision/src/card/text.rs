//! Lines of text on the card, without reading them: dark parts of letter size that stand in a row.
//!
//! It says that there is print of this size, not that it is legible (that is the edge spread), and not in which script;
//! measured for Latin print only.
//! Guarantees: nothing is recognised, so nothing that is written on the card can leave this file.

use crate::Rect;

use super::parts::{Part, PartFinder};

/// The flat card is read at this density, pixels per millimetre.
pub(super) const DENSITY_PX_PER_MM: f32 = 8.0;
/// Side of the window whose mean and deviation a pixel is compared with, pixels (4 mm).
const WINDOW_PX: usize = 33;
/// A dark pixel lies this many deviations below the mean of its window ...
const DARK_DEVIATIONS: f32 = 0.9;
/// ... where the window has some print at all, grey levels.
const LEAST_DEVIATION: f32 = 8.0;
/// Letters, millimetres: height, width.
const LETTER_HEIGHT_MM: (f32, f32) = (0.9, 4.5);
const LETTER_WIDTH_MM: (f32, f32) = (0.25, 4.5);
/// A letter is at most this bright against the paper around it: the waves of a guilloche are paler.
const INK_SHARE: f32 = 0.94;
/// Neighbours in a line differ by less than this share of their height at top and bottom.
const LEVEL_SHARE: f32 = 0.3;
/// Widest gap between neighbours, heights of a letter.
const GAP_HEIGHTS: f32 = 1.6;
/// Letters of the shortest line.
const LEAST_LETTERS: u32 = 4;

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Print {
    pub lines: u32,
    /// Median height of the letters in lines, pixels of the flat card; 0 without lines.
    pub letter_height_px: f32,
}

/// Buffers of the search.
#[derive(Debug, Default)]
pub(super) struct TextReader {
    columns: Sums,
    windows: Sums,
    mask: Vec<u8>,
    parts: PartFinder,
    letters: Vec<Part>,
    /// For each letter the line it stands in: the index of the line's first letter.
    first_of: Vec<usize>,
    heights: Vec<u32>,
    /// Boxes of the lines found last, pixels of the flat card.
    pub lines: Vec<Rect>,
}

impl TextReader {
    /// Reads a flat card of `width` pixels a row; the boxes of its lines stay in `lines`.
    pub fn read(&mut self, flat: &[u8], width: usize) -> Print {
        self.mark_dark(flat, width);
        self.letters.clear();
        let range = |(low, high): (f32, f32), value: u32| {
            value as f32 >= low * DENSITY_PX_PER_MM && value as f32 <= high * DENSITY_PX_PER_MM
        };
        let parts = self.parts.find(&self.mask, width).iter();
        let letters = parts.filter(|part| {
            range(LETTER_HEIGHT_MM, part.height())
                && range(LETTER_WIDTH_MM, part.width())
                && is_ink(flat, &self.mask, width, part)
        });
        self.letters.extend(letters.copied());
        self.letters.sort_unstable_by_key(|part| (part.left, part.top));
        self.chain();
        self.gather()
    }

    /// Marks what is darker than its surroundings. Sums over the window are kept column by column and moved along, so
    /// the cost does not depend on the window.
    fn mark_dark(&mut self, flat: &[u8], width: usize) {
        let height = flat.len() / width.max(1);
        self.mask.clear();
        self.mask.resize(flat.len(), 0);
        if width < WINDOW_PX || height < WINDOW_PX {
            return;
        }
        let half = WINDOW_PX / 2;
        let row = |y: usize| &flat[y * width..(y + 1) * width];
        self.columns.clear(width);
        (0..WINDOW_PX - 1).for_each(|y| self.columns.add(row(y)));
        for y in half..height - half {
            self.columns.add(row(y + half));
            self.windows.slide(&self.columns);
            let beside = |y: usize, shift: usize| &row(y)[half + shift - 1..width - half + shift - 1];
            let cross = [beside(y, 0), beside(y, 2), beside(y - 1, 1), beside(y + 1, 1)];
            let mask = &mut self.mask[y * width + half..(y + 1) * width - half];
            mark_row(beside(y, 1), cross, &self.windows, mask);
            self.columns.subtract(row(y - half));
        }
    }

    /// Joins every letter to its nearest neighbour on the right that stands level with it.
    fn chain(&mut self) {
        self.first_of.clear();
        self.first_of.extend(0..self.letters.len());
        for index in 0..self.letters.len() {
            let letter = self.letters[index];
            let height = letter.height() as f32;
            let reach = letter.right as f32 + GAP_HEIGHTS * height;
            let next = self.letters[index + 1..]
                .iter()
                .take_while(|other| other.left as f32 <= reach)
                .position(|other| {
                    let level = LEVEL_SHARE * height.min(other.height() as f32);
                    other.left + 1 >= letter.right
                        && (other.top as f32 - letter.top as f32).abs() <= level
                        && (other.bottom as f32 - letter.bottom as f32).abs() <= level
                })
                .map(|skip| index + 1 + skip);
            if let Some(next) = next {
                let (from, to) = (self.first_of[index], self.first_of[next]);
                let joined = from.min(to);
                for first in &mut self.first_of {
                    if *first == from || *first == to {
                        *first = joined;
                    }
                }
            }
        }
    }

    fn gather(&mut self) -> Print {
        self.lines.clear();
        self.heights.clear();
        for first in 0..self.letters.len() {
            if self.first_of[first] != first {
                continue;
            }
            let members =
                || self.letters.iter().zip(&self.first_of).filter(move |(_, of)| **of == first).map(|(part, _)| part);
            if (members().count() as u32) < LEAST_LETTERS {
                continue;
            }
            let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
            for part in members() {
                (left, top) = (left.min(part.left), top.min(part.top));
                (right, bottom) = (right.max(part.right), bottom.max(part.bottom));
            }
            self.heights.extend(members().map(Part::height));
            self.lines.push(Rect {
                x: left as f32,
                y: top as f32,
                width: (right - left) as f32,
                height: (bottom - top) as f32,
            });
        }
        self.heights.sort_unstable();
        let letter_height_px = self.heights.get(self.heights.len() / 2).map_or(0.0, |height| *height as f32);
        Print { lines: self.lines.len() as u32, letter_height_px }
    }
}

/// Sums of pixels and of their squares. They fit in 31 bits for any window, and sums that are watched for overflow
/// would be made one by one.
#[derive(Debug, Default)]
struct Sums {
    values: Vec<i32>,
    squares: Vec<i32>,
}

impl Sums {
    fn clear(&mut self, length: usize) {
        for sums in [&mut self.values, &mut self.squares] {
            sums.clear();
            sums.resize(length, 0);
        }
    }

    fn add(&mut self, row: &[u8]) {
        for ((sum, squares), value) in self.values.iter_mut().zip(&mut self.squares).zip(row) {
            *sum = sum.wrapping_add(i32::from(*value));
            *squares = squares.wrapping_add(square(*value));
        }
    }

    fn subtract(&mut self, row: &[u8]) {
        for ((sum, squares), value) in self.values.iter_mut().zip(&mut self.squares).zip(row) {
            *sum = sum.wrapping_sub(i32::from(*value));
            *squares = squares.wrapping_sub(square(*value));
        }
    }

    /// Of the sums of columns those of every window that has its full width.
    fn slide(&mut self, columns: &Self) {
        for (windows, columns) in [(&mut self.values, &columns.values), (&mut self.squares, &columns.squares)] {
            let mut sum: i32 = columns[..WINDOW_PX - 1].iter().sum();
            windows.clear();
            windows.extend(columns[WINDOW_PX - 1..].iter().zip(columns).map(|(entering, leaving)| {
                let whole = sum.wrapping_add(*entering);
                sum = whole.wrapping_sub(*leaving);
                whole
            }));
        }
    }
}

/// In 16 bits, in which it fits and processors multiply many at once.
fn square(value: u8) -> i32 {
    i32::from(u16::from(value).wrapping_mul(u16::from(value)))
}

/// Marks what is darker than its window. `cross`: the pixels left, right, above and below of those of the row.
fn mark_row(row: &[u8], cross: [&[u8]; 4], windows: &Sums, mask: &mut [u8]) {
    let area = (WINDOW_PX * WINDOW_PX) as f32;
    let [left, right, above, below] = cross;
    let beside = left.iter().zip(right).zip(above.iter().zip(below));
    let windows = windows.values.iter().zip(&windows.squares);
    for (((value, mark), (sum, squares)), ((left, right), (above, below))) in
        row.iter().zip(mask).zip(windows).zip(beside)
    {
        // Smoothed over its neighbours and held against the deviation of the unsmoothed: noise stays below it,
        // a stroke of two pixels does not.
        let beside = i32::from(*left) + i32::from(*right) + i32::from(*above) + i32::from(*below);
        let smooth = (2 * i32::from(*value) + beside) as f32 / 6.0;
        let below = *sum as f32 - smooth * area;
        // Compared as squares of n times the deviation: no root, no branch.
        let variance = *squares as f32 * area - *sum as f32 * *sum as f32;
        let has_print = variance > LEAST_DEVIATION * LEAST_DEVIATION * area * area;
        let is_dark = below > 0.0;
        let is_far = below * below > DARK_DEVIATIONS * DARK_DEVIATIONS * variance;
        *mark = u8::from(has_print & is_dark & is_far);
    }
}

/// Is the marked part clearly darker than the unmarked pixels in and around its box?
fn is_ink(flat: &[u8], mask: &[u8], width: usize, part: &Part) -> bool {
    let (left, right) = (part.left.saturating_sub(2) as usize, (part.right as usize + 2).min(width));
    let (top, bottom) = (part.top.saturating_sub(2) as usize, (part.bottom as usize + 2).min(flat.len() / width));
    let (mut ink, mut paper) = ((0_u32, 0_u32), (0_u32, 0_u32));
    for y in top..bottom {
        let stretch = y * width + left..y * width + right;
        for (value, mark) in flat[stretch.clone()].iter().zip(&mask[stretch]) {
            let sum = if *mark == 0 { &mut paper } else { &mut ink };
            *sum = (sum.0 + 1, sum.1 + u32::from(*value));
        }
    }
    let mean = |(count, sum): (u32, u32)| sum as f32 / count.max(1) as f32;
    paper.0 > 0 && mean(ink) <= INK_SHARE * mean(paper)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (685, 432);

    /// A pale card with rows of upright bars, each `(left, top, letters, height)` in pixels.
    fn card(rows: &[(usize, usize, usize, usize)]) -> Vec<u8> {
        let mut px = vec![190_u8; SIZE.0 * SIZE.1];
        for (left, top, letters, height) in rows {
            for letter in 0..*letters {
                for y in *top..top + height {
                    let start = y * SIZE.0 + left + letter * height;
                    px[start..start + height / 2].fill(60);
                }
            }
        }
        px
    }

    fn check(rows: &[(usize, usize, usize, usize)], lines: u32, height_px: f32, because: &str) {
        let print = TextReader::default().read(&card(rows), SIZE.0);
        assert_eq!(print.lines, lines, "{because}: {print:?}");
        assert!((print.letter_height_px - height_px).abs() <= 1.0, "{because}: {print:?}");
    }

    #[test]
    fn letters_in_a_row_are_a_line() {
        check(&[], 0, 0.0, "an empty card");
        check(&[(300, 100, 10, 16)], 1, 16.0, "ten letters of 2 mm");
        check(&[(300, 100, 3, 16)], 0, 0.0, "three letters are not a line");
        check(&[(300, 100, 8, 16), (300, 140, 6, 16), (300, 300, 5, 16)], 3, 16.0, "three rows");
        check(&[(100, 100, 6, 16), (400, 100, 6, 16)], 2, 16.0, "two columns far apart are two lines");
        check(&[(300, 100, 10, 5)], 0, 0.0, "parts of .6 mm are no letters");
        check(&[(50, 100, 6, 44)], 0, 0.0, "parts of 5.5 mm are no letters");
    }

    #[test]
    fn noise_and_ramps_hold_no_text() {
        let mut state = 7_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let px: Vec<u8> = (0..SIZE.0 * SIZE.1).map(|_| 100 + noise() / 8).collect();
        assert_eq!(TextReader::default().read(&px, SIZE.0).lines, 0, "sensor noise");
        let px: Vec<u8> = (0..SIZE.0 * SIZE.1).map(|index| (index % SIZE.0 / 3) as u8).collect();
        assert_eq!(TextReader::default().read(&px, SIZE.0).lines, 0, "a shadow across the card");
    }
}
