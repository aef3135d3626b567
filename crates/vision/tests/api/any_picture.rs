//! Pictures nobody would take: no panic, every number finite.

use likeness_vision::card::{Card, CardAnalyser, CardFormat, Guide};
use likeness_vision::face::{Face, FaceAnalyser, FaceBox, FaceReport};
use likeness_vision::people::Sweep;
use likeness_vision::{Colour, Lens, Picture, Plane, PlaneError, Point, Quad, Rect};

/// Chance from a seed (splitmix64). `LIKENESS_SEED` replays a run.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_124);
        println!("LIKENESS_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of several kinds of nonsense.
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let kind = self.next() % 4;
        let level = (self.next() % 256) as u8;
        let mut bytes = vec![level; count];
        match kind {
            0 => {}
            1 => bytes.chunks_mut(8).for_each(|chunk| {
                let eight = self.next().to_le_bytes();
                chunk.copy_from_slice(&eight[..chunk.len()]);
            }),
            2 => bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = (at / 7 % 256) as u8),
            _ => bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = if at / 11 % 2 == 0 { 0 } else { 255 }),
        }
        bytes
    }
}

fn numbers_of_box(face: &FaceBox) -> Vec<f32> {
    let mut all = vec![face.score, face.bounds.x, face.bounds.y, face.bounds.width, face.bounds.height];
    all.extend(face.keypoints.iter().flat_map(|point| [point.x, point.y]));
    all
}

fn numbers_of_face(face: &Face) -> Vec<f32> {
    let mut all = vec![
        face.score,
        face.presence,
        face.bounds.x,
        face.bounds.y,
        face.bounds.width,
        face.bounds.height,
        face.inter_eye_px,
        face.head_height_ratio,
        face.border_margin,
        face.yaw_degrees,
        face.pitch_degrees,
        face.roll_degrees,
        face.eye_white_luma,
        face.eye_contrast,
        face.burnt_share,
        face.background_over_eye,
        face.side_light_ratio,
        face.blur,
        face.mouth_open,
        face.face_p95_luma,
        face.chroma.unwrap_or(0.0),
        face.distance_mm,
    ];
    all.extend(face.points.iter().flatten());
    all.extend(face.eyes.iter().flat_map(|eye| [eye.x, eye.y]));
    all
}

/// Every number of a report.
pub fn numbers(report: &FaceReport) -> Vec<f32> {
    let mut all = vec![report.scene.p10, report.scene.p90, report.scene.mean];
    all.extend(report.main.iter().flat_map(numbers_of_face));
    all.extend(report.others.iter().flat_map(numbers_of_box));
    all
}

#[track_caller]
fn check(analyser: &mut FaceAnalyser, picture: &Picture<'_>, lens: &Lens, because: &str) {
    let report = analyser.analyse(picture, lens);
    assert!(numbers(&report).iter().all(|number| number.is_finite()), "{because}: {report:?}");
    let region = Rect { x: -3.5, y: picture.luma.height() as f32 / 2.0, width: 40.25, height: 1e9 };
    for region in [None, Some(region), Some(Rect { width: f32::NAN, ..region }), Some(Rect::default())] {
        let found = analyser.find(picture, region);
        assert!(found.iter().flat_map(numbers_of_box).all(f32::is_finite), "{because}, {region:?}: {found:?}");
    }
    let people = analyser.people(picture, Sweep::Next);
    assert!(people.iter().flat_map(numbers_of_box).all(f32::is_finite), "{because}: {people:?}");
}

#[test]
fn a_picture_of_anything_is_measured_without_a_panic() {
    let mut dice = Dice::new();
    let mut analyser = FaceAnalyser::new().unwrap();
    #[rustfmt::skip]
    let sizes = [
        (1, 1), (2, 1), (1, 2), (3, 3), (7, 5), (16, 16), (127, 129), (128, 128), (1, 4096), (4096, 1), (4096, 3), (3, 4096),
        (641, 1), (640, 480), (1281, 721), (1366, 768), (4095, 97), (4096, 4096),
    ];
    for (width, height) in sizes {
        let stride = width + (dice.next() % 9) as u32;
        let luma = dice.bytes((stride * height) as usize);
        let luma = Plane::new(&luma, width, height, stride).unwrap();
        for (shift_x, shift_y) in [(0, 0), (1, 1), (1, 0), (2, 2)] {
            // Colour planes of a damaged JPEG may have any size at all.
            let (half_width, half_height) = ((width >> shift_x).max(1), (height >> shift_y).max(1));
            let blue = dice.bytes((half_width * half_height) as usize);
            let red = dice.bytes(9);
            let colour = Colour::Planar {
                u: Plane::new(&blue, half_width, half_height, half_width).unwrap(),
                v: Plane::new(&red, 3, 3, 3).unwrap(),
                shift_x,
                shift_y,
            };
            let picture = Picture { luma, colour };
            check(
                &mut analyser,
                &picture,
                &Lens::assumed(width, height),
                &format!("{width}x{height}, {shift_x} {shift_y}"),
            );
        }
        let lens = Lens { focal_px: 0.0, centre_x_px: -1.0, centre_y_px: 1e9, known: true };
        check(
            &mut analyser,
            &Picture { luma, colour: Colour::None },
            &lens,
            &format!("{width}x{height}, grey, no lens"),
        );
    }
}

/// Sides from 1 to 4096, small ones as likely as large ones.
fn side(dice: &mut Dice) -> u32 {
    let most = 1 << (dice.next() % 13);
    (most - dice.next() % (most / 2 + 1)) as u32
}

/// Somewhere in or near the picture, or nowhere at all.
fn place(dice: &mut Dice, size: u32) -> f32 {
    match dice.next() % 16 {
        0 => f32::NAN,
        1 => f32::INFINITY,
        2 => -1e30,
        _ => ((dice.next() % 3_000) as f32 / 1_000.0 - 1.0) * size as f32,
    }
}

fn numbers_of_card(card: &Card) -> Vec<f32> {
    let mut all = vec![
        card.score,
        card.px_per_mm,
        card.sigma_mm,
        card.sigma_px,
        card.glare_share,
        card.median_luma,
        card.p90_luma,
        card.tilt_degrees,
        card.roll_degrees,
        card.border_margin,
        card.capital_height_px,
        card.portrait.unwrap_or(0.0),
    ];
    let rects = card.glare_blobs.iter().chain(&card.portrait_bounds);
    all.extend(rects.flat_map(|rect| [rect.x, rect.y, rect.width, rect.height]));
    all.extend(card.quad.0.iter().flat_map(|corner| [corner.x, corner.y]));
    all
}

/// Every way in that writes over an earlier answer, on one picture after another of any size: what the last picture left
/// in the buffers must not matter.
#[test]
fn answers_written_over_earlier_ones_are_finite_whatever_the_picture() {
    let mut dice = Dice::new();
    let (mut faces, mut cards) = (FaceAnalyser::new().unwrap(), CardAnalyser::new());
    let (mut report, mut people, mut card, mut flat) = (FaceReport::default(), Vec::new(), None, Vec::new());
    for step in 0..60 {
        let (width, height) = (side(&mut dice), side(&mut dice));
        let stride = width + (dice.next() % 70) as u32;
        let bytes = match step % 4 {
            0 => vec![0; (stride * height) as usize],
            1 => vec![255; (stride * height) as usize],
            _ => dice.bytes((stride * height) as usize),
        };
        let luma = Plane::new(&bytes, width, height, stride).unwrap();
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        let half = dice.bytes((half_width * half_height) as usize);
        let half = Plane::new(&half, half_width, half_height, half_width).unwrap();
        let colour = match step % 3 {
            0 => Colour::None,
            _ => Colour::Planar { u: half, v: half, shift_x: 1, shift_y: 1 },
        };
        let picture = Picture { luma, colour };
        let lens = Lens { focal_px: place(&mut dice, width), ..Lens::assumed(width, height) };
        let because = format!("picture {step}, {width}x{height}, stride {stride}");
        faces.analyse_into(&picture, &lens, &mut report);
        assert!(numbers(&report).iter().all(|number| number.is_finite()), "{because}: {report:?}");
        let sweep = if step % 8 == 0 { Sweep::All } else { Sweep::Next };
        faces.people_into(&picture, sweep, &mut people);
        let outline = Rect {
            x: place(&mut dice, width),
            y: place(&mut dice, height),
            width: place(&mut dice, width),
            height: place(&mut dice, height),
        };
        people.extend(faces.boxes(&picture, Some(outline)));
        let quad = Quad(std::array::from_fn(|_| Point { x: place(&mut dice, width), y: place(&mut dice, height) }));
        people.extend(faces.over_the_edge(&picture, &quad));
        assert!(people.iter().flat_map(numbers_of_box).all(f32::is_finite), "{because}: {people:?}");
        let whole = Rect { x: 0.0, y: 0.0, width: width as f32, height: height as f32 };
        for (outline, format) in [(outline, CardFormat::Id1), (whole, CardFormat::Id3), (whole, CardFormat::Other)] {
            cards.analyse_into(&picture, &lens, &Guide { outline }, format, &mut card);
            if let Some(card) = &mut card {
                cards.portrait(&mut faces, &picture, card);
                assert!(numbers_of_card(card).into_iter().all(f32::is_finite), "{because}: {card:?}");
            }
        }
        cards.rectify(&picture, &quad, dice.next() as u32 % 300, dice.next() as u32 % 300, &mut flat);
    }
}

#[test]
fn bytes_that_are_no_picture_are_refused() {
    let bytes = [0; 100];
    #[rustfmt::skip]
    let table = [
        //  w     h  stride  expected                 because
        (   0,    0,    0,   PlaneError::Empty,       "nothing is not a picture"),
        (   0,    5,    5,   PlaneError::Empty,       "a row without pixels"),
        (  10,   10,    9,   PlaneError::Stride,      "rows would overlap"),
        (  10,   11,   10,   PlaneError::Short,       "the last row is missing"),
        (   9,   10,   11,   PlaneError::Short,       "the last row is cut"),
        (4097,    1, 4097,   PlaneError::TooLarge,    "wider than any camera"),
        (   1, 4097,    1,   PlaneError::TooLarge,    "higher than any camera"),
    ];
    for (width, height, stride, expected, because) in table {
        assert_eq!(Plane::new(&bytes, width, height, stride).err(), Some(expected), "{because}");
    }
    assert!(Plane::new(&bytes, 10, 10, 10).is_ok(), "exactly enough bytes");
}
