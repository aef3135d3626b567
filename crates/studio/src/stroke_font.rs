//! Capitals and digits as pen strokes, our own: enough to print a specimen card and to burn a word into a frame.
//!
//! A glyph lives on a grid 8 wide and 12 high, Y down. Each stroke is a chain of points, two base-14 digits a point.

/// Width of a glyph and distance between glyph starts, as shares of the capital height.
const GLYPH_WIDTH: f32 = 0.56;
const ADVANCE: f32 = 0.79;
/// Half the width of the pen, as a share of the capital height.
pub(crate) const PEN: f32 = 0.066;

/// One straight piece of a letter, in the unit of the capital height given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) from: (f32, f32),
    pub(crate) to: (f32, f32),
}

fn strokes(letter: char) -> &'static str {
    match letter {
        'A' => "0c408c 2868",
        'B' => "006082846606 66888a6c0c00",
        'C' => "826020020a2c6c8a",
        'D' => "005083895c0c00",
        'E' => "80000c8c 0666",
        'F' => "80000c 0666",
        'G' => "826020020a2c6c8a8656",
        'H' => "000c 808c 0686",
        'I' => "404c 2060 2c6c",
        'J' => "808a6c2c0a",
        'K' => "000c 80068c",
        'L' => "000c8c",
        'M' => "0c0047808c",
        'N' => "0c008c80",
        'O' => "2060828a6c2c0a0220",
        'P' => "0c006082856707",
        'Q' => "2060828a6c2c0a0220 598c",
        'R' => "0c006082856707 478c",
        'S' => "82602002042666888a6c2c0a",
        'T' => "0080 404c",
        'U' => "000a2c6c8a80",
        'V' => "004c80",
        'W' => "002c446c80",
        'X' => "008c 800c",
        'Y' => "004680 464c",
        'Z' => "00800c8c",
        '0' => "305073795c3c191330",
        '1' => "22404c 2c6c",
        '2' => "02206082850c8c",
        '3' => "02206082846646 66888a6c2c0a",
        '4' => "6c600888",
        '5' => "80000565878a6c2c0a",
        '6' => "7030030a2c6c8a87652507",
        '7' => "00803c",
        '8' => "206082846626040220 26080a2c6c8a8866",
        '9' => "1c5c898260200205276785",
        '<' => "72167a",
        '-' => "1676",
        '.' => "4b4c",
        ',' => "4b3d",
        '/' => "0c80",
        _ => "",
    }
}

/// The strokes of a line of text whose first capital starts at `x`, `y` (top left). `spacing` widens the pitch (1 is usual).
pub(crate) fn write(text: &str, x: f32, y: f32, capital: f32, spacing: f32) -> Vec<Segment> {
    let mut segments = Vec::new();
    for (place, letter) in text.chars().enumerate() {
        let left = x + place as f32 * ADVANCE * capital * spacing;
        for stroke in strokes(letter).split(' ').filter(|stroke| !stroke.is_empty()) {
            let digits: Vec<f32> = stroke.chars().filter_map(|c| c.to_digit(14)).map(|d| d as f32).collect();
            let at = |pair: &[f32]| (left + pair[0] / 8.0 * GLYPH_WIDTH * capital, y + pair[1] / 12.0 * capital);
            let points: Vec<(f32, f32)> = digits.chunks_exact(2).map(at).collect();
            segments.extend(points.windows(2).map(|two| Segment { from: two[0], to: two[1] }));
        }
    }
    segments
}

/// Width of a line of text from its first to its last stroke.
pub(crate) fn width(text: &str, capital: f32, spacing: f32) -> f32 {
    let count = text.chars().count();
    if count == 0 { 0.0 } else { ((count - 1) as f32 * ADVANCE * spacing + GLYPH_WIDTH) * capital }
}

impl Segment {
    /// Distance of a place from the pen's path.
    #[inline]
    pub(crate) fn distance(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let (px, py) = (x - self.from.0, y - self.from.1);
        let t = ((px * dx + py * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
        (px - dx * t).hypot(py - dy * t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_a_card_can_carry_has_strokes_inside_its_cell() {
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<-.,/".chars() {
            let segments = write(&letter.to_string(), 0.0, 0.0, 12.0, 1.0);
            assert!(!segments.is_empty(), "{letter} is blank on the card");
            for segment in segments {
                for (x, y) in [segment.from, segment.to] {
                    assert!(
                        (0.0..=0.57 * 12.0).contains(&x) && (0.0..=13.0).contains(&y),
                        "{letter} leaves its cell at {x}, {y}"
                    );
                }
            }
        }
    }
}
