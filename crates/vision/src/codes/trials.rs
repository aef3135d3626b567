//! Real codes, drawn by a writer and spoilt the way cameras spoil them, and pictures of nothing at all.

use rxing::pdf417::PDF417Writer;
use rxing::pdf417::encoder::Dimensions;
use rxing::{BarcodeFormat, EncodeHintValue, EncodeHints, Writer};

use super::*;
use crate::Point;

/// Seed of this run; `LIKENESS_SEED` replays one.
pub(super) fn seed() -> u64 {
    let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_125);
    println!("LIKENESS_SEED={seed}");
    seed
}

/// Chance from a seed (Knuth's linear congruence, upper half).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit.max(1)
    }

    /// -1 to 1.
    fn spread(&mut self) -> f32 {
        self.next() as f32 / u32::MAX as f32 * 2.0 - 1.0
    }
}

/// The text of a licence of 2020 as issuers fill it: 24 elements.
const LICENCE: &str = concat!(
    "@\n\u{1e}\rANSI 636000100102DL00410248ZV02890008",
    "DLDAQT64235789\nDCSSPECIMEN\nDDEN\nDACMIRA\nDDFN\nDADLEDA\nDDGN\nDCAD\nDCBK\nDCDPH\nDBD06062019\nDBB06061986\nDBA12102027\n",
    "DBC1\nDAU068 in\nDAYBRO\nDAG2300 WEST BROAD STREET\nDAIRICHMOND\nDAJVA\nDAK232690000\nDCF2424244747474786102204\nDCGUSA\n",
    "DCK123456789\nDDAF\nDDB06062018\nDDC06062020\nDDD1\rZVZVA01\r",
);

/// Bars of a code, `true` is dark: one value a module across and four a row down.
struct Code {
    dark: Vec<bool>,
    width: usize,
    height: usize,
}

impl Code {
    fn write(text: &str) -> Self {
        let hints = EncodeHints::default()
            .with(EncodeHintValue::Margin("0".to_owned()))
            .with(EncodeHintValue::ErrorCorrection("4".to_owned()))
            .with(EncodeHintValue::Pdf417Dimensions(Dimensions::new(8, 14, 3, 60)));
        let bits = PDF417Writer.encode_with_hints(text, &BarcodeFormat::PDF_417, 1, 1, &hints).unwrap();
        let (width, height) = (bits.getWidth(), bits.getHeight());
        let upright = width > height;
        let (across, down) = if upright { (width, height) } else { (height, width) };
        let at = |x: u32, y: u32| if upright { bits.get(x, y) } else { bits.get(y, x) };
        let dark = (0..across * down).map(|index| at(index % across, index / across)).collect();
        Self { dark, width: across as usize, height: down as usize }
    }
}

/// How the camera sees the card.
#[derive(Debug, Clone, Copy)]
struct Sight {
    module_px: f32,
    /// Standard deviation of the blur, modules.
    blur_modules: f32,
    /// Grey levels.
    noise: f32,
    turn_degrees: f32,
    /// How much the far side is shorter than the near one.
    lean: f32,
}

const STRAIGHT: Sight = Sight { module_px: 3.0, blur_modules: 0.3, noise: 3.0, turn_degrees: 0.0, lean: 0.0 };

/// A white card with the code in its lower half, seen in a grey frame, and where its corners are.
fn seen(code: &Code, sight: Sight, chance: &mut Chance) -> (Vec<u8>, u32, u32, Quad) {
    let (card_w, card_h) = (code.width as f32 + 24.0, (code.width as f32 + 24.0) / 1.5858);
    let (width, height) = ((card_w * sight.module_px * 1.25) as u32, (card_h * sight.module_px * 1.45) as u32);
    let (sine, cosine) = sight.turn_degrees.to_radians().sin_cos();
    let corner = |u: f32, v: f32| {
        let shorter = 1.0 - sight.lean * v;
        let (x, y) = ((u - 0.5) * card_w * sight.module_px * shorter, (v - 0.5) * card_h * sight.module_px);
        Point { x: width as f32 / 2.0 + x * cosine - y * sine, y: height as f32 / 2.0 + x * sine + y * cosine }
    };
    let quad = Quad([corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)]);
    let card = Homography::onto(&quad).unwrap();
    // Painted forwards in steps finer than a picture pixel: no inverse is needed.
    let (mut sum, mut count) = (vec![0.0_f32; (width * height) as usize], vec![0.0_f32; (width * height) as usize]);
    let steps = 3.0 * sight.module_px;
    let (columns, rows) = ((card_w * steps) as usize, (card_h * steps) as usize);
    let code_top = card_h - 8.0 - code.height as f32;
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = ((column as f32 + 0.5) / steps, (row as f32 + 0.5) / steps);
            let (module_x, module_y) = ((x - 12.0).floor(), (y - code_top).floor());
            let inside = module_x >= 0.0
                && module_y >= 0.0
                && (module_x as usize) < code.width
                && (module_y as usize) < code.height;
            let dark = inside && code.dark[module_y as usize * code.width + module_x as usize];
            let at = card.apply(x / card_w, y / card_h);
            let index = at.y.round().clamp(0.0, height as f32 - 1.0) as usize * width as usize
                + at.x.round().clamp(0.0, width as f32 - 1.0) as usize;
            sum[index] += if dark { 35.0 } else { 205.0 };
            count[index] += 1.0;
        }
    }
    let grey: Vec<f32> =
        sum.iter().zip(&count).map(|(sum, count)| if *count > 0.0 { sum / count } else { 110.0 }).collect();
    let blurred = blur(&grey, width as usize, sight.blur_modules * sight.module_px);
    let px =
        blurred.iter().map(|value| (value + chance.spread() * sight.noise * 1.73).clamp(0.0, 255.0) as u8).collect();
    (px, width, height, quad)
}

/// A bell-shaped blur, along rows and then along columns.
fn blur(px: &[f32], width: usize, sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as isize;
    let weights: Vec<f32> = (-reach..=reach).map(|at| (-0.5 * (at as f32 / sigma.max(1e-3)).powi(2)).exp()).collect();
    let total: f32 = weights.iter().sum();
    let height = px.len() / width;
    let pass = |from: &[f32], step: usize, side: usize| -> Vec<f32> {
        (0..from.len())
            .map(|index| {
                let place = (index / step % side) as isize;
                let first = index - place as usize * step;
                let mixed = weights.iter().zip(-reach..=reach).map(|(weight, shift)| {
                    weight * from[first + (place + shift).clamp(0, side as isize - 1) as usize * step]
                });
                mixed.sum::<f32>() / total
            })
            .collect()
    };
    pass(&pass(px, 1, width), width, height)
}

fn read(sight: Sight, text: &str, chance: &mut Chance) -> Option<(String, String)> {
    let (px, width, height, quad) = seen(&Code::write(text), sight, chance);
    let name = read_name(&Plane::new(&px, width, height, width).unwrap(), &quad)?;
    Some((name.family.to_string(), name.given.to_string()))
}

#[test]
fn a_code_is_read_as_cameras_see_it() {
    let mut chance = Chance(seed());
    #[rustfmt::skip]
    let table = [
        // sight                                                              because
        (STRAIGHT,                                                            "three pixels a module"),
        (Sight { module_px: 2.0, blur_modules: 0.3, ..STRAIGHT },             "two"),
        (Sight { module_px: 2.0, blur_modules: 0.4, ..STRAIGHT },             "blurred, and no help from another row"),
        (Sight { module_px: 2.0, blur_modules: 0.5, turn_degrees: 1.0, ..STRAIGHT }, "more blurred; rows lie differently on the pixels"),
        (Sight { module_px: 1.5, blur_modules: 0.5, turn_degrees: 1.0, ..STRAIGHT }, "fewer pixels than two a module"),
        (Sight { module_px: 2.5, blur_modules: 0.5, noise: 6.0, ..STRAIGHT }, "between whole pixels, noisy"),
        (Sight { module_px: 4.0, blur_modules: 0.5, noise: 8.0, ..STRAIGHT }, "near, noisy"),
        (Sight { module_px: 6.0, blur_modules: 0.4, ..STRAIGHT },             "very near"),
        (Sight { turn_degrees: 4.0, ..STRAIGHT },                             "held a little askew"),
        (Sight { turn_degrees: -8.0, ..STRAIGHT },                            "the other way"),
        (Sight { turn_degrees: 180.0, ..STRAIGHT },                           "upside down"),
        (Sight { lean: 0.12, ..STRAIGHT },                                    "leaning back"),
        (Sight { lean: 0.15, turn_degrees: 6.0, noise: 6.0, ..STRAIGHT },     "all of it"),
    ];
    for (sight, because) in table {
        let found = read(sight, LICENCE, &mut chance);
        assert_eq!(found, Some(("SPECIMEN".to_owned(), "MIRA LEDA".to_owned())), "{because}: {sight:?}");
    }
}

#[test]
fn what_cannot_be_read_is_no_name() {
    let mut chance = Chance(seed());
    #[rustfmt::skip]
    let table = [
        // sight                                                              text                     because
        (Sight { blur_modules: 2.0, ..STRAIGHT },                             LICENCE,                 "bars run together"),
        (Sight { module_px: 0.8, ..STRAIGHT },                                LICENCE,                 "less than a pixel a module"),
        (Sight { noise: 120.0, ..STRAIGHT },                                  LICENCE,                 "lost in noise"),
        (STRAIGHT,                                                            "https://example.org/1", "another code"),
    ];
    for (sight, text, because) in table {
        assert_eq!(read(sight, text, &mut chance), None, "{because}: {sight:?}");
    }
}

#[test]
fn a_code_cut_or_covered_never_gives_another_name() {
    let mut chance = Chance(seed());
    let code = Code::write(LICENCE);
    for turn in 0..24 {
        let (mut px, width, height, quad) = seen(&code, STRAIGHT, &mut chance);
        // A stripe of one grey, upright or across, up to a third of the frame.
        let (upright, level) = (turn % 2 == 0, (chance.below(256)) as u8);
        let side = if upright { width } else { height } as usize;
        let (start, length) = (chance.below(side), chance.below(side / 3));
        for (index, pixel) in px.iter_mut().enumerate() {
            let place = if upright { index % width as usize } else { index / width as usize };
            if (start..start + length).contains(&place) {
                *pixel = level;
            }
        }
        if let Some(name) = read_name(&Plane::new(&px, width, height, width).unwrap(), &quad) {
            assert_eq!((name.family.as_str(), name.given.as_str()), ("SPECIMEN", "MIRA LEDA"), "stripe {turn}");
        }
    }
}

#[test]
fn nothing_is_read_from_nothing() {
    let mut chance = Chance(seed());
    for turn in 0..60 {
        let (width, height) = (1 + chance.below(400) as u32, 1 + chance.below(300) as u32);
        let (kind, level) = (turn % 4, chance.below(256) as u8);
        let bars: Vec<bool> = (0..width).map(|_| chance.below(2) == 0).collect();
        let pixel = |index: usize, chance: &mut Chance| match kind {
            0 => level,
            1 => chance.next() as u8,
            // Upright bars of any width: the decoder sees beginnings of codes everywhere.
            2 => 255 * u8::from(bars[index % width as usize]),
            _ => 255 * u8::from(bars[index % width as usize / 3]),
        };
        let px: Vec<u8> = (0..(width * height) as usize).map(|index| pixel(index, &mut chance)).collect();
        let plane = Plane::new(&px, width, height, width).unwrap();
        let anywhere = |chance: &mut Chance| Point {
            x: chance.spread() * 2.0 * width as f32,
            y: chance.spread() * 2.0 * height as f32,
        };
        let whole = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
        let whole = whole.map(|(x, y)| Point { x: x * width as f32, y: y * height as f32 });
        let wild = [(); 4].map(|()| anywhere(&mut chance));
        for corners in [whole, wild, [Point::default(); 4], [Point { x: f32::NAN, y: f32::INFINITY }; 4]] {
            assert!(read_name(&plane, &Quad(corners)).is_none(), "{width}x{height}, kind {kind}, {corners:?}");
        }
    }
}

#[test]
fn any_text_that_can_be_written_is_read_without_a_fall() {
    let mut chance = Chance(seed());
    let letters: Vec<char> = "ABCDEF 0123456789@\n\r\u{1e},.-<áÉß".chars().collect();
    for _ in 0..12 {
        let length = 1 + chance.below(120);
        let text: String = (0..length).map(|_| letters[chance.below(letters.len())]).collect();
        assert_eq!(read(STRAIGHT, &text, &mut chance), None, "{text:?} names nobody");
    }
}

#[test]
fn a_debug_print_shows_no_name() {
    let name = aamva::name(LICENCE).unwrap();
    assert_eq!(format!("{name:?}"), "CodeName(<redacted>)");
}

#[test]
#[ignore = "prints times: cargo test --release -p likeness-vision --lib codes -- --ignored --nocapture"]
fn what_reading_costs() {
    let mut chance = Chance(seed());
    let code = Code::write(LICENCE);
    let blank = Code { dark: vec![false; code.dark.len()], ..Code::write(LICENCE) };
    for (what, code) in [("with a code", &code), ("without", &blank)] {
        let (px, width, height, quad) = seen(code, STRAIGHT, &mut chance);
        let plane = Plane::new(&px, width, height, width).unwrap();
        let times = (0..9).map(|_| {
            let began = crate::cost::processor_ms();
            let _ = read_name(&plane, &quad);
            crate::cost::processor_ms() - began
        });
        let best = times.fold(f64::INFINITY, f64::min);
        println!("card of {:.0} px {what}: {best:.1} ms", quad.0[0].distance(quad.0[1]));
    }
    for module_px in [1.5, 1.75, 2.0, 2.5, 3.0, 4.0] {
        for blur_modules in [0.3, 0.5, 0.6, 0.7] {
            let hits = (0..10)
                .filter(|turn| {
                    let turn_degrees = *turn as f32 - 4.5;
                    let sight = Sight { module_px, blur_modules, turn_degrees, ..STRAIGHT };
                    read(sight, LICENCE, &mut chance).is_some()
                })
                .count();
            println!("{module_px} px a module, blur {blur_modules} modules: {hits} of 10 read");
        }
    }
}
