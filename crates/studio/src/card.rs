//! The specimen card: what is printed where, and the printing.
//!
//! Guarantees: every side carries "UTOPIA SPECIMEN" and the country code UTO, and a large pale SPECIMEN across it;
//! names come from a list of syllables, so nobody's real card can come out. There is no barcode: nothing is encoded.

use std::sync::atomic::AtomicBool;

use crate::geometry::{Pinhole, step_between};
use crate::looks::Looks;
use crate::march::Sitter;
use crate::scene::{CARD_HEIGHT_MM, CARD_WIDTH_MM, CardLayout, Learner, Light};
use crate::seed::Dice;
use crate::sheet::{Drawing, Sheet, blend};
use crate::stroke_font::{self, Segment};

/// Radius of the corners (ISO/IEC 7810 allows 2.88 to 3.48 mm).
const CORNER_MM: f32 = 3.18;
/// Clear border of the sheet round the card, so that its edge can be blurred.
const BORDER_MM: f32 = 1.5;
/// Standard deviation of the printer's blur.
pub(crate) const PRINT_SIGMA_MM: f32 = 0.05;
/// Capital height of everything a person must be able to read.
const CAPITALS_MM: f32 = 2.0;
const LABELS_MM: f32 = 1.2;

/// Inks of the five designs: header, pale lines, second pale lines, paper.
#[rustfmt::skip]
const INKS: [[[f32; 3]; 4]; 5] = [
    [[0.030, 0.090, 0.210], [0.520, 0.640, 0.760], [0.740, 0.620, 0.640], [0.800, 0.830, 0.850]],
    [[0.040, 0.160, 0.110], [0.520, 0.700, 0.600], [0.740, 0.700, 0.560], [0.810, 0.840, 0.810]],
    [[0.230, 0.050, 0.080], [0.760, 0.600, 0.620], [0.600, 0.650, 0.760], [0.850, 0.815, 0.805]],
    [[0.120, 0.070, 0.210], [0.660, 0.600, 0.760], [0.560, 0.700, 0.700], [0.830, 0.815, 0.850]],
    [[0.050, 0.145, 0.180], [0.560, 0.700, 0.720], [0.780, 0.690, 0.560], [0.820, 0.840, 0.835]],
];
const INK: [f32; 3] = [0.022, 0.024, 0.032];
const PAPER_WHITE: [f32; 3] = [0.86, 0.87, 0.88];

/// One line on the card: capitals start at `x_mm`, `y_mm` (top left).
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) x_mm: f32,
    pub(crate) y_mm: f32,
    pub(crate) capitals_mm: f32,
    pub(crate) spacing: f32,
    colour: [f32; 3],
    pen: f32,
}

impl Line {
    fn new(text: impl Into<String>, x_mm: f32, y_mm: f32, capitals_mm: f32, colour: [f32; 3]) -> Self {
        Self { text: text.into(), x_mm, y_mm, capitals_mm, spacing: 1.0, colour, pen: 1.0 }
    }

    pub(crate) fn width_mm(&self) -> f32 {
        stroke_font::width(&self.text, self.capitals_mm, self.spacing)
    }
}

/// What one side of one card carries.
#[derive(Clone, Debug)]
pub(crate) struct Design {
    pub(crate) lines: Vec<Line>,
    /// Left, top, right, bottom.
    pub(crate) portrait_mm: Option<[f32; 4]>,
    inks: [[f32; 3]; 4],
    waves: [f32; 6],
    layout: CardLayout,
    seed: u64,
}

/// Who the card belongs to.
struct Holder {
    given: String,
    born: String,
    number: String,
    issued: String,
    expires: String,
    street: String,
    town: String,
    machine_lines: [String; 3],
}

fn name_from(dice: &mut Dice, syllables: usize) -> String {
    const FIRST: [&str; 12] = ["A", "MI", "TO", "LE", "SA", "RO", "NE", "KA", "JU", "DO", "EL", "VI"];
    const NEXT: [&str; 12] = ["DA", "RA", "MA", "NO", "MI", "LIN", "RIS", "TE", "VA", "SO", "NA", "LO"];
    let mut name = FIRST[dice.below(12)].to_owned();
    for _ in 1..syllables {
        name.push_str(NEXT[dice.below(12)]);
    }
    name
}

/// Check digit of ICAO 9303: weights 7, 3, 1; letters count from 10, the filler as 0.
fn check_digit(text: &str) -> u32 {
    let worth = |c: char| if c == '<' { 0 } else { c.to_digit(36).unwrap_or(0) };
    text.chars().zip([7, 3, 1].into_iter().cycle()).map(|(c, weight)| worth(c) * weight).sum::<u32>() % 10
}

impl Holder {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 2);
        let syllables = 2 + dice.below(2);
        let given = name_from(&mut dice, syllables);
        let (day, month, year) = (1 + dice.below(28), 1 + dice.below(12), 1968 + dice.below(38));
        let (issue_day, issue_month, issue_year) = (1 + dice.below(28), 1 + dice.below(12), 2019 + dice.below(6));
        let number = format!("UTO{:06}", dice.below(1_000_000));
        let street = format!("{} STREET {}", name_from(&mut dice, 3), 1 + dice.below(98));
        let town = format!("{:05} {}", 10_000 + dice.below(89_999), name_from(&mut dice, 3));
        let sex = ['F', 'M', '<'][dice.below(3)];
        let birth = format!("{:02}{month:02}{day:02}", year % 100);
        let expiry = format!("{:02}{issue_month:02}{issue_day:02}", (issue_year + 10) % 100);
        let first = format!("{:<<30}", format!("IDUTO{number}{}", check_digit(&number)));
        let middle = format!("{birth}{}{sex}{expiry}{}UTO<<<<<<<<<<<", check_digit(&birth), check_digit(&expiry));
        let all = format!("{}{}{}{}", &first[5..30], &middle[0..7], &middle[8..15], &middle[18..29]);
        let second = format!("{middle}{}", check_digit(&all));
        let third = format!("{:<<30}", format!("SPECIMEN<<{given}"));
        Self {
            born: format!("{day:02}.{month:02}.{year}"),
            issued: format!("{issue_day:02}.{issue_month:02}.{issue_year}"),
            expires: format!("{issue_day:02}.{issue_month:02}.{}", issue_year + 10),
            machine_lines: [first, second, third],
            given,
            number,
            street,
            town,
        }
    }
}

impl Design {
    pub(crate) fn new(seed: u64, layout: CardLayout) -> Self {
        let mut dice = Dice::new(seed, 3);
        let inks = INKS[dice.below(INKS.len())];
        let waves = std::array::from_fn(|_| dice.unit());
        let holder = Holder::new(seed);
        let mut design = Self {
            lines: vec![
                Line { pen: 1.25, ..Line::new("UTOPIA SPECIMEN", 5.0, 2.3, 3.3, PAPER_WHITE) },
                Line { pen: 1.1, ..Line::new("IDENTITY CARD", 5.0, 7.3, 1.5, PAPER_WHITE) },
                Line { pen: 1.2, ..Line::new("UTO", 73.4, 4.3, 2.4, PAPER_WHITE) },
            ],
            portrait_mm: layout.has_portrait().then_some([5.0, 14.2, 31.0, 47.2]),
            inks,
            waves,
            layout,
            seed,
        };
        match layout {
            CardLayout::PhotoAndName => {
                design.names(35.0, &holder);
                design.field(35.0, 37.4, "DOCUMENT NO", &holder.number);
                design.field(60.5, 37.4, "EXPIRES", &holder.expires);
            }
            CardLayout::NameOnly => {
                design.names(7.0, &holder);
                design.field(7.0, 37.4, "DOCUMENT NO", &holder.number);
                design.field(32.5, 37.4, "ISSUED", &holder.issued);
                design.field(58.0, 37.4, "EXPIRES", &holder.expires);
            }
            CardLayout::PhotoOnly => design.field(36.0, 41.0, "DOCUMENT NO", &holder.number),
            CardLayout::Back => design.back(&holder),
        }
        design
    }

    fn field(&mut self, x: f32, y: f32, label: &str, value: &str) {
        let faded = self.inks[0].map(|c| c * 0.8 + 0.06);
        self.lines.push(Line { pen: 0.9, ..Line::new(label, x, y, LABELS_MM, faded) });
        self.lines.push(Line::new(value, x, y + 2.3, CAPITALS_MM, INK));
    }

    fn names(&mut self, x: f32, holder: &Holder) {
        self.field(x, 14.4, "SURNAME", "SPECIMEN");
        self.field(x, 22.0, "GIVEN NAMES", &holder.given);
        self.field(x, 29.7, "DATE OF BIRTH", &holder.born);
        self.field(x + 25.5, 29.7, "NATIONALITY", "UTO");
    }

    fn back(&mut self, holder: &Holder) {
        self.field(6.0, 13.2, "ADDRESS", &holder.street);
        self.lines.push(Line::new(holder.town.as_str(), 6.0, 18.9, CAPITALS_MM, INK));
        self.field(56.0, 13.2, "ISSUED", &holder.issued);
        for (line, y) in holder.machine_lines.iter().zip([25.6, 31.4, 37.2]) {
            // Thirty characters across 74 mm, as machine-readable lines are spaced.
            self.lines.push(Line { spacing: 1.32, ..Line::new(line.as_str(), 5.6, y, 2.4, INK) });
        }
    }

    /// Prints the side. `px_per_mm` is the density of the finest level. `None` when `stop` was raised.
    pub(crate) fn print(&self, looks: &Looks, px_per_mm: f32, stop: &AtomicBool) -> Option<Sheet> {
        let mut drawing = Drawing::new(
            -BORDER_MM,
            -BORDER_MM,
            CARD_WIDTH_MM + 2.0 * BORDER_MM,
            CARD_HEIGHT_MM + 2.0 * BORDER_MM,
            px_per_mm,
        );
        self.ground(&mut drawing);
        self.header(&mut drawing);
        if !self.layout.has_name() {
            self.rosette(&mut drawing);
        }
        Self::overprint(&mut drawing);
        if let Some(place) = self.portrait_mm {
            print_face(&mut drawing, place, looks, self.seed, stop)?;
        }
        for line in &self.lines {
            let strokes = stroke_font::write(&line.text, line.x_mm, line.y_mm, line.capitals_mm, line.spacing);
            drawing.ink(&strokes, stroke_font::PEN * line.pen * line.capitals_mm, line.colour, 0.97);
        }
        cut(&mut drawing);
        drawing.soften(PRINT_SIGMA_MM);
        Some(Sheet::new(&drawing))
    }

    /// Paper and two families of fine wavy lines.
    fn ground(&self, drawing: &mut Drawing) {
        let [_, first, second, paper] = self.inks;
        let w = &self.waves;
        let columns: Vec<(f32, f32)> = (0..drawing.w)
            .map(|column| {
                let x = drawing.x_mm(column);
                (
                    1.9 * (x * (0.16 + 0.06 * w[0]) + 6.0 * w[1]).sin() + 0.8 * (x * 0.41 + 6.0 * w[2]).sin(),
                    2.3 * (x * (0.11 + 0.05 * w[3]) + 6.0 * w[4]).sin() - 0.7 * (x * 0.36 + 6.0 * w[5]).sin(),
                )
            })
            .collect();
        // A line is where a saw tooth passes its middle: no sine per pixel is needed.
        let line = |phase: f32, half: f32| {
            let off = (phase - phase.round()).abs();
            step_between(half + 0.10, half - 0.06, off)
        };
        for row in 0..drawing.h {
            let y = drawing.y_mm(row);
            for (px, &(one, two)) in drawing.px[row * columns.len()..].iter_mut().zip(&columns) {
                *px = [paper[0], paper[1], paper[2], 1.0];
                blend(px, first, 0.62 * line((y + one) * 0.95, 0.10));
                blend(px, second, 0.55 * line((y * 0.9 + two + 0.16 * one * two) * 0.80, 0.09));
            }
        }
    }

    fn header(&self, drawing: &mut Drawing) {
        let ink = self.inks[0];
        let lighter = ink.map(|c| c * 1.5 + 0.02);
        drawing.paint(-BORDER_MM, -BORDER_MM, CARD_WIDTH_MM + BORDER_MM, 11.2, |x, y, px| {
            blend(px, ink, 1.0);
            blend(px, lighter, 0.6 * step_between(10.0, 80.0, x));
            if y > 10.7 {
                blend(px, [0.62, 0.50, 0.25], 0.9);
            }
        });
        let ring: Vec<Segment> = (0..40)
            .map(|i| {
                let at = |k: i32| {
                    let a = k as f32 / 40.0 * std::f32::consts::TAU;
                    (76.0 + 5.4 * a.cos(), 5.5 + 3.7 * a.sin())
                };
                Segment { from: at(i), to: at(i + 1) }
            })
            .collect();
        drawing.ink(&ring, 0.2, PAPER_WHITE, 0.95);
    }

    /// A wound curve where other cards have a coat of arms.
    fn rosette(&self, drawing: &mut Drawing) {
        let (x, y, size) = if self.layout == CardLayout::Back { (72.0, 47.0, 4.2) } else { (62.0, 27.0, 11.5) };
        let petals = 5.0 + (self.waves[0] * 5.0).floor();
        let count = 360;
        for k in 0..5 {
            let turn = k as f32 * 0.21;
            let at = |i: usize| {
                let a = i as f32 / count as f32 * std::f32::consts::TAU;
                let r = size * (0.62 + 0.34 * (petals * a + turn * petals).sin());
                (x + r * a.cos(), y + r * a.sin())
            };
            let curve: Vec<Segment> = (0..count).map(|i| Segment { from: at(i), to: at(i + 1) }).collect();
            drawing.ink(&curve, 0.07, self.inks[1].map(|c| c * 0.62), 0.7);
        }
    }

    /// SPECIMEN, large and pale, rising across the card below the header.
    fn overprint(drawing: &mut Drawing) {
        let capital = 9.0;
        let width = stroke_font::width("SPECIMEN", capital, 1.0);
        let (sine, cosine) = (-0.30f32).sin_cos();
        let place = |(x, y): (f32, f32)| {
            let (x, y) = (x - width / 2.0, y - capital / 2.0);
            (CARD_WIDTH_MM * 0.54 + x * cosine - y * sine, 32.5 + x * sine + y * cosine)
        };
        let strokes: Vec<Segment> = stroke_font::write("SPECIMEN", 0.0, 0.0, capital, 1.0)
            .into_iter()
            .map(|s| Segment { from: place(s.from), to: place(s.to) })
            .collect();
        drawing.ink(&strokes, 0.55, [0.72, 0.42, 0.42], 0.32);
    }
}

/// A person's face, printed from a small drawing of the same head under even light. `place`: left, top, right, bottom.
/// `None` when `stop` was raised.
pub(crate) fn print_face(
    drawing: &mut Drawing,
    place: [f32; 4],
    looks: &Looks,
    seed: u64,
    stop: &AtomicBool,
) -> Option<()> {
    let [left, top, right, bottom] = place;
    let density = drawing.px_per_mm.min(8.0);
    let (w, h) = (((right - left) * density).ceil() as usize, ((bottom - top) * density).ceil() as usize);
    let learner = Learner { looks: looks.clone(), distance_mm: 1_400.0, smile: 0.15, up_mm: 12.0, ..Learner::of(seed) };
    let light = Light {
        key_azimuth_deg: -12.0,
        key_elevation_deg: 25.0,
        key: 0.50,
        fill: 0.42,
        ambient: 0.36,
        ..Light::default()
    };
    // The picture is 285 mm of the sitter high.
    let eye = Pinhole { f_px: learner.distance_mm * h as f32 / 285.0, cx: w as f32 / 2.0, cy: h as f32 * 0.50 };
    let sitter = Sitter::new(&learner, &light, eye);
    let head = sitter.draw(0, 0, w, h, stop)?;
    let last = (w as f32 - 1.001, h as f32 - 1.001);
    drawing.paint(left, top, right, bottom, |x, y, px| {
        let u = ((x - left) * density - 0.5).clamp(0.0, last.0);
        let v = ((y - top) * density - 0.5).clamp(0.0, last.1);
        let at = |dx: usize, dy: usize| head.px[(v as usize + dy) * w + u as usize + dx];
        let (fx, fy) = (u.fract(), v.fract());
        let mixed: [f32; 4] = std::array::from_fn(|i| {
            let upper = at(0, 0)[i] * (1.0 - fx) + at(1, 0)[i] * fx;
            let lower = at(0, 1)[i] * (1.0 - fx) + at(1, 1)[i] * fx;
            upper * (1.0 - fy) + lower * fy
        });
        let wall = 0.62 - 0.10 * (y - top) / (bottom - top);
        // Printing compresses: neither black nor white is reached.
        let printed =
            |i: usize| 0.035 + 0.93 * (mixed[i] * 1.12 + [0.96, 1.0, 1.04][i] * wall * (1.0 - mixed[3])).min(0.92);
        *px = [printed(0), printed(1), printed(2), px[3]];
    });
    Some(())
}

/// Rounds the corners and clears the border.
fn cut(drawing: &mut Drawing) {
    let soft = 0.5 / drawing.px_per_mm;
    for row in 0..drawing.h {
        let y = (drawing.y_mm(row) - CARD_HEIGHT_MM / 2.0).abs() - (CARD_HEIGHT_MM / 2.0 - CORNER_MM);
        for column in 0..drawing.w {
            let x = (drawing.x_mm(column) - CARD_WIDTH_MM / 2.0).abs() - (CARD_WIDTH_MM / 2.0 - CORNER_MM);
            let d = x.max(0.0).hypot(y.max(0.0)) + x.max(y).min(0.0) - CORNER_MM;
            drawing.px[row * drawing.w + column][3] = ((soft - d) / (2.0 * soft)).clamp(0.0, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_side_of_every_card_says_specimen_and_uto() {
        for seed in 0..40 {
            for layout in CardLayout::ALL {
                let lines = Design::new(seed, layout).lines;
                assert!(
                    lines.iter().any(|line| line.text == "UTOPIA SPECIMEN"),
                    "{layout:?} of seed {seed} lacks the specimen line"
                );
                assert!(
                    lines.iter().any(|line| line.text == "UTO"),
                    "{layout:?} of seed {seed} lacks the country code"
                );
            }
        }
    }

    #[test]
    fn no_line_leaves_the_card() {
        for seed in 0..200 {
            for layout in CardLayout::ALL {
                for line in Design::new(seed, layout).lines {
                    let (right, bottom) = (line.x_mm + line.width_mm(), line.y_mm + line.capitals_mm);
                    assert!(
                        right < CARD_WIDTH_MM - 1.5 && bottom < CARD_HEIGHT_MM - 1.5,
                        "{:?} of {layout:?}, seed {seed}, ends at {right}, {bottom}",
                        line.text
                    );
                }
            }
        }
    }

    #[test]
    fn check_digits_follow_icao_9303() {
        #[rustfmt::skip]
        let table = [
            ("520727",    3, "the worked example of ICAO 9303 part 3"),
            ("AB2134<<<", 5, "the same part's example with letters and fillers"),
            ("<<<",       0, "fillers count nothing"),
        ];
        for (text, expected, because) in table {
            assert_eq!(check_digit(text), expected, "{text}: {because}");
        }
    }

    #[test]
    fn machine_lines_have_thirty_characters() {
        for seed in 0..50 {
            for line in Holder::new(seed).machine_lines {
                assert_eq!(line.chars().count(), 30, "{line} of seed {seed}");
            }
        }
    }
}
